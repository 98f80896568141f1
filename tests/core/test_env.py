"""The single environment, as Gymnasium sees it."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.wrappers import OrderEnforcing, RecordEpisodeStatistics, TimeLimit

import cppo_env
from cppo_env.judges import FormatJudge
from cppo_env.testing import FakeSandbox, make_problem
from cppo_env.types import Report, Ruling, Verdict

PROBLEMS = [make_problem(f"p{i}") for i in range(5)]
METHODS = ("sort the numbers", "use a heap", "count each value", "scan twice")
IDS = [
    f"CPPO-{name}-v0" for name in ("APPS", "CodeContests", "LiveCodeBench", "Samples", "Strategies")
]


def make(**kwargs):
    return gym.make("CPPO-Samples-v0", **{"problems": PROBLEMS, "sandbox": FakeSandbox(), **kwargs})


@pytest.mark.parametrize("env_id", IDS)
def test_check_env_passes_for_every_id(env_id):
    env = gym.make(env_id, problems=PROBLEMS, sandbox=FakeSandbox())
    check_env(env.unwrapped)
    env.close()


@pytest.mark.parametrize("env_id", ["CPPO-Samples-v0", "CPPO-Strategies-v0"])
def test_check_env_passes_on_bundled_problems_and_a_real_sandbox(env_id):
    env = gym.make(env_id, sandbox="local")
    check_env(env.unwrapped)
    env.close()


def test_an_episode_has_two_steps_and_a_gated_reward():
    env = make()
    observation, info = env.reset(seed=0, options={"problem_id": "p3"})
    assert info == {"problem_id": "p3"}
    assert observation == {
        "phase": 0,
        "problem": PROBLEMS[3].statement,
        "starter_code": "",
        "methods": ("", "", "", ""),
    }
    observation, reward, terminated, truncated, info = env.step(METHODS)
    assert (observation["phase"], observation["methods"]) == (1, METHODS)
    assert (reward, terminated, truncated) == (0.0, False, False)
    assert info == {"problem_id": "p3", "validity": 1.0, "ruling": Ruling(True, 1.0)}

    solutions = (
        "```\nWA\n```",
        "reasoning\n```python\nAC\n```\n",
        "prose without a program, it is",
        "",
    )
    _, reward, terminated, truncated, info = env.step(solutions)
    assert (reward, terminated, truncated) == (1.0, True, False)
    assert info["verdicts"] == ("WA", "AC", "CE", "CE")
    assert info["solver_rewards"].dtype == np.float32
    assert info["solver_rewards"].tolist() == [0.0, 1.0, 0.0, 0.0]
    assert (info["r_out"], info["void"]) == (1.0, False)
    assert [report.verdict for report in info["reports"]] == ["WA", "AC", "CE", "CE"]


def test_a_refused_plan_pays_nothing_and_its_solutions_still_run():
    env = make()
    env.reset(seed=0)
    _, _, terminated, _, info = env.step(("same", "Same.", "other", "third"))
    assert not terminated
    assert info["validity"] == 0.0
    assert info["ruling"].reason == "method 2 repeats method 1"
    _, reward, terminated, _, info = env.step(("AC",) * 4)
    assert (reward, terminated, info["r_out"]) == (0.0, True, 1.0)
    assert info["solver_rewards"].tolist() == [1.0] * 4


def test_no_judge_is_asked_about_a_plan_that_is_not_k_methods():
    class Never:
        def rule(self, cases):
            raise AssertionError("the judge was asked")

    for methods, reason in [
        (("",) * 4, "no plan: every method is empty"),
        (("a", " ", "c", "d"), "method 2 is empty"),
    ]:
        env = make(judge=Never(), reward="validity")
        env.reset(seed=0)
        _, _, _, _, info = env.step(methods)
        assert (info["validity"], info["ruling"]) == (0.0, Ruling(False, 0.0, reason))
        assert env.step(("AC",) * 4)[1] == 0.0


def test_end_on_refusal_ends_the_episode_at_once():
    sandbox = FakeSandbox()
    env = make(end_on_refusal=True, sandbox=sandbox)
    env.reset(seed=0)
    _, reward, terminated, truncated, info = env.step(("", "a", "b", "c"))
    assert (reward, terminated, truncated, info["void"]) == (0.0, True, False, False)
    assert sandbox.batches == []


def test_an_infrastructure_failure_voids_the_episode():
    env = make()
    env.reset(seed=0)
    env.step(METHODS)
    _, reward, terminated, truncated, info = env.step(("AC", "IE", "WA", "WA"))
    assert (reward, terminated, truncated, info["void"]) == (0.0, False, True, True)


def test_a_failing_judge_voids_the_episode_in_the_plan_phase():
    class DownJudge:
        def rule(self, cases):
            return [Ruling(False, 0.0, "the endpoint did not answer", void=True) for _ in cases]

    env = make(judge=DownJudge(), end_on_refusal=True)
    env.reset(seed=0)
    _, reward, terminated, truncated, info = env.step(METHODS)
    assert (reward, terminated, truncated, info["void"]) == (0.0, False, True, True)


@pytest.mark.parametrize(
    ("reward", "methods", "expected"),
    [
        ("gated", METHODS, 1.0),
        ("gated", ("",) * 4, 0.0),
        ("outcome", ("",) * 4, 1.0),
        ("validity", METHODS, 1.0),
        ("validity", ("",) * 4, 0.0),
        (lambda episode: 0.25, METHODS, 0.25),
    ],
)
def test_rewards_by_name_and_by_object(reward, methods, expected):
    env = make(reward=reward)
    env.reset(seed=0)
    env.step(methods)
    assert env.step(("AC", "WA", "WA", "WA"))[1] == expected


def test_pass_rate_reads_all_tests():
    class HalfRight(FakeSandbox):
        def run(self, jobs):
            assert not any(job.stop_early for job in jobs)
            tests = (cppo_env.TestReport(Verdict.AC), cppo_env.TestReport(Verdict.WA))
            return [Report(Verdict.WA, tests) for _ in jobs]

    env = make(reward="pass_rate", sandbox=HalfRight())
    env.reset(seed=0)
    env.step(METHODS)
    assert env.step(("x=1",) * 4)[1] == 0.5


def test_seeds_reproduce_and_differ():
    def problems(seed):
        env = make()
        first = env.reset(seed=seed)[1]["problem_id"]
        return [first] + [env.reset()[1]["problem_id"] for _ in range(20)]

    assert problems(7) == problems(7)
    assert problems(7) != problems(8)
    assert set(problems(7)) == {problem.id for problem in PROBLEMS}


def test_standard_wrappers_work():
    env = RecordEpisodeStatistics(OrderEnforcing(TimeLimit(make().unwrapped, max_episode_steps=5)))
    env.reset(seed=0)
    env.step(METHODS)
    *_, info = env.step(("AC", "", "", ""))
    assert info["episode"]["r"] == 1.0
    assert info["episode"]["l"] == 2


def test_render_ansi_shows_the_episode():
    env = make(render_mode="ansi")
    env.reset(options={"problem_id": "p1"})
    env.step(METHODS)
    env.step(("AC", "WA", "", ""))
    text = env.render()
    for part in (
        "p1",
        PROBLEMS[1].statement,
        "A: [AC] sort the numbers",
        "C: [CE]",
        "gate: accepted",
        "R_out 1",
    ):
        assert part in text


def test_render_human_prints_each_step(capsys):
    env = make(render_mode="human")
    env.reset(seed=0)
    env.step(METHODS)
    assert "B: use a heap" in capsys.readouterr().out


def test_spec_is_serialisable():
    env = gym.make("CPPO-Samples-v0", sandbox="local", judge="accept", k=2)
    again = gym.make(gym.envs.registration.EnvSpec.from_json(env.spec.to_json()))
    assert len(again.action_space) == 2
    env.close()
    again.close()


def test_the_id_works_without_importing_the_package():
    import subprocess
    import sys

    code = (
        "import gymnasium as gym\n"
        "env = gym.make('cppo_env:CPPO-Samples-v0', sandbox='local')\n"
        "print(env.reset(seed=0)[0]['phase']); env.close()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0"


def test_a_sandbox_that_was_handed_in_stays_open():
    sandbox = FakeSandbox()
    make(sandbox=sandbox).close()
    assert sandbox.closed == 0


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (("a", "b", "c"), "action: got 3 texts, expected 4, one for each branch"),
        ("abcd", "action: got str, expected a tuple of 4 texts"),
        (("a", "b", "c", 4), "action: text 4 of 4 is int, expected str"),
        (None, "action: got NoneType, expected a tuple of 4 texts"),
    ],
)
def test_a_bad_action_is_a_one_line_error_and_loses_nothing(action, message):
    env = make().unwrapped
    env.reset(seed=0)
    with pytest.raises(cppo_env.ActionError) as caught:
        env.step(action)
    assert str(caught.value) == message
    assert env.step(METHODS)[0]["phase"] == 1


def test_step_out_of_order_is_an_error():
    env = make().unwrapped
    with pytest.raises(cppo_env.OrderError, match=r"call reset\(\) first"):
        env.step(METHODS)
    env.reset(seed=0)
    env.step(METHODS)
    env.step(("AC",) * 4)
    with pytest.raises(cppo_env.OrderError, match="has ended"):
        env.step(METHODS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"k": 0}, "k: got 0, expected 1 to 26"),
        ({"judge": "formal"}, "no judges named 'formal'; did you mean 'format'?"),
        ({"judge": 3}, "got int, expected one of the judges accept, distinct, format"),
        ({"reward": "gate"}, "did you mean 'gated'?"),
        ({"sandbox": "dokcer"}, "did you mean 'docker'?"),
        ({"sandbox": 3}, "got int, expected one of the sandboxes"),
        ({"render_mode": "rgb_array"}, "render_mode: got 'rgb_array'"),
        ({"problems": []}, "holds none"),
        ({"problems": "no/such/path"}, "no/such/path"),
    ],
)
def test_bad_arguments_are_one_line_errors(arguments, message):
    with pytest.raises(cppo_env.CppoError) as caught:
        cppo_env.CPPOEnv(**{"problems": PROBLEMS, "sandbox": FakeSandbox(), **arguments})
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


LONG = ("word " * 50, "heap", "count", "scan")


@pytest.mark.parametrize("make_one", [gym.make, gym.make_vec], ids=["make", "make_vec"])
def test_options_reach_a_judge_and_a_sandbox_that_are_given_by_name(make_one):
    for max_words, accepted in ((45, 0.0), (50, 1.0)):
        env = make_one(
            "CPPO-Samples-v0",
            sandbox="local",
            sandbox_options={"workers": 1},
            judge="format",
            judge_options={"max_words": max_words},
        )
        assert env.unwrapped.assembly.engine.sandbox.facts["name"] == "local"
        env.reset(seed=0)
        validity = env.step(LONG if make_one is gym.make else (LONG,))[-1]["validity"]
        assert np.all(validity == accepted)
        again = gym.envs.registration.EnvSpec.from_json(env.spec.to_json())
        assert again.kwargs["judge_options"] == {"max_words": max_words}
        env.close()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"judge_options": {"words": 3}}, "judge 'format': got an unexpected keyword argument"),
        ({"judge_options": {"max_words": 0}}, "max_words: got 0, expected 1 or more"),
        ({"judge_options": {"max_words": "x"}}, "got max_words='x'"),
        ({"judge_options": 3}, "judge_options: got 3, expected keyword arguments"),
        ({"judge": FormatJudge(), "judge_options": {"max_words": 9}}, "a judge that is an object"),
        ({"sandbox_options": {"workers": 9}}, "a sandbox that is an object"),
        ({"sandbox": "local", "sandbox_options": {"wrokers": 9}}, "its options are: workers"),
        ({"sandbox": "local", "sandbox_options": {"workers": 0}}, "workers: got 0, expected"),
        ({"sandbox": "local", "sandbox_options": {"workers": "x"}}, "workers: got 'x', expected"),
        ({"judge_option": {}}, "no argument 'judge_option'; did you mean 'judge_options'?"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_options_that_cannot_work_are_one_line_errors(arguments, message):
    with pytest.raises(cppo_env.UsageError) as caught:
        make(**arguments)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_settings_are_keyword_only_and_frozen():
    with pytest.raises(TypeError):
        cppo_env.EnvSettings("samples")
    with pytest.raises(AttributeError):
        cppo_env.EnvSettings().k = 5


@pytest.mark.parametrize("options", [{"problem_id": "p9"}, {"problem": 3}])
def test_bad_reset_options_are_one_line_errors(options):
    with pytest.raises(cppo_env.UsageError):
        make().reset(options=options)
