"""Paired differences of methods, by a bootstrap over problems, and over seeds where there are some.

The interval is that of `cppo_env.intervals` (docs/figures.md): random weights for the problems or
contests, 10,000 times, with one more problem as bad as a problem can be at each end; and a shift by
what other seeds would do, from Student's distribution with the spread of the seeds' means. The
p-value belongs to it: below .05 exactly where the interval leaves out 0.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from cppo_env.arrays import Floats
from cppo_env.evaluation.comparison.power import ONE_SEED, SeedError
from cppo_env.intervals import RESAMPLES, TAIL, Interval, by_cluster, resample, where_all_agree


@dataclass(frozen=True, slots=True)
class Difference:
    """A method minus another one on the same problems."""

    interval: Interval
    p: float
    by_problem_N: Floats
    """The difference on each problem, over all seeds."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The scores of two methods, seeds × problems each."""

    a_SN: Floats
    b_SN: Floats
    same_seeds: bool
    """Whether seed i of one method belongs to seed i of the other."""

    def by_seed(self) -> SeedError:
        """The standard error of the difference over seeds.

        √(S − 1), not √S, as in `intervals.over_seeds`. Methods with other seeds than each other's
        add their variances, with the fewest degrees of freedom of both (conservative). One seed
        says nothing of others.
        """
        if self.same_seeds and len(self.a_SN) > 1:
            means_S = (self.a_SN - self.b_SN).mean(axis=1)
            error = float(means_S.std(ddof=1)) / math.sqrt(len(means_S) - 1)
            return SeedError(error, len(means_S) - 1)
        several = [one.mean(axis=1) for one in (self.a_SN, self.b_SN) if len(one) > 1]
        if not several:
            return ONE_SEED
        variance = sum(float(means.var(ddof=1)) / (len(means) - 1) for means in several)
        return SeedError(math.sqrt(variance), min(map(len, several)) - 1)


def differences(
    pairs: Sequence[Pair], clusters: Sequence[Hashable] | None = None, *, seed: int = 0
) -> list[Difference]:
    """The differences of all pairs, with the same resamples.

    Args:
        pairs: on the same problems.
        clusters: what each problem was drawn with, such as its contest; by default each by itself.
        seed: decides the resamples.
    """
    if not pairs:
        return []
    # Means of equal scores in another order differ in the last digit.
    means_VN = [pair.a_SN.mean(axis=0) - pair.b_SN.mean(axis=0) for pair in pairs]
    values_VN: Floats = np.array(means_VN, dtype=np.float64).round(12)
    seeds = [pair.by_seed() for pair in pairs]
    errors_V = np.array([one.error for one in seeds])
    sums_VC, sizes_C = by_cluster(values_VN, clusters)
    lows_RV, highs_RV = resample(sums_VC, sizes_C, (-1.0, 1.0), np.random.default_rng([seed, 0]))
    drawn = np.random.default_rng([seed, 1])
    freedom_V = [one.freedom for one in seeds]
    shifts_RV = drawn.standard_t(freedom_V, (RESAMPLES, len(pairs))) * errors_V
    lows_RV, highs_RV = lows_RV + shifts_RV, highs_RV + shifts_RV
    low_V, high_V = np.quantile(lows_RV, TAIL, axis=0), np.quantile(highs_RV, 1 - TAIL, axis=0)
    agreed_V, value_V = (np.ptp(values_VN, axis=1) == 0.0) & (errors_V == 0.0), values_VN[:, 0]
    agreed_low_V, agreed_high_V = where_all_agree(value_V, len(sizes_C), (-1.0, 1.0))
    low_V = np.where(agreed_V, agreed_low_V, low_V)
    high_V = np.where(agreed_V, agreed_high_V, high_V)
    p_V = 2 * np.minimum((lows_RV <= 0).mean(axis=0), (highs_RV >= 0).mean(axis=0))
    # So unlikely are n equal differences if they have an average of 0 and some may be the worst.
    exact_p_V = 2.0 * (1.0 + np.abs(value_V)) ** -len(sizes_C)
    p_V = np.clip(np.where(agreed_V, exact_p_V, p_V), 1 / RESAMPLES, 1.0)
    return [
        Difference(
            Interval(float(values.mean()), max(-1.0, float(low)), min(1.0, float(high))),
            float(p),
            values,
        )
        for values, low, high, p in zip(values_VN, low_V, high_V, p_V, strict=True)
    ]
