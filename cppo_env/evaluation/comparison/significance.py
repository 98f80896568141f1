"""Tests of paired outcomes, and what correction many of them need."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cppo_env.arrays import Floats
from cppo_env.intervals import by_cluster

RESAMPLES = 9_999
"""Random sign flips; all of them are tried where there are no more."""

BATCH = 2_000_000
"""Signs that are drawn at once."""


def permutation_p(
    differences_N: ArrayLike, clusters: Sequence[Hashable] | None = None, *, seed: int = 0
) -> float:
    """Two-sided paired permutation test: the two methods may be swapped on each problem.

    Problems on which both score the same say nothing and are left out, which changes no p-value.

    Args:
        differences_N: the difference of both methods on each problem.
        clusters: problems that are swapped together, such as those of a contest.
        seed: decides the swaps.
    """
    from scipy import stats  # pyright: ignore[reportMissingTypeStubs]

    sums_VC, _ = by_cluster(np.asarray(differences_N, dtype=np.float64)[None], clusters)
    telling = sums_VC[0][sums_VC[0] != 0.0]
    if not telling.size:
        return 1.0
    tests: Any = stats
    if telling.size == 1:
        return 1.0  # a swap of one gives each of both outcomes half of the time
    found = tests.permutation_test(
        (telling,),
        _sums,
        permutation_type="samples",
        vectorized=True,
        n_resamples=RESAMPLES,
        batch=max(1, BATCH // telling.size),
        rng=np.random.default_rng(seed),
    )
    return float(found.pvalue)


def _sums(values: Floats, axis: int) -> Any:
    return values.sum(axis=axis)


def mcnemar_p(a_N: ArrayLike, b_N: ArrayLike) -> float | None:
    """McNemar's exact test of right and wrong outcomes; None if some outcome is neither.

    Args:
        a_N: 1.0 where the first method solved the problem, else 0.0.
        b_N: the same of the second method.
    """
    from scipy import stats  # pyright: ignore[reportMissingTypeStubs]

    a, b = np.asarray(a_N, dtype=np.float64), np.asarray(b_N, dtype=np.float64)
    if not np.isin(np.concatenate([a, b]), (0.0, 1.0)).all():
        return None
    wins, losses = int((a > b).sum()), int((b > a).sum())
    if not wins + losses:
        return 1.0
    tests: Any = stats
    return float(tests.binomtest(wins, wins + losses).pvalue)


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's correction (1979) of a family of tests; None are no tests and stay so."""
    known = [p for p in p_values if p is not None]
    order = np.argsort(known, kind="stable")
    scaled = np.array(known)[order] * np.arange(len(known), 0, -1)
    adjusted = np.empty(len(known))
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    values = iter(adjusted.tolist())
    return [None if p is None else next(values) for p in p_values]
