"""Estimates of pass@k from finished attempts, for the evaluation and the learner alike.

`policy_pass_at_k` is the one that evaluations use; docs/figures.md says what it means.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

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
            f"pass_at_k: got c={c} of n={n}, expected 0 ≤ c ≤ n; count the right samples among "
            "the n"
        )
    if np.any((k_ < 1) | (k_ > n_)):
        raise UsageError(
            f"pass_at_k: got k={k} with n={n}, expected 1 ≤ k ≤ n; draw more samples or lower k"
        )
    estimate = 1.0 - np.vectorize(all_wrong, otypes=[np.float64])(n_, c_, k_)
    return float(estimate) if estimate.ndim == 0 else estimate


def tuple_pass_at_k(solved_TK: ArrayLike, attempts: int) -> float:
    """Unbiased estimate of the pass rate of whole tuples at a budget of attempts = t·K.

    A tuple of K attempts is one draw of a joint policy. At a budget of K the estimate is the mean
    over the T tuples of "some attempt is right"; at t·K it is the share of the subsets of t tuples
    that hold a right attempt. Attempts of several tuples are never mixed.

    Args:
        solved_TK: which attempts are right; T tuples of K attempts each.
        attempts: the budget, a multiple of K up to T·K.

    Raises:
        UsageError: K does not divide the budget, or there are too few tuples.
    """
    solved = _tuples(solved_TK)
    t, k = solved.shape
    whole_tuples("attempts", attempts, k)
    if attempts > t * k:
        raise UsageError(
            f"attempts: got {attempts} with {t} tuples of K={k}, expected at most {t * k}; "
            "play more tuples or lower the budget"
        )
    return pass_at_k(t, int(solved.any(axis=1).sum()), attempts // k)


def pass_at_k_in_order(solved_TK: ArrayLike, k: int) -> float:
    """The pass rate of the first k branches of a tuple: the mean over tuples.

    Args:
        solved_TK: which attempts are right; T tuples of K attempts each.
        k: number of leading branches, 1 ≤ k ≤ K.

    Raises:
        UsageError: k is outside 1…K.
    """
    solved = _tuples(solved_TK)
    if not 1 <= k <= solved.shape[1]:
        raise UsageError(
            f"pass_at_k_in_order: got k={k} with tuples of {solved.shape[1]}, expected 1 ≤ k ≤ K"
        )
    return float(solved[:, :k].any(axis=1).mean())


def policy_pass_at_k(solved_TK: ArrayLike, k: int, *, independent: bool) -> float:
    """pass@k of one problem from its T episodes of K attempts, by what the policy's attempts are.

    Independent, identically distributed attempts are T·K draws, and `pass_at_k` is the estimate at
    any k. Otherwise an episode is one draw of a joint policy: k below K takes a random subset of a
    tuple (the mean over tuples of its `pass_at_k`), k = K and its multiples take whole tuples
    (`tuple_pass_at_k`).

    Args:
        solved_TK: which attempts are right.
        k: attempts allowed.
        independent: whether the K attempts of an episode are independent draws of one distribution.

    Raises:
        UsageError: k is not positive, there are too few attempts, or k would break a tuple up.
    """
    solved = _tuples(solved_TK)
    if independent:
        return pass_at_k(solved.size, int(solved.sum()), k)
    if k < solved.shape[1]:
        by_tuple: NDArray[np.float64] = pass_at_k(solved.shape[1], solved.sum(axis=1), k)
        return float(by_tuple.mean())
    return tuple_pass_at_k(solved, k)


def whole_tuples(name: str, attempts: int, k: int) -> int:
    """The number of tuples of K that a budget of attempts buys.

    Raises:
        UsageError: it is not a whole number; the message names the budgets next to it.
    """
    if attempts < 1:
        raise UsageError(f"{name}: got {attempts}, expected 1 or more")
    tuples, rest = divmod(attempts, k)
    if rest:
        near = f"{tuples * k} or {(tuples + 1) * k}" if tuples else f"{k}"
        raise UsageError(
            f"{name}: got {attempts} with K={k}, expected whole tuples of {k}; give {near}"
        )
    return tuples


def _tuples(solved_TK: ArrayLike) -> NDArray[np.bool_]:
    solved = np.asarray(solved_TK)
    if solved.ndim != 2 or not solved.size:
        raise UsageError(
            f"solved_TK: got shape {solved.shape}, expected (T, K): T tuples of K attempts"
        )
    if not np.isin(solved, (0, 1)).all():
        raise UsageError(
            "solved_TK: got other values than 0 and 1, expected which attempts are right"
        )
    return solved.astype(np.bool_)


def all_wrong(n: int, c: int, k: int) -> float:
    """C(n−c, k) / C(n, k): the chance that k of n draws include none of the c right ones.

    Computed as a product of ratios, so nothing overflows at any n.
    """
    few, many = sorted((int(c), int(k)))
    if few + many > n:
        return 0.0
    return float(np.prod(1.0 - many / np.arange(n - few + 1, n + 1)))
