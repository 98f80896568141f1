"""The task with a known optimum."""

from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cppo_env import UnknownNameError, UsageError, Verdict, grade_batch, load_problems
from cppo_env.problems.strategies import (
    FAMILIES,
    STRATEGIES,
    coordinated_optimum,
    independent_ceiling,
    load,
)
from cppo_env.problems.strategy_rules import rule_of

PROBABILITIES = st.lists(st.floats(0.01, 1.0), min_size=1, max_size=8).map(
    lambda p: [x / sum(p) for x in p]
)


def test_the_known_lines_are_those_of_the_method() -> None:
    assert independent_ceiling([1 / 4] * 4, 4) == pytest.approx(0.68359375)
    assert independent_ceiling([1 / 8] * 8, 4) == pytest.approx(0.413818359375)
    assert coordinated_optimum([1 / 4] * 4, 4) == pytest.approx(1.0)
    assert coordinated_optimum([1 / 8] * 8, 4) == pytest.approx(0.5)


def test_a_single_guess_takes_the_likeliest_and_certainty_needs_one() -> None:
    assert independent_ceiling([0.98, 0.02], 1) == 0.98
    assert independent_ceiling([1.0, 0.0], 3) == 1.0


@settings(deadline=None)
@given(PROBABILITIES, st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_no_guessing_distribution_beats_the_ceiling(
    probabilities: list[float], k: int, seed: int
) -> None:
    p = np.array(probabilities)
    q = np.random.default_rng(seed).dirichlet(np.full(len(p), 0.5), size=200)
    reached = (p * (1 - (1 - q) ** k)).sum(-1)
    ceiling = independent_ceiling(probabilities, k)
    assert reached.max() <= ceiling + 1e-9
    assert ceiling <= coordinated_optimum(probabilities, k) + 1e-9


@settings(deadline=None, max_examples=25)
@given(PROBABILITIES, st.integers(2, 6))
def test_the_ceiling_is_reached(probabilities: list[float], k: int) -> None:
    """Exponentiated-gradient ascent reaches it from uniform: the objective is concave."""
    p = np.array(probabilities)
    q = np.full(len(p), 1 / len(p))
    for _ in range(4000):
        gradient = p * k * (1 - q) ** (k - 1)
        q = q * np.exp(0.3 * (gradient - gradient.max()))
        q /= q.sum()
    assert (p * (1 - (1 - q) ** k)).sum() == pytest.approx(
        independent_ceiling(probabilities, k), abs=1e-4
    )


def test_in_every_family_four_strategies_are_right_equally_often() -> None:
    problems = load(size=1600)
    seen = {family: [] for family in FAMILIES}
    for index in range(len(problems)):
        metadata = problems[index].metadata
        seen[metadata["family"]].append(metadata["strategy"])
    for strategies in seen.values():
        counts = {name: strategies.count(name) for name in set(strategies)}
        assert len(counts) == 4
        assert min(counts.values()) > 25  # 50 expected, standard deviation 6
    rights = [frozenset(strategies) for strategies in seen.values()]
    assert all(sum(strategy.name in right for right in rights) == 4 for strategy in STRATEGIES)


def test_strategies_are_right_as_often_as_the_probabilities_say() -> None:
    chances = (0.4, 0.3, 0.2, 0.1)
    problems = load(size=8 * 400, probabilities=chances)
    assert problems.probabilities == chances
    for first in range(len(FAMILIES)):
        names = [problems[n].metadata["strategy"] for n in range(first, len(problems), 8)]
        counts = sorted((names.count(name) for name in set(names)), reverse=True)
        expected = np.array(chances) * len(names)
        deviation = np.sqrt(expected * (1 - np.array(chances)))
        assert np.all(np.abs(np.array(counts) - expected) < 4 * deviation)


def test_the_default_draws_are_those_of_equal_probabilities() -> None:
    plain, equal = load(size=64), load(size=64, probabilities=[0.25] * 4)
    assert [plain[n] for n in range(64)] == [equal[n] for n in range(64)]


@pytest.mark.parametrize(
    ("chances", "message"),
    [
        ([0.5, 0.4], "add up to 1, not 0.9"),
        ([1.2, -0.2], "expected positive numbers"),
        ([1 / 9] * 9, "number of probabilities=9, expected 1 to 8"),
    ],
)
def test_chances_that_are_none_are_refused(chances: list[float], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        load(probabilities=chances)
    with pytest.raises(UsageError, match=r"got right=2 and probabilities="):
        load(right=2, probabilities=chances)


def test_a_statement_names_the_family_and_not_the_strategy() -> None:
    problems = load(size=64)
    for index in range(64):
        problem = problems[index]
        assert problem.metadata["family"] in problem.statement
        assert not any(strategy.action in problem.statement for strategy in STRATEGIES)


def test_demonstrations_name_each_rule_in_as_many_wordings_as_are_asked_for() -> None:
    for wordings in (1, 4):
        problems = load(size=8, wordings=wordings)
        named: dict[str | None, set[str]] = {}
        for method, _ in (
            pair for i in range(400) for pair in problems.demonstrations(i % 8, 4, Random(i))
        ):
            named.setdefault(rule_of(method), set()).add(method.partition(", then ")[2])
        assert {name: len(texts) for name, texts in named.items()} == {
            strategy.name: wordings for strategy in STRATEGIES
        }
    with pytest.raises(UsageError, match="got wordings=5, expected 1 to 4"):
        load(wordings=5)


@pytest.mark.parametrize("stages", [1, 2])
def test_every_test_tells_all_strategies_apart_and_only_the_right_program_passes(
    stages: int,
) -> None:
    problems = load(split="test", size=8, stages=stages)
    pairs = [
        (problems[i], program)
        for i in range(8)
        for program in (*problems[i].references, *problems[i].wrong)
    ]
    reports = grade_batch(pairs, sandbox="local")
    verdicts = np.array([report.verdict for report in reports]).reshape(8, len(problems.strategies))
    assert (verdicts[:, 0] == Verdict.AC).all()
    assert (verdicts[:, 1:] == Verdict.WA).all()
    assert all(len(report.tests) == 1 for report in reports if report.verdict is Verdict.WA)


def test_of_two_stages_each_slips_as_often_as_it_should() -> None:
    problems = load(size=8, stages=2, slips=0.3)
    assert len(problems.strategies) == 16
    known = {
        strategy.method(family): strategy.program
        for strategy in problems.strategies
        for family in problems.families
    }
    shown = [pair for i in range(500) for pair in problems.demonstrations(i % 8, 4, Random(i))]
    right = np.mean([known[method] == program for method, program in shown])
    assert right == pytest.approx(0.7**2, abs=0.05)
    assert {program for _, program in shown} == set(known.values())
    assert load(size=8, stages=2)[0] == problems[0]
    exact = load(size=8, stages=2).demonstrations(0, 4, Random(0))
    assert all(known[method] == program for method, program in exact)


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"stages": 3}, "got stages=3, expected 1 or 2"),
        ({"slips": 0.2}, "got slips=0.2 and stages=1"),
        ({"stages": 2, "slips": 1.0}, "expected slips from 0 to below 1"),
        ({"stages": 2, "wordings": 2}, "got wordings=2, expected 1 to 1"),
        ({"stages": 2, "strategies": 17}, "got strategies=17, expected 1 to 16"),
    ],
)
def test_stages_that_are_none_are_refused(filters: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        load(**filters)


def test_splits_share_no_statement_and_problems_are_made_on_demand() -> None:
    train, test = load_problems("strategies"), load_problems("strategies", split="test")
    assert {train[i].statement for i in range(len(train))}.isdisjoint(
        test[i].statement for i in range(len(test))
    )
    huge = load(size=10**9)
    assert huge[10**9 - 1] == huge[10**9 - 1]
    assert huge.index(huge[123_456].id) == 123_456
    with pytest.raises(IndexError):
        huge[10**9]


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000), st.integers(1, 8))
def test_demonstrations_are_different_methods(index: int, k: int) -> None:
    from random import Random

    problems = load(size=10_001)
    pairs = problems.demonstrations(index, k, Random(index))
    assert len({method for method, _ in pairs}) == len({program for _, program in pairs}) == k


@pytest.mark.parametrize(
    "options",
    [{"split": "dev"}, {"families": 9}, {"strategies": 0}, {"right": 9}, {"source": "somewhere"}],
)
def test_bad_options_are_refused(options: dict) -> None:
    with pytest.raises(UsageError):
        load(**options)


def test_an_unknown_id_is_refused() -> None:
    with pytest.raises(UnknownNameError):
        load().index("strategies/test/0")
