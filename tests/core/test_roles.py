"""Built-in judges and rewards, fakes, and what an agent may see, against the contracts."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cppo_env import plugins
from cppo_env.engine import Engine
from cppo_env.errors import UnknownNameError
from cppo_env.judges import AcceptJudge, FormatJudge
from cppo_env.prompts import observe, plan_messages, solve_messages
from cppo_env.rewards import PassRate, gated, outcome, validity
from cppo_env.testing import (
    FakeSandbox,
    JudgeContract,
    ProblemSetContract,
    RewardContract,
    make_problem,
)
from cppo_env.types import Episode, Problem, Ruling, TestCase


class TestFormatJudge(JudgeContract):
    def make(self):
        return FormatJudge()


class TestAcceptJudge(JudgeContract):
    def make(self):
        return AcceptJudge()


class TestListOfProblems(ProblemSetContract):
    def make(self):
        return (make_problem("a"), make_problem("b"))


class TestGated(RewardContract):
    def make(self):
        return gated


class TestOutcome(RewardContract):
    def make(self):
        return outcome


class TestValidity(RewardContract):
    def make(self):
        return validity


class TestPassRate(RewardContract):
    def make(self):
        return PassRate()


@pytest.mark.parametrize(
    ("methods", "reason"),
    [
        (("sort", "heap", "count", "scan"), ""),
        (("sort", "heap", "SORT!", "scan"), "method 3 repeats method 1"),
        (("sort", "  ", "count", "scan"), "method 2 is empty"),
        (("sort", "a\nb", "count", "scan"), "method 2 runs over several lines"),
        (("sort", "word " * 90, "count", "scan"), ""),
        (("sort", "word " * 91, "count", "scan"), "method 2 has 91 words, more than 90"),
        (("sort", "write def f(x): return x", "count", "scan"), "method 2 contains code"),
        (("sort", "import math", "count", "scan"), "method 2 contains code"),
        (("sort", "import numpy as np; sort", "count", "scan"), "method 2 contains code"),
        (("sort", "from math import gcd", "count", "scan"), "method 2 contains code"),
        (("sort", "then print(max(a))", "count", "scan"), "method 2 contains code"),
        (("sort", "sort by lambda p: p[1]", "count", "scan"), "method 2 contains code"),
        (("sort", "#include <set>", "count", "scan"), "method 2 contains code"),
    ],
)
def test_the_format_judge_gives_its_reason(methods, reason):
    [ruling] = FormatJudge().rule([(make_problem(), methods)])
    assert ruling == Ruling(not reason, float(not reason), reason)


def test_unknown_names_get_a_suggestion():
    with pytest.raises(
        UnknownNameError,
        match=r"did you mean 'gated'\? known: additive, gated, outcome, pass_rate, validity",
    ):
        plugins.load("rewards", "gatd")


secrets = st.text("0123456789abcdef", min_size=24, max_size=24)


@given(hidden=st.lists(secrets, min_size=7, max_size=7, unique=True))
def test_agents_never_see_tests_references_or_tags(hidden):
    problem = Problem(
        "id",
        "statement",
        tests=(TestCase(hidden[0], hidden[1]),),
        starter_code="def f(x):",
        references=(hidden[2],),
        wrong=(hidden[3],),
        checker=hidden[4],
        metadata={"tag": hidden[5], "methods": (hidden[6],)},
    )
    engine = Engine(AcceptJudge(), FakeSandbox(), gated)
    [planned] = engine.advance([Episode(problem)], [("a", "b", "c", "d")])
    for episode in (Episode(problem), planned.episode):
        observation = engine.observe(episode)
        shown = (
            repr(observation)
            + repr(plan_messages(observation))
            + repr(solve_messages(observation, "a"))
        )
        assert not [secret for secret in hidden if secret in shown]


def test_the_solver_prompt_holds_its_own_method_only():
    problem = make_problem()
    engine = Engine(AcceptJudge(), FakeSandbox(), gated)
    [planned] = engine.advance([Episode(problem)], [("alpha", "beta", "gamma", "delta")])
    text = repr(solve_messages(engine.observe(planned.episode), "beta"))
    assert re.findall("alpha|beta|gamma|delta", text) == ["beta"]


def test_the_entry_point_decides_the_form_and_not_the_starter_code() -> None:
    called = observe(replace(make_problem(), entry_point="add"))
    assert "add" in repr(solve_messages(called, ""))
    assert "it is called from outside" in repr(solve_messages(called, ""))
    named = observe(replace(make_problem(), entry_point="add", starter_code="def add(a, b):"))
    assert named["starter_code"] == "def add(a, b):"
    program = solve_messages(observe(replace(make_problem(), starter_code="# your code")), "")
    assert "# your code" in repr(program)
    assert "reads standard input" in repr(program)
