"""Aggregates over seeds × problem sets, as rliable has them (Agarwal et al. 2021, 2108.13264).

Computed with NumPy and SciPy: rliable itself brings seven packages for these thirty lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cppo_env.arrays import Floats
from cppo_env.intervals import RESAMPLES, TAIL, Interval

LEVELS = np.linspace(0.0, 1.0, 41)
"""The scores at which performance profiles are drawn."""


def interquartile_mean(scores: Sequence[Floats], *, seed: int = 0) -> Interval | None:
    """The mean of the middle half of all scores, with a bootstrap over the seeds of each set.

    Args:
        scores: for each problem set, a score for each seed.
        seed: decides the resamples.

    Returns:
        None with fewer than two scores.
    """
    from scipy import stats  # pyright: ignore[reportMissingTypeStubs]

    if sum(map(len, scores)) < 2:
        return None
    tests: Any = stats
    drawn_RX = np.concatenate(_resampled(scores, seed), axis=1)
    means_R = tests.trim_mean(drawn_RX, 0.25, axis=1)
    return _interval(float(tests.trim_mean(np.concatenate(scores), 0.25)), means_R)


def probability_of_improvement(
    a: Sequence[Floats], b: Sequence[Floats], *, seed: int = 0
) -> Interval | None:
    """The chance that a seed of one method beats a seed of another; ties are half; mean over sets.

    Args:
        a: for each problem set, a score for each seed of the one method.
        b: the same of the other.
        seed: decides the resamples.

    Returns:
        None if neither method has two seeds.
    """
    if max(len(one) for one in (*a, *b)) < 2:
        return None
    pairs = zip(_resampled(a, seed), _resampled(b, seed + 1), strict=True)
    chances_MR = [
        _beats(x_RS[:, :, None], y_RS[:, None, :]).mean(axis=(1, 2)) for x_RS, y_RS in pairs
    ]
    found = [_beats(x[:, None], y[None, :]).mean() for x, y in zip(a, b, strict=True)]
    return _interval(float(np.mean(found)), np.mean(chances_MR, axis=0))


def profile(scores: Sequence[Floats], *, seed: int = 0) -> list[Interval] | None:
    """The share of scores above each of `LEVELS`; None with fewer than two scores."""
    if sum(map(len, scores)) < 2:
        return None
    drawn_RX = np.concatenate(_resampled(scores, seed), axis=1)
    every = np.concatenate(scores)
    return [
        _interval(float((every > level).mean()), (drawn_RX > level).mean(axis=1))
        for level in LEVELS
    ]


def _beats(x: Floats, y: Floats) -> Floats:
    return (x > y) + 0.5 * (x == y)


def _resampled(scores: Sequence[Floats], seed: int) -> list[Floats]:
    """For each set, resamples × seeds."""
    rng = np.random.default_rng(seed)
    return [one[rng.integers(len(one), size=(RESAMPLES, len(one)))] for one in scores]


def _interval(mean: float, drawn_R: Floats) -> Interval:
    low, high = np.quantile(drawn_R, (TAIL, 1 - TAIL))
    return Interval(mean, min(mean, float(low)), max(mean, float(high)))
