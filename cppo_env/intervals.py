"""95 % intervals of means over problems, which cover whatever the sample looks like.

    beta            right answers among n problems, one episode each: the exact interval
    over_problems   a figure of [low, high] per problem: a bootstrap over problems or contests
    over_seeds      the same figure for several training seeds: over problems and seeds
    wilson          where all problems agree, of n problems
    beta            as well where the same difference is found on all problems

The bootstrap draws Dirichlet weights (Rubin 1981) and counts, at each end, one more problem as bad
as a problem can be (Gaffke 2005; Learned-Miller and Thomas 2019, arXiv 1905.06208). The percentile
bootstrap lacks that problem: it has width 0 if all agree, and covers too rarely if few differ. With
one episode a problem this is the interval of `beta`. docs/figures.md has the measured
coverage.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from cppo_env.arrays import Floats
from cppo_env.errors import UsageError

RATES = (0.0, 1.0)
"""Bounds of a share of right attempts, such as pass@k."""

TAIL = 0.025
"""The probability outside an interval, on each side."""

Z = 1.959963984540054
"""The normal distribution's quantile of 1 − TAIL."""

RESAMPLES = 10_000

BLOCK = 1_000_000
"""Weights drawn at once; this bounds the bootstrap's memory."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its 95 % interval."""

    mean: float
    low: float
    high: float


def wilson(share: float, n: int) -> Interval:
    """Wilson's interval of a share of n independent problems."""
    _require(n)
    shrunk = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    return Interval(share, max(0.0, shrunk - half), min(1.0, shrunk + half))


def beta(right: int, n: int) -> Interval:
    """The exact interval of `right` among n independent problems (Clopper and Pearson 1934)."""
    _require(n)
    if not 0 <= right <= n:
        raise UsageError(f"right: got {right} of n={n}, expected 0 ≤ right ≤ n")
    low = 0.0 if right == 0 else 1.0 - _largest_share(n - right, n)
    return Interval(right / n, low, 1.0 if right == n else _largest_share(right, n))


def over_problems(
    values_N: ArrayLike,
    clusters: Sequence[Hashable] | None = None,
    *,
    bounds: tuple[float, float] = RATES,
    seed: int = 0,
) -> Interval:
    """The interval of a mean over problems.

    Args:
        values_N: one number for each problem, such as its pass@k, or its difference between two
            policies (which makes the interval a paired one, with bounds −1 and 1).
        clusters: what each problem was drawn with, such as its contest; by default each by itself.
        bounds: the smallest and the largest value that a problem can have.
        seed: decides the resamples.

    Raises:
        UsageError: there are no values, or some are out of bounds.
    """
    values = np.asarray(values_N, dtype=np.float64)
    if bounds == RATES and clusters is None and np.isin(values, (0.0, 1.0)).all():
        right, n = int(values.sum()), values.size
        return beta(right, n) if 0 < right < n else wilson(float(right > 0), n)
    low, high = bootstrap_ends(values[None], clusters, bounds=bounds, seed=seed)
    return Interval(float(values.mean()), float(low[0]), float(high[0]))


def over_seeds(
    values_SN: ArrayLike,
    clusters: Sequence[Hashable] | None = None,
    *,
    bounds: tuple[float, float] = RATES,
    seed: int = 0,
) -> Interval:
    """The interval of a mean over training seeds and problems, valid for new ones of both.

    A resample weighs the problems, and shifts all of them by the effect of new seeds: Student's
    distribution with the spread of the seeds' means, because a bootstrap of three or five seeds
    covers too rarely. One seed says nothing of others; then it is the interval over problems.

    Args:
        values_SN: S seeds × N problems, the same problems for each seed.
        clusters: as in `over_problems`.
        bounds: as in `over_problems`.
        seed: decides the resamples.

    Raises:
        UsageError: there are no values, or some are out of bounds.
    """
    values = np.asarray(values_SN, dtype=np.float64)
    if values.ndim != 2 or not values.size:
        raise UsageError(f"values_SN: got shape {values.shape}, expected (seeds, problems)")
    if len(values) == 1:
        return over_problems(values[0], clusters, bounds=bounds, seed=seed)
    low, high = bootstrap_ends(values[None], clusters, bounds=bounds, seed=seed)
    return Interval(float(values.mean()), float(low[0]), float(high[0]))


def bootstrap_ends(
    values: ArrayLike,
    clusters: Sequence[Hashable] | None = None,
    *,
    bounds: tuple[float, float] = RATES,
    seed: int = 0,
) -> tuple[Floats, Floats]:
    """Both ends of the bootstrap interval, of V samples at once with the same weights.

    Args:
        values: (V, N) problems, or (V, S, N) seeds × problems.
        clusters: of the N problems.
        bounds: the smallest and the largest value that a problem can have.
        seed: decides the resamples.

    Returns:
        The V lower and the V upper ends.

    Raises:
        UsageError: there are no values, or some are out of bounds.
    """
    samples = np.asarray(values, dtype=np.float64)
    least, most = bounds
    _require(samples.size)
    if samples.min() < least or samples.max() > most:
        raise UsageError(
            f"interval: got values from {samples.min():g} to {samples.max():g}, expected "
            f"{least:g} to "
            f"{most:g}; give the bounds of the figure"
        )
    values_VN = samples.mean(axis=1) if samples.ndim == 3 else samples
    sums_VC, sizes_C = by_cluster(values_VN, clusters)
    lows_RV, highs_RV = resample(sums_VC, sizes_C, bounds, np.random.default_rng([seed, 0]))
    if samples.ndim == 3:
        shifts_RV = _seed_shifts(samples.mean(axis=2), np.random.default_rng([seed, 1]))
        lows_RV, highs_RV = lows_RV + shifts_RV, highs_RV + shifts_RV
    low_V = np.quantile(lows_RV, TAIL, axis=0)
    high_V = np.quantile(highs_RV, 1.0 - TAIL, axis=0)
    agreed_V = np.ptp(samples.reshape(len(samples), -1), axis=1) == 0.0
    agreed_low_V, agreed_high_V = where_all_agree(values_VN[:, 0], len(sizes_C), bounds)
    low_V = np.where(agreed_V, agreed_low_V, low_V)
    high_V = np.where(agreed_V, agreed_high_V, high_V)
    return np.clip(low_V, least, most), np.clip(high_V, least, most)


def where_all_agree(value_V: Floats, n: int, bounds: tuple[float, float]) -> tuple[Floats, Floats]:
    """Both ends where n clusters have one value, by the share of others that may have any value.

    For rates it is Wilson's. Differences take the exact one, because they are tested against 0:
    five wins of five are as little evidence as in McNemar's exact test.
    """
    (least, most) = bounds
    others = wilson(0.0, n).high if bounds == RATES else beta(0, n).high
    return value_V - others * (value_V - least), value_V + others * (most - value_V)


def by_cluster(values_VN: Floats, clusters: Sequence[Hashable] | None) -> tuple[Floats, Floats]:
    """Sums of the values of each cluster, and the numbers of their problems."""
    n = values_VN.shape[1]
    if clusters is None:
        alone_C = np.ones(n, dtype=np.float64)
        return values_VN, alone_C
    if len(clusters) != n:
        raise UsageError(f"clusters: got {len(clusters)} for {n} problems, expected one for each")
    numbers = {cluster: i for i, cluster in enumerate(dict.fromkeys(clusters))}
    places_N = np.array([numbers[cluster] for cluster in clusters])
    member_NC = (places_N[:, None] == np.arange(len(numbers))).astype(np.float64)
    return values_VN @ member_NC, np.bincount(places_N).astype(np.float64)


def resample(
    sums_VC: Floats, sizes_C: Floats, bounds: tuple[float, float], rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Means under random weights, with one more cluster of the least and of the largest value."""
    shape = (RESAMPLES, len(sums_VC))
    lows_RV, highs_RV = np.empty(shape), np.empty(shape)
    rows = max(1, BLOCK // len(sizes_C))
    for start in range(0, RESAMPLES, rows):
        block = slice(start, min(start + rows, RESAMPLES))
        # Exponentials over their sum are the weights.
        weights_RC = rng.standard_exponential((block.stop - start, len(sizes_C)))
        extra_R1 = rng.standard_exponential((block.stop - start, 1)) * sizes_C.mean()
        total_R1 = (weights_RC @ sizes_C)[:, None] + extra_R1
        sums_RV = weights_RC @ sums_VC.T
        lows_RV[block] = (sums_RV + extra_R1 * bounds[0]) / total_R1
        highs_RV[block] = (sums_RV + extra_R1 * bounds[1]) / total_R1
    return lows_RV, highs_RV


def _seed_shifts(means_VS: Floats, rng: np.random.Generator) -> Floats:
    """How far the mean over other seeds may lie from that over these."""
    s = means_VS.shape[1]
    # √(S − 1), not √S: otherwise few, not normally distributed seeds are covered too rarely.
    errors_V = means_VS.std(axis=1, ddof=1) / math.sqrt(s - 1)
    return rng.standard_t(s - 1, RESAMPLES)[:, None] * errors_V


@lru_cache(maxsize=1024)
def _largest_share(right: int, n: int) -> float:
    """The share at which at most `right` of n are right with probability TAIL; by bisection."""
    counts = np.arange(1, right + 1)
    log_ways = np.concatenate([[0.0], np.cumsum(np.log((n - counts + 1) / counts))])
    numbers = np.arange(right + 1)
    low, high = right / n, 1.0
    while high - low > 1e-12:
        share = (low + high) / 2
        logs = log_ways + numbers * math.log(share) + (n - numbers) * math.log1p(-share)
        low, high = (share, high) if np.exp(logs).sum() > TAIL else (low, share)
    return (low + high) / 2


def _require(n: int) -> None:
    if n < 1:
        raise UsageError(f"interval: got {n} problems, expected at least one that counts")
