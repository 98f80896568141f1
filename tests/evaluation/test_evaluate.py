"""`cppo_env.evaluate`, and agents, judges, rewards and algorithms that are given by place."""

import json
import pickle
import subprocess
import sys
from dataclasses import FrozenInstanceError, replace

import gymnasium as gym
import numpy as np
import pytest
from cppo_grpo import TrainConfig
from cppo_grpo.algorithms import Advantages, Algorithm, load_algorithm
from cppo_grpo.checks import check

import cppo_env
from cppo_env import plugins
from cppo_env.testing import FakeSandbox, make_problem
from tests.support.cli import cppo, fault

AGENT = '''
"""An agent that a user wrote in a file."""

from dataclasses import dataclass

@dataclass
class Guesser:
    digit: int = 7
    k: int = 4

    def act(self, observations):
        text = "```python\\nprint({})\\n```"
        return [
            tuple((text if one["phase"] else "Print {}.").format(self.digit + i)
                  for i in range(self.k))
            for one in observations
        ]

made = Guesser(3)
number = 5

def half(episode):
    return 0.5

class Refuses:
    def rule(self, cases):
        from cppo_env import Ruling
        return [Ruling(False, 0.0, "refused") for _ in cases]
'''


class KnowsMethods:
    """Plays the first K known methods of a strategies problem, in the order of the set."""

    def __init__(self, problems):
        self.known = {one.statement: cppo_env.known_methods(one) for one in problems}

    def act(self, observations):
        chosen = [(one["phase"], self.known[one["problem"]][:4]) for one in observations]
        return [
            tuple(f"```python\n{m.program}```" if phase else m.method for m in methods)
            for phase, methods in chosen
        ]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with the user's file, where commands run."""
    (tmp_path / "mine.py").write_text(AGENT)
    (tmp_path / "wants.py").write_text("import nope_module\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_evaluating_an_object_is_cppo_eval_of_its_name(tmp_path):
    out = tmp_path / "out.json"
    options = "--env", "CPPO-Samples-v0", "--limit", 3, "--attempts", 8, "--sandbox", "local"
    done = cppo("eval", *options, "--agent", "random", "--seed", 4, "--json", out)
    assert done.returncode == 0, done.stderr
    agent = __import__("cppo_agents").RandomAgent(seed=4)
    found = cppo_env.evaluate(agent, "CPPO-Samples-v0", limit=3, attempts=8, sandbox="local")
    told = json.loads(out.read_text())
    for name in ("pass_at_k", "ci95", "verdicts", "problems", "tuple_success", "reward"):
        assert json.loads(json.dumps(found.json[name])) == told[name], name
    assert found.pass_at_k[4].mean == told["pass_at_k"]["4"]
    assert [found.reward.low, found.reward.high] == told["ci95"]["reward"]
    assert [one.problem for one in found.problems] == [one["problem"] for one in told["problems"]]
    assert len(found.records) == 6
    with pytest.raises(FrozenInstanceError):
        found.void = 3


def test_known_methods_reach_the_optimum_of_what_they_know():
    problems = cppo_env.load_problems("strategies", split="test", size=24)
    for problem in problems:
        methods = cppo_env.known_methods(problem)
        assert len(methods) == 8 and sum(one.right for one in methods) == 1
        assert len({one.program for one in methods}) == 8
    with cppo_env.make_sandbox("local") as sandbox:
        found = cppo_env.evaluate(
            KnowsMethods(problems), "CPPO-Strategies-v0", problems=problems, sandbox=sandbox
        )
    expected = np.mean([any(m.right for m in cppo_env.known_methods(p)[:4]) for p in problems])
    assert found.tuple_success.mean == expected
    assert found.json["setting"]["problems"].endswith(":StrategyProblems")


def test_rewards_and_judges_are_names_or_objects():
    played = {
        "env_id": "CPPO-Samples-v0",
        "limit": 2,
        "sandbox": FakeSandbox(),
        "agent": "random",
    }
    assert cppo_env.evaluate(**played, reward=lambda episode: 0.25).reward.mean == 0.25
    assert cppo_env.evaluate(**played, reward="validity").reward.mean == 1.0


def test_a_reward_may_leave_0_to_1():
    """The range of its interval is what was seen."""
    problems = [make_problem(name) for name in "abcdef"]
    costs = {name: cost for cost, name in enumerate("abcdef")}

    def cost(episode):
        return -float(costs[episode.problem.id])

    found = cppo_env.evaluate("random", problems=problems, sandbox=FakeSandbox(), reward=cost)
    assert -5 < found.reward.low < found.reward.mean == -2.5 < found.reward.high < 1
    for constant in (-1.5, 7.0):
        same = cppo_env.evaluate(
            "random",
            problems=problems,
            sandbox=FakeSandbox(),
            reward=lambda _, value=constant: value,
        )
        assert same.reward.low <= same.reward.mean == constant <= same.reward.high
        assert same.reward.low < same.reward.high


def test_a_run_resumes_only_with_the_same_agent(tmp_path):
    played = {"limit": 2, "sandbox": FakeSandbox(), "run": tmp_path / "run"}
    first = cppo_env.evaluate("random", **played)
    assert cppo_env.evaluate("random", **played).records == first.records
    with pytest.raises(cppo_env.UsageError, match="agent='random', but got 'oracle'"):
        cppo_env.evaluate("oracle", **played)


@pytest.mark.parametrize("agent", ["./mine.py:Guesser", "mine:Guesser", "./mine.py:made"])
def test_eval_plays_an_agent_of_a_file_or_module(place, agent):
    options = ["--options.digit=2"] if agent.endswith("Guesser") else []
    done = cppo("eval", "--agent", agent, *options, "--limit", 1, "--sandbox", "local")
    assert done.returncode == 0, done.stderr
    assert agent in done.stdout


def test_eval_takes_a_judge_and_a_reward_of_a_file(place):
    gates = "--reward", "./mine.py:half", "--judge", "./mine.py:Refuses"
    out = place / "out.json"
    cppo(*("eval", "--agent", "random", "--limit", 2, "--sandbox", "local", "--json", out), *gates)
    result = json.loads(out.read_text())
    assert (result["reward"], result["validity"]) == (0.5, 0.0)


def test_a_file_runs_once_and_files_of_one_name_are_two(tmp_path):
    places = [tmp_path / folder / "same.py" for folder in "ab"]
    for place in places:
        place.parent.mkdir()
        place.write_text(f"class Mine:\n    place = {place.parent.name!r}\n")
    mine = [
        plugins.load(kind, f"{place}:Mine") for place in places for kind in ("agents", "judges")
    ]
    assert mine[0] is mine[1] and mine[2] is mine[3]
    assert [one.place for one in mine] == ["a", "a", "b", "b"]
    assert [type(pickle.loads(pickle.dumps(one()))) for one in mine] == mine


def test_compare_plays_an_agent_of_a_file(place):
    agents = {"mine": {"agent": "./mine.py:Guesser"}, "random": {"agent": "random"}}
    done = cppo("compare", "--agents", json.dumps(agents), "--limit", 2, "--sandbox", "local")
    assert done.returncode == 0, done.stderr
    assert "mine − random" in done.stdout


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ("./none.py:Guesser", "there is no file"),
        ("./mine.py:Gueser", "did you mean 'Guesser'"),
        ("nowhere.at_all:Guesser", "there is no module 'nowhere'"),
        ("./mine.py:number", "got int, expected an object with act(observations)"),
        ("./mine.py:Refuses", "got Refuses, expected an object with act(observations)"),
        ("./mine.py:made --options.digit=2", "it is made already, so it takes no options"),
        ("mine:", "mine has no ''"),
        ("./wants.py:Guesser", "it imports 'nope_module', which is not installed"),
        (":Guesser", "expected MODULE:NAME"),
    ],
)
def test_a_wrong_place_is_one_line(place, agent, said):
    assert said in fault(cppo("eval", "--agent", *agent.split(), "--sandbox", "local"), 2)


def test_data_cannot_name_code():
    problem = replace(make_problem("p"), checker="os:system")
    with pytest.raises(cppo_env.UnknownNameError, match="no checkers named 'os:system'"):
        plugins.checker_of(problem)


def centred(rewards, options):
    plans, programs = rewards.plans_PM, rewards.solutions_PMK
    return Advantages(
        plans - plans.mean(-1, keepdims=True), programs - programs.mean(-1, keepdims=True)
    )


def test_an_algorithm_may_be_a_function(tmp_path):
    config = TrainConfig(algorithm=centred)
    check(config)
    again = TrainConfig.from_json(config.to_json())
    assert again.algorithm == f"{__name__}:centred"
    assert load_algorithm(again.algorithm).function is centred
    check(TrainConfig(algorithm=Algorithm(centred, aggregation="constant_length")))
    with pytest.raises(cppo_env.UsageError, match="algorithm: got 3"):
        check(TrainConfig(algorithm=3))


def test_every_id_says_when_it_is_solved():
    thresholds = {
        name: spec.reward_threshold for name, spec in gym.registry.items() if "CPPO" in name
    }
    assert thresholds["CPPO-Strategies-v0"] == 0.95
    assert len(thresholds) > 4 and all(thresholds.values())


def test_importing_the_core_does_not_load_what_evaluate_needs():
    shown = "print('rich' in sys.modules)"
    code = f"import cppo_env, sys; {shown}; cppo_env.evaluate; {shown}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
