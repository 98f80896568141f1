"""Intervals: coverage by simulation, and known values."""

import numpy as np
import pytest
from scipy.stats import binomtest

from benchmarks.coverage import SCENARIOS, coverage
from cppo_env.errors import UsageError
from cppo_env.intervals import beta, bootstrap_ends, over_problems, over_seeds, wilson


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.title.partition(":")[0])
@pytest.mark.parametrize("n", [20, 100])
@pytest.mark.parametrize("rate", [0.02, 0.3, 0.95, 1.0])
def test_an_interval_holds_the_truth(scenario, n: int, rate: float) -> None:
    """Four standard errors below .95 at 300 samples; benchmarks/coverage.py runs longer."""
    values = scenario.draw(np.random.default_rng([n, round(100 * rate)]), 300, n, rate)
    covered, _ = coverage(scenario.ends, values, scenario.truth(rate))
    assert covered > 0.9


def test_the_intervals_of_before_did_not() -> None:
    """Shows that the simulation can tell the two apart."""
    once, repeated, *_ = SCENARIOS
    rng = np.random.default_rng(0)
    assert coverage(once.before, once.draw(rng, 300, 20, 0.95), 0.95)[0] < 0.75
    assert coverage(repeated.before, repeated.draw(rng, 300, 100, 0.5), 0.5)[0] < 0.75


@pytest.mark.parametrize(
    ("right", "n"), [(0, 20), (1, 20), (7, 20), (20, 20), (250, 1000), (99_990, 100_000)]
)
def test_both_intervals_of_a_share_are_the_known_ones(right: int, n: int) -> None:
    test = binomtest(right, n)
    for found, known in (
        (beta(right, n), test.proportion_ci(method="exact")),
        (wilson(right / n, n), test.proportion_ci(method="wilson")),
    ):
        assert (found.low, found.high) == pytest.approx((known.low, known.high), abs=1e-9)


def test_the_bootstrap_of_one_episode_a_problem_is_the_exact_interval() -> None:
    values = np.array([1.0] * 14 + [0.0] * 6)
    low, high = bootstrap_ends(values[None])
    assert (low[0], high[0]) == pytest.approx((beta(14, 20).low, beta(14, 20).high), abs=0.01)
    assert over_problems(values) == beta(14, 20)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_where_all_problems_agree_it_is_wilson_of_the_clusters(value: float) -> None:
    contests = [i // 4 for i in range(20)]
    for found, n in (
        (over_problems([value] * 20), 20),
        (over_problems([value] * 20, contests), 5),
        (over_seeds(np.full((3, 20), value)), 20),
    ):
        known = wilson(value, n)
        assert (found.low, found.high) == pytest.approx((known.low, known.high))


@pytest.mark.parametrize(("wins", "told_apart"), [(5, False), (6, True)])
def test_a_few_wins_without_a_loss_count_as_in_the_exact_sign_test(
    wins: int, told_apart: bool
) -> None:
    """McNemar's exact p is .0625 for 5 to 0 and .031 for 6 to 0, however many problems tie."""
    found = over_problems([1.0] * wins + [0.0] * 60, bounds=(-1, 1))
    assert (found.low > 0) == told_apart


def test_five_wins_alone_do_not_exclude_0_either() -> None:
    assert (
        over_problems([1.0] * 5, bounds=(-1, 1)).low
        < 0
        < over_problems([1.0] * 6, bounds=(-1, 1)).low
    )


def test_no_interval_is_a_point() -> None:
    for found in (over_problems([0.25] * 7), over_problems([0.0] * 7, bounds=(-1, 1))):
        assert found.low < found.mean < found.high


def test_problems_that_were_drawn_together_count_as_one() -> None:
    rng = np.random.default_rng(3)
    values = rng.choice([0.0, 0.25, 1.0], 30)
    copied = over_problems(np.repeat(values, 4), np.repeat(np.arange(30), 4).tolist())
    assert copied == over_problems(values)
    as_if_apart = over_problems(np.repeat(values, 4))
    assert as_if_apart.high - as_if_apart.low < 0.65 * (copied.high - copied.low)


def test_the_interval_of_differences_is_paired() -> None:
    strong = np.array([1.0, 0.0] * 50)
    weak = np.maximum(0.0, strong - 0.1)
    difference, alone = over_problems(strong - weak, bounds=(-1, 1)), over_problems(strong)
    assert difference.mean == pytest.approx(0.05)
    assert 0.0 < difference.low < 0.05 < difference.high
    # The problems' own spread, which dominates an unpaired comparison, is gone.
    assert difference.high - difference.low < 0.4 * (alone.high - alone.low)


def test_seeds_that_disagree_widen_the_interval_and_one_seed_says_nothing_of_others() -> None:
    rng = np.random.default_rng(5)
    problems = rng.random((1, 200))
    agreeing = np.repeat(problems, 5, axis=0)
    shifted = np.clip(agreeing + np.array([[-0.1], [-0.05], [0], [0.05], [0.1]]), 0, 1)

    def width(values):
        found = over_seeds(values)
        return found.high - found.low

    assert width(agreeing) == pytest.approx(width(problems), rel=0.02)
    assert width(shifted) > 2 * width(agreeing)
    assert width(shifted[1:4]) > width(np.repeat(shifted[1:4], 2, axis=0))
    assert over_seeds(problems) == over_problems(problems[0])


def test_equal_calls_give_equal_intervals_alone_or_together() -> None:
    rng = np.random.default_rng(8)
    values = rng.random((3, 40))
    together = bootstrap_ends(values)
    for row, low, high in zip(values, *together, strict=True):
        found = over_problems(row)
        assert (found.low, found.high) == pytest.approx((low, high), abs=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: over_problems([]), "interval: got 0 problems"),
        (lambda: over_problems([0.5, -0.5]), "got values from -0.5 to 0.5, expected 0 to 1"),
        (lambda: over_problems([0.5, 1.0], ["a"]), "clusters: got 1 for 2 problems"),
        (lambda: over_seeds([0.5, 1.0]), r"values_SN: got shape \(2,\)"),
        (lambda: beta(3, 2), "right: got 3 of n=2"),
        (lambda: wilson(0.5, 0), "interval: got 0 problems"),
    ],
)
def test_what_has_no_interval_is_refused(call, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        call()
