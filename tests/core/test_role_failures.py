"""A role that raises or returns nonsense is named in one line, and scores nothing."""

import gymnasium as gym
import numpy as np
import pytest

import cppo_env
from cppo_env.driver import Task
from cppo_env.errors import AgentError, RoleError
from cppo_env.evaluation.play import play
from cppo_env.testing import FakeSandbox, make_problem
from cppo_env.types import Problem, Report, Ruling, TestCase, Verdict

METHODS = ("sort", "heap", "count", "scan")
YES = Ruling(True, 1.0)


class Judge:
    def __init__(self, answer):
        self.answer = answer

    def rule(self, cases):
        return self.answer()


class Sandbox(FakeSandbox):
    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def run(self, jobs):
        return self.answer()


class Agent:
    def __init__(self, answer):
        self.answer = answer

    def act(self, observations):
        return self.answer()


class Set:
    def __init__(self, answer):
        self.answer = answer

    def __len__(self):
        return 1

    def __getitem__(self, index):
        return self.answer()


class Pay:
    def __init__(self, answer):
        self.answer = answer

    def __call__(self, episode):
        return self.answer()


def broken():
    raise KeyError("no such\nthing")


def play_through(**arguments):
    defaults = {"problems": [make_problem()], "sandbox": FakeSandbox()}
    env = gym.make_vec("CPPO-Samples-v0", num_envs=1, **defaults | arguments)
    env.reset(seed=0)
    env.step((METHODS,))
    return env.step((("AC",) * 4,))


def evaluate(agent):
    env = gym.make_vec(
        "CPPO-Samples-v0", num_envs=1, problems=[make_problem()], sandbox=FakeSandbox()
    )
    return play(env.unwrapped, agent, [Task(0, 0)])


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: play_through(judge=Judge(broken)), "judge Judge.rule() raised KeyError"),
        (lambda: play_through(judge=Judge(list)), "judge Judge.rule() returned 0, expected a list"),
        (lambda: play_through(judge=Judge(lambda: [YES] * 2)), "returned 2, expected a list of 1"),
        (lambda: play_through(judge=Judge(lambda: [True])), "returned bool at position 0"),
        (lambda: play_through(judge=Judge(lambda: None)), "returned NoneType, expected a list"),
        (lambda: play_through(sandbox=Sandbox(broken)), "sandbox Sandbox.run() raised KeyError"),
        (
            lambda: play_through(sandbox=Sandbox(list)),
            "expected a list of 4, one Report",
        ),
        (lambda: play_through(sandbox=Sandbox(lambda: ["AC"] * 4)), "returned str at position 0"),
        (lambda: play_through(reward=Pay(broken)), "reward Pay() raised KeyError"),
        (lambda: play_through(reward=Pay(lambda: None)), "returned None for problem 'echo'"),
        (lambda: play_through(reward=Pay(lambda: np.nan)), "expected a finite number"),
        (lambda: play_through(problems=Set(broken)), "problem set Set.__getitem__() raised"),
        (lambda: play_through(problems=Set(lambda: "p")), "returned str at index 0, expected a"),
        (lambda: evaluate(Agent(broken)), "agent Agent.act() raised KeyError"),
        (lambda: evaluate(Agent(list)), "agent Agent.act() returned 0, expected a list of 1"),
        (lambda: evaluate(Agent(lambda: [("a", "b")])), "got 2 texts, expected 4"),
        (lambda: evaluate(Agent(lambda: [(1, 2, 3, 4)])), "text 1 of 4 is int, expected str"),
        (lambda: evaluate(Agent(lambda: [None])), "returned NoneType at position 0"),
        (
            lambda: cppo_env.grade(make_problem(), "print(1)", sandbox=Sandbox(broken)),
            "sandbox Sandbox.run() raised KeyError",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_role_and_its_fault_are_named_in_one_line(act, message):
    with pytest.raises(RoleError) as caught:
        act()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_a_role_raises_stays_the_cause():
    with pytest.raises(RoleError) as caught:
        play_through(judge=Judge(broken))
    assert isinstance(caught.value.__cause__, KeyError)


def test_roles_that_report_a_failure_void_the_episode():
    def down():
        raise AgentError("the endpoint is down", [None])

    void = Judge(lambda: [Ruling(False, 0.0, void=True)])
    env = gym.make_vec(
        "CPPO-Samples-v0", problems=[make_problem()], sandbox=FakeSandbox(), judge=void
    )
    env.reset(seed=0)
    assert env.step((METHODS,))[3].tolist() == [True]
    failed = Report(Verdict.IE, message="no engine")
    *_, info = play_through(sandbox=Sandbox(lambda: [failed] * 4))
    assert info["void"].tolist() == [True]
    [record] = evaluate(Agent(down))
    assert record.void
    assert record.reason == "the endpoint is down"


def test_a_bug_of_a_checker_is_its_programs_alone():
    def checker(problem, test, got):
        raise KeyError("no such thing")

    buggy = Problem("buggy", "", (TestCase("1\n", "1\n"),), checker=checker)
    reports = cppo_env.grade_batch(
        [(buggy, "print(1)"), (make_problem(), "print(int(input()))")], sandbox="local"
    )
    assert [report.verdict for report in reports] == ["IE", "AC"]
    assert "KeyError" in reports[0].message
