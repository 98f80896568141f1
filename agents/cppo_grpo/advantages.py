"""Rewards → advantages: group normalisation and pass@k estimators, as pure NumPy functions.

Every function works over the last axis (the group, n members); leading axes are batch axes. `mask`
is False for void members (infrastructure failures): they leave their group and get advantage 0. A
group that becomes too small for its estimator gets 0 everywhere. A member with reward 0 stays in:
its mask is True.

Scaling: `group_advantages`, `leave_one_out_mean` and `passk_training` are meant for a *mean* over
sequences. The estimators `pkpo` and `leave_one_out_max` are unbiased for the gradient of E[max of
k] as a *sum* Σ_i s_i ∇log p_i.

Binomial ratios are built by recurrence, so nothing overflows at n = 10⁴.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from cppo_env.arrays import Floats
from cppo_env.errors import UsageError
from cppo_env.estimators import all_wrong, pass_at_k

__all__ = [
    "group_advantages",
    "leave_one_out_max",
    "leave_one_out_mean",
    "pass_at_k",
    "passk_training",
    "pkpo",
]

PkpoBaseline = Literal["loo_minus_one", "loo", "none"]

STD_FLOOR = 1e-8
"""Groups with a smaller standard deviation carry no signal. Also added to the divisor
(docs/method.md, section 3)."""


def group_advantages(
    rewards: ArrayLike, *, std: bool = True, mask: ArrayLike | None = None
) -> Floats:
    """GRPO: (r − mean) / (population std + 1e-8); 0 for a group of one or without variance.

    Source: Shao et al. 2024, arXiv 2402.03300. `std=False` is Dr. GRPO (Liu et al. 2025, arXiv
    2503.20783).

    Args:
        rewards: (..., n).
        std: divide by the standard deviation; False only subtracts the mean.
        mask: (..., n), False for void members.

    Returns:
        Advantages of the same shape.

    Raises:
        UsageError: an unmasked reward is not finite.
    """

    def dense(rewards_Gn: Floats) -> Floats:
        centred = rewards_Gn - rewards_Gn.mean(-1, keepdims=True)
        spread = rewards_Gn.std(-1, keepdims=True)
        scaled = centred / (spread + STD_FLOOR) if std else centred
        return np.where(spread < STD_FLOOR, 0.0, scaled)

    return _over_counted(dense, rewards, mask, needs=1)


def leave_one_out_mean(rewards: ArrayLike, *, mask: ArrayLike | None = None) -> Floats:
    """RLOO: r_i − the mean of the others.

    Source: Ahmadian et al. 2024, arXiv 2402.14740.

    Args:
        rewards: (..., n), n ≥ 2.
        mask: (..., n), False for void members.

    Returns:
        Advantages of the same shape.

    Raises:
        UsageError: the group has one member, or an unmasked reward is not finite.
    """

    def dense(rewards_Gn: Floats) -> Floats:
        n = rewards_Gn.shape[-1]
        return _unless_equal(
            rewards_Gn, (rewards_Gn - rewards_Gn.mean(-1, keepdims=True)) * (n / (n - 1))
        )

    return _over_counted(dense, rewards, mask, needs=2)


def leave_one_out_max(rewards: ArrayLike, *, mask: ArrayLike | None = None) -> Floats:
    """What each member adds to the best of the group: r_max − max_{j≠i} r_j.

    Source: Tang et al. 2025, arXiv 2503.19595. Equals `pkpo` with k = n and the recommended
    baseline.

    Args:
        rewards: (..., n), n ≥ 2.
        mask: (..., n), False for void members.

    Returns:
        Advantages of the same shape, all ≥ 0, and 0 for every member but a unique best one.

    Raises:
        UsageError: the group has one member, or an unmasked reward is not finite.
    """

    def dense(rewards_Gn: Floats) -> Floats:
        second, best = np.moveaxis(np.partition(rewards_Gn, -2, axis=-1)[..., -2:], -1, 0)
        members = np.arange(rewards_Gn.shape[-1], dtype=np.intp)
        is_best = members == rewards_Gn.argmax(-1)[..., None]
        return np.where(is_best, (best - second)[..., None], 0.0)

    return _over_counted(dense, rewards, mask, needs=2)


def passk_training(rewards: ArrayLike, k: int, *, mask: ArrayLike | None = None) -> Floats:
    """Pass@k Training: the analytic advantages of right and wrong answers in groups of k.

    Right: (1 − ρ) / σ. Wrong: (1 − ρ − C(n−c−1, k−1) / C(n−1, k−1)) / σ. Here ρ = pass@k and σ =
    √(ρ(1 − ρ)); all advantages are 0 if σ = 0. Source: Chen et al. 2025, arXiv 2508.10751.

    Args:
        rewards: (..., n), each 0 or 1.
        k: attempts, 1 ≤ k ≤ n.
        mask: (..., n), False for void members.

    Returns:
        Advantages of the same shape.

    Raises:
        UsageError: k is outside 1…n, or an unmasked reward is neither 0 nor 1.
    """

    def dense(rewards_Gn: Floats) -> Floats:
        if not np.isin(rewards_Gn, (0.0, 1.0)).all():
            raise UsageError(
                "passk_training: got rewards other than 0 and 1; use pkpo for continuous rewards"
            )
        n = rewards_Gn.shape[-1]
        # One row for every possible count. With q = 1 − ρ the formulas above reduce to √(q / ρ) and
        # −c/(n−c) of it.
        q_c = np.array([all_wrong(n, c, k) for c in range(n + 1)])
        c = np.arange(n + 1, dtype=np.intp)
        signal = (q_c > 0) & (q_c < 1)
        right_c = np.where(signal, np.sqrt(q_c / np.where(signal, 1 - q_c, 1.0)), 0.0)
        wrong_c = -right_c * c / np.maximum(n - c, 1)
        counts_G1 = rewards_Gn.sum(-1, keepdims=True).astype(np.intp)
        return np.where(rewards_Gn == 1.0, right_c[counts_G1], wrong_c[counts_G1])

    _check_k("passk_training", k, 1, np.shape(rewards)[-1])
    return _over_counted(dense, rewards, mask, needs=k)


def pkpo(
    rewards: ArrayLike,
    k: int,
    *,
    baseline: PkpoBaseline = "loo_minus_one",
    mask: ArrayLike | None = None,
) -> Floats:
    """PKPO: weights s_i whose sum Σ s_i ∇log p_i estimates the gradient of E[max of k rewards].

    The estimate is unbiased. Source: Walder & Karkhanis 2025, arXiv 2505.15201; docs/method.md,
    section 5.

    Args:
        rewards: (..., n), binary or continuous.
        k: attempts, 1 ≤ k ≤ n.
        baseline: "loo_minus_one" (recommended; 2 ≤ k ≤ n), "loo" (k ≤ n − 1) or "none".
        mask: (..., n), False for void members.

    Returns:
        Weights of the same shape. The gradient is their sum, not their mean.

    Raises:
        UsageError: k does not fit the baseline, the baseline is unknown, or an unmasked reward is
            not finite.
    """
    bounds: dict[str, tuple[int, int]] = {"loo_minus_one": (2, 0), "loo": (1, 1), "none": (1, 0)}
    if baseline not in bounds:
        raise UsageError(f"pkpo: got baseline={baseline!r}, expected one of {', '.join(bounds)}")
    lowest, spare = bounds[baseline]
    _check_k(f"pkpo with baseline={baseline!r}", k, lowest, np.shape(rewards)[-1] - spare)

    def dense(rewards_Gn: Floats) -> Floats:
        n = rewards_Gn.shape[-1]
        order = np.argsort(rewards_Gn, axis=-1, kind="stable")
        sorted_Gn = np.take_along_axis(rewards_Gn, order, axis=-1)
        weights = _transformed(sorted_Gn, k)
        if baseline == "loo":
            weights = weights - k / (n - 1) * _max_without_each(sorted_Gn, k)
        elif baseline == "loo_minus_one":
            weights = _unless_equal(
                sorted_Gn, weights - k / n * _max_without_each(sorted_Gn, k - 1)
            )
        unsorted = np.empty_like(weights)
        np.put_along_axis(unsorted, order, weights, axis=-1)
        return unsorted

    return _over_counted(dense, rewards, mask, needs=k + spare)


def _unless_equal(rewards_Gn: Floats, weights_Gn: Floats) -> Floats:
    """Exactly 0 where all rewards of a group are equal, so rounding costs no forward pass."""
    return np.where(np.ptp(rewards_Gn, axis=-1, keepdims=True) == 0, 0.0, weights_Gn)


def _transformed(sorted_Gn: Floats, k: int) -> Floats:
    """PKPO's s_i without a baseline, for rewards sorted in ascending order."""
    n = sorted_Gn.shape[-1]
    own = _rank_weights(n, k) * sorted_Gn
    if k == 1:
        return own
    # Member i also shares in every subset whose maximum is a later j: C(j−2, k−2) / C(n, k) each.
    shared = k / n * np.concatenate(([0.0], _rank_weights(n - 1, k - 1))) * sorted_Gn
    later = np.flip(np.cumsum(np.flip(shared, -1), -1), -1) - shared
    return own + later


def _max_without_each(sorted_Gn: Floats, k: int) -> Floats:
    """ρ_k(g_{−i}): the expected maximum of k members without i; rewards sorted ascending."""
    weights = _rank_weights(sorted_Gn.shape[-1] - 1, k)
    zeros = np.zeros_like(sorted_Gn[..., :1])
    # Those before i keep their rank, those after it move down by one.
    before = np.concatenate((zeros, np.cumsum(weights * sorted_Gn[..., :-1], -1)), -1)
    after = np.concatenate(
        (np.flip(np.cumsum(np.flip(weights * sorted_Gn[..., 1:], -1), -1), -1), zeros), -1
    )
    return before + after


def _rank_weights(n: int, k: int) -> Floats:
    """C(i−1, k−1) / C(n, k) for i = 1…n: P(the i-th smallest is the largest of k draws)."""
    i = np.arange(n, 1, -1, dtype=np.float64)
    steps = np.maximum(i - k, 0.0) / (i - 1)
    return np.flip(np.concatenate(([k / n], k / n * np.cumprod(steps))))


def _check_k(what: str, k: int, lowest: int, highest: int) -> None:
    if not lowest <= k <= highest:
        raise UsageError(
            f"{what}: got k={k}, expected {lowest} ≤ k ≤ {highest}; change k or the group size"
        )


def _over_counted(
    dense: Callable[[Floats], Floats], rewards: ArrayLike, mask: ArrayLike | None, *, needs: int
) -> Floats:
    """Apply an estimator to the unmasked members of every group, groups of equal size together."""
    rewards_ = np.asarray(rewards, dtype=np.float64)
    n = rewards_.shape[-1] if rewards_.ndim else 0
    if n < needs:
        raise UsageError(
            f"got a group of {n}, expected at least {needs} members; raise the group size (M or K)"
        )
    mask_ = (
        np.ones(rewards_.shape, bool)
        if mask is None
        else np.broadcast_to(np.asarray(mask, bool), rewards_.shape)
    )
    if not np.isfinite(rewards_[mask_]).all():
        raise UsageError(
            "got a reward that is not finite, expected numbers; mask void members with mask=False"
        )
    flat_Gn, counted_Gn = rewards_.reshape(-1, n), mask_.reshape(-1, n)
    result_Gn = np.zeros_like(flat_Gn)
    sizes_G = counted_Gn.sum(-1)
    for size in np.unique(sizes_G):
        if size >= needs:
            chosen_Gn = counted_Gn & (sizes_G == size)[:, None]
            result_Gn[chosen_Gn] = dense(flat_Gn[chosen_Gn].reshape(-1, size)).ravel()
    return result_Gn.reshape(rewards_.shape)
