"""Problems that are answered by a value: the generated set, GSM8K and MATH records, the episode."""

import json
import pickle
from random import Random

import gymnasium as gym
import pytest

import cppo_env
from cppo_env import UsageError, load_problems, plugins
from cppo_env.problems.strategies import coordinated_optimum, independent_ceiling
from cppo_env.testing import ProblemSetContract
from cppo_env.types import TestCase

GSM8K = {"question": "Two and two?", "answer": "2 + 2 = <<2+2=4>>4\n#### 4"}
MATH = {
    "problem": "Solve $x^2=2$.",
    "solution": "So $x=\\boxed{\\pm\\sqrt2}$.",
    "level": "Level 1",
    "type": "Algebra",
}


class TestMathProblems(ProblemSetContract):
    def make(self):
        return load_problems("math", size=16)


@pytest.fixture(scope="module")
def sandbox():
    with cppo_env.make_sandbox("local", workers=1) as box:
        yield box


def test_the_optimum_is_known_and_the_references_reach_it(sandbox):
    problems = load_problems("math", split="test", size=8)
    assert independent_ceiling(problems.probabilities, 4) == pytest.approx(0.684, abs=1e-3)
    assert coordinated_optimum(problems.probabilities, 4) == 1.0
    pairs = [(one, program) for one in problems for program in (*one.references, *one.wrong)]
    verdicts = [report.verdict for report in cppo_env.grade_batch(pairs, sandbox=sandbox)]
    assert verdicts == ["AC", *["WA"] * 7] * len(problems)
    assert len(problems.demonstrations(0, 4, Random(0))) == 4
    assert pickle.loads(pickle.dumps(problems))[3] == problems[3]
    with pytest.raises(UsageError, match="right=9, expected 1 to 8"):
        load_problems("math", right=9)


def test_an_episode_has_the_contract_of_programs(sandbox):
    env = gym.make("CPPO-Math-v0", k=4, sandbox=sandbox, size=4)
    observation, _ = env.reset(options={"problem_id": "math/train/1"})
    assert observation["phase"] == 0
    assert "\\boxed" not in observation["problem"]
    _, reward, terminated, _, info = env.step(("Add.", "Subtract.", "Multiply.", "Divide."))
    assert (reward, terminated, info["validity"]) == (0.0, False, 1.0)
    problem = load_problems("math", size=4)[1]
    right, program = problem.tests[0].output, problem.references[0]
    texts = (
        f"So \\boxed{{{right}}}.",
        "The answer is 123456789.",
        f"```python\n{program}```",
        "I give up.",
    )
    _, reward, terminated, truncated, info = env.step(texts)
    assert (reward, terminated, truncated) == (1.0, True, False)
    assert info["verdicts"] == ("AC", "WA", "AC", "CE")
    assert tuple(info["solver_rewards"]) == (1.0, 0.0, 1.0, 0.0)
    assert info["r_out"] == 1.0


def test_a_boxed_answer_is_no_program_where_programs_are_asked_for(sandbox):
    env = gym.make("CPPO-Strategies-v0", k=1, sandbox=sandbox, size=1)
    env.reset()
    env.step(("Add.",))
    *_, info = env.step(("\\boxed{5}",))
    assert info["verdicts"] == ("CE",)


def test_records_of_gsm8k_and_math_load_by_their_fields(tmp_path, sandbox):
    files = {"gsm8k": [GSM8K, GSM8K | {"question": "?", "answer": "I wonder."}], "math": [MATH]}
    for name, records in files.items():
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records))
    with pytest.warns(UserWarning, match="1 records refused.*states no answer"):
        [sums] = load_problems(tmp_path / "gsm8k.jsonl")
    [roots] = load_problems(tmp_path / "math.jsonl")
    assert (sums.tests, sums.checker) == ((TestCase("", "4"),), "math")
    assert roots.metadata["difficulty"] == "Level 1"
    check = plugins.load("checkers", "math")
    assert check(roots, roots.tests[0], "-\\sqrt{2}, \\sqrt{2}\n")
    pairs = [(one, program) for one in (sums, roots) for program in one.references]
    reports = cppo_env.grade_batch(pairs, sandbox=sandbox)
    assert [report.verdict for report in reports] == ["AC", "AC"]
