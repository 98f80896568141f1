"""The tests hold their size, agree with SciPy and with enumeration, and find what is there."""

import itertools

import numpy as np
import pytest
from scipy import stats

from cppo_env.evaluation.comparison.aggregates import (
    interquartile_mean,
    probability_of_improvement,
    profile,
)
from cppo_env.evaluation.comparison.differences import Pair, differences
from cppo_env.evaluation.comparison.power import SeedError, Z, detectable, needed, split
from cppo_env.evaluation.comparison.significance import holm, mcnemar_p, permutation_p
from cppo_env.intervals import RESAMPLES

SAMPLES = 400
"""Simulated comparisons of a cell; the share of p < .05 is then accurate to ±.021."""


def outcomes(rng, rates_SN):
    return (rng.random(rates_SN.shape) < rates_SN).astype(float)


def two_policies(rng, seeds, problems, gain=0.0, spread=0.0):
    """Scores of two policies whose problems have rates of their own; seeds shift the rates."""
    rates_N = rng.beta(0.6, 0.6, problems)
    shifts = rng.normal(0, spread, (2, seeds, 1))
    a, b = np.clip(rates_N + shifts, 0, 1)
    return outcomes(rng, np.clip(a + gain, 0, 1)), outcomes(rng, b)


@pytest.mark.parametrize("problems", [20, 200])
@pytest.mark.parametrize(("seeds", "spread"), [(1, 0.0), (5, 0.1)])
def test_bootstrap_p_values_hold_their_size(problems, seeds, spread):
    rng = np.random.default_rng(problems + seeds)
    pairs = [
        Pair(*two_policies(rng, seeds, problems, spread=spread), same_seeds=n % 2 == 0)
        for n in range(SAMPLES)
    ]
    found = differences(pairs)
    assert np.mean([one.p < 0.05 for one in found]) <= 0.05 + 0.021
    # The p-value and the interval tell the same story.
    outside = [one.interval.low > 0 or one.interval.high < 0 for one in found]
    agreed = [one.p < 0.05 for one in found]
    assert np.mean(np.array(outside) == np.array(agreed)) > 0.99


def test_without_the_seeds_the_size_is_lost():
    """What training seeds do to a test over problems: the reason for the hierarchical one."""
    rng = np.random.default_rng(5)
    p = [
        permutation_p((a - b).mean(axis=0))
        for a, b in (two_policies(rng, 3, 100, spread=0.15) for _ in range(50))
    ]
    assert np.mean(np.array(p) < 0.05) > 0.2


@pytest.mark.parametrize("test", [mcnemar_p, lambda a, b: permutation_p(a - b)])
def test_paired_tests_of_problems_hold_their_size(test):
    rng = np.random.default_rng(3)
    samples = [two_policies(rng, 1, 60) for _ in range(SAMPLES)]
    size = np.mean([test(a[0], b[0]) < 0.05 for a, b in samples])
    assert 0.005 < size <= 0.05 + 0.021


def test_all_of_them_find_a_difference():
    rng = np.random.default_rng(4)
    a, b = two_policies(rng, 1, 300, gain=0.2)
    [found] = differences([Pair(a, b, True)])
    assert found.interval.low > 0
    assert max(found.p, permutation_p(a[0] - b[0]), mcnemar_p(a[0], b[0])) < 0.001


def test_permutations_are_enumerated_where_they_are_few():
    gains = np.array([0.5, 1.0, -0.25, 0.0, 0.75, 1.0])
    told = gains[gains != 0]
    sums = [np.dot(signs, told) for signs in itertools.product((1, -1), repeat=len(told))]
    share = np.mean(np.abs(sums) >= told.sum())
    assert permutation_p(gains) == pytest.approx(share)
    assert permutation_p([0.0, 0.0]) == permutation_p([0.5]) == 1.0
    # Of right and wrong outcomes it is McNemar's exact test.
    wins = [1.0] * 9 + [-1.0] * 2
    assert permutation_p(wins) == pytest.approx(stats.binomtest(9, 11).pvalue)


def test_problems_of_a_contest_are_swapped_together():
    assert permutation_p(np.ones(12), clusters=[n // 4 for n in range(12)]) == 0.25


def test_mcnemar_is_for_outcomes():
    assert mcnemar_p([1, 1, 0, 0], [0, 1, 0, 1]) == 1.0
    assert mcnemar_p([1.0] * 6, [0.0] * 6) == pytest.approx(2 / 2**6)
    assert mcnemar_p([0.5, 1.0], [0.0, 1.0]) is None


def test_holm_by_hand():
    assert holm([0.01, 0.04, None, 0.03]) == pytest.approx([0.03, 0.06, None, 0.06])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([None]) == [None]


def test_the_smallest_detectable_difference_is_found_four_times_in_five():
    rng = np.random.default_rng(6)
    gains = rng.normal(0, 0.4, 300)
    assert detectable(gains) == pytest.approx(0.065, abs=0.004)  # Miller's table
    least = Z * 0.4 / np.sqrt(300)
    drawn = rng.normal(least, 0.4, (2000, 300))
    p = stats.ttest_1samp(drawn, 0.0, axis=1).pvalue
    assert np.mean(p < 0.05) == pytest.approx(0.8, abs=0.03)
    assert detectable(np.ones(8)) is None  # as far as these tell, any difference would be seen
    [same] = needed(least, drawn[0], None, 3)
    assert same.problems == pytest.approx(300, rel=0.25) and same.episodes == 3


def test_more_attempts_need_fewer_problems_as_far_as_the_noise_goes():
    gains = np.random.default_rng(7).normal(0.1, 0.4, 400)
    options = needed(0.1, gains, np.full(400, 0.12), 2)
    assert [one.episodes for one in options] == [2, 4, 8, 16]
    counts = [one.problems for one in options]
    assert counts == sorted(counts, reverse=True)
    whole = gains.var(ddof=1)
    assert counts[-1] / counts[0] == pytest.approx((whole - 0.12 + 0.12 / 8) / whole, rel=0.05)


def test_seeds_that_differ_are_not_outweighed_by_problems():
    gains = np.random.default_rng(9).normal(0.1, 0.4, 400)
    [alone] = needed(0.1, gains, None, 1)
    [more] = needed(0.1, gains, None, 1, seeds=SeedError(0.02, 4))
    assert more.problems > alone.problems
    least = SeedError(0.1, 4).detectable
    assert detectable(gains, seeds=SeedError(0.1, 4)) > least > Z * 0.1
    assert needed(least, gains, None, 1, seeds=SeedError(0.1, 4)) == []


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_what_few_seeds_can_show_is_found_about_four_times_in_five(seeds):
    """With the normal quantiles it would be 17, 35 and 57 times in a hundred."""
    rng = np.random.default_rng(seeds)
    least = SeedError(0.02 / np.sqrt(seeds - 1), seeds - 1).detectable
    means_VS1 = np.clip(rng.normal(0.5, 0.02, (SAMPLES, seeds, 1)), 0, 1)
    pairs = [
        Pair(np.repeat(means_S1, 400, axis=1), np.full((seeds, 400), 0.5 - least), True)
        for means_S1 in means_VS1
    ]
    found = np.mean([one.p < 0.05 for one in differences(pairs)])
    assert 0.65 < found < 0.9


def test_problems_of_a_contest_show_less_than_as_many_others():
    rng = np.random.default_rng(12)
    gains, contests = np.repeat(rng.normal(0.1, 0.4, 50), 4), np.repeat(np.arange(50), 4)
    assert detectable(gains, contests) == pytest.approx(detectable(gains[::4]))
    assert detectable(gains, contests) > 1.9 * detectable(gains)
    [apart], [together] = needed(0.1, gains, None, 1), needed(0.1, gains, None, 1, contests)
    assert together.problems == pytest.approx(4 * apart.problems, rel=0.1)
    assert detectable(gains, [0] * 200) is None


def test_variance_components_are_recovered():
    rng = np.random.default_rng(8)
    problems, seeds = rng.normal(0, 0.3, (1, 800, 1)), rng.normal(0, 0.2, (40, 1, 1))
    values = problems + seeds + rng.normal(0, 0.5, (40, 800, 4))
    found = split(values)
    assert found.problems == pytest.approx(0.09, rel=0.15)
    assert found.seeds == pytest.approx(0.04, rel=0.5)
    assert found.attempts == pytest.approx(0.25, rel=0.02)
    assert split(values[:1, :, :1]).problems is None
    assert split(values[:1]).seeds is None


def test_aggregates_of_seeds_and_sets():
    scores = [np.array([0.1, 0.2, 0.3, 0.9]), np.array([0.4, 0.5, 0.6, 0.7])]
    every = np.sort(np.concatenate(scores))
    found = interquartile_mean(scores)
    assert found.mean == pytest.approx(every[2:6].mean())
    assert found.low < found.mean < found.high
    better = [one + 0.05 for one in scores]
    chance = probability_of_improvement(better, scores)
    by_hand = np.mean(
        [
            (x > y) + 0.5 * (x == y)
            for a, b in zip(better, scores, strict=True)
            for x in a
            for y in b
        ]
    )
    assert chance.mean == pytest.approx(by_hand)
    levels = profile(scores)
    assert (levels[0].mean, levels[-1].mean) == (1.0, 0.0)
    assert [one.mean for one in levels] == sorted((one.mean for one in levels), reverse=True)
    assert interquartile_mean([np.array([0.5])]) is None
    assert probability_of_improvement([np.array([0.5])], [np.array([0.4])]) is None


@pytest.mark.parametrize("gain", [1.0, 0.5, 0.25])
@pytest.mark.parametrize("problems", [2, 4, 5, 6, 9, 10, 20])
def test_p_and_interval_agree_where_all_problems_do(problems, gain):
    better, worse = np.full((1, problems), gain), np.zeros((1, problems))
    [found] = differences([Pair(better, worse, True)])
    assert (found.p < 0.05) == (found.interval.low > 0)
    if gain == 1.0:  # as many wins and nothing else
        assert found.p == pytest.approx(max(mcnemar_p(better[0], worse[0]), 1 / RESAMPLES))


@pytest.mark.parametrize(("problems", "gain"), [(4, 1.0), (8, 0.5)])
def test_few_problems_that_all_agree_hold_the_size(problems, gain):
    """A policy that wins a little often and loses 1 else is no better on average."""
    won = np.random.default_rng(problems).random((SAMPLES, problems)) < 1 / (1 + gain)
    scores = np.where(won, gain, -1.0)[:, None]
    found = differences([Pair(one, np.zeros((1, problems)), True) for one in scores])
    assert np.mean([one.p < 0.05 for one in found]) <= 0.05 + 0.021


def test_ties_over_seeds_are_ties():
    scores = np.array([[0.1], [0.2], [0.7]])
    [found] = differences([Pair(scores, scores[[2, 0, 1]], False)])
    assert found.by_problem_N[0] == 0.0
