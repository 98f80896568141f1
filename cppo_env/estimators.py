"""Estimates of pass@k from finished attempts, for the evaluation and the learner alike."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cppo_env.errors import UsageError


def pass_at_k(n: ArrayLike, c: ArrayLike, k: ArrayLike) -> Any:
    """Unbiased estimate of pass@k from c right answers among n: 1 − C(n−c, k) / C(n, k).

    Source: Chen et al. 2021, arXiv 2107.03374.

    Args:
        n: samples drawn. The three arguments broadcast.
        c: right ones among them, 0 ≤ c ≤ n.
        k: attempts allowed, 1 ≤ k ≤ n.

    Returns:
        A float, or an array of the broadcast shape.

    Raises:
        UsageError: some c is outside 0…n or some k outside 1…n.
    """
    n_, c_, k_ = np.broadcast_arrays(np.asarray(n), np.asarray(c), np.asarray(k))
    if np.any((c_ < 0) | (c_ > n_)):
        raise UsageError(
            f"pass_at_k: got c={c} of n={n}, expected 0 ≤ c ≤ n; count the right samples among the n"
        )
    if np.any((k_ < 1) | (k_ > n_)):
        raise UsageError(
            f"pass_at_k: got k={k} with n={n}, expected 1 ≤ k ≤ n; draw more samples or lower k"
        )
    estimate = 1.0 - np.vectorize(all_wrong, otypes=[np.float64])(n_, c_, k_)
    return float(estimate) if estimate.ndim == 0 else estimate


def all_wrong(n: int, c: int, k: int) -> float:
    """C(n−c, k) / C(n, k): the chance that k draws without replacement from n hold none of the c right ones.

    A product of ratios, so nothing overflows at any n.
    """
    few, many = sorted((int(c), int(k)))
    if few + many > n:
        return 0.0
    return float(np.prod(1.0 - many / np.arange(n - few + 1, n + 1)))
