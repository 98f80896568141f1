"""The policy loss of one region (planner or solver), as pure functions of PyTorch tensors.

    loss = Σ_B weight_B Σ_T [ correction · surrogate + β · k3 ]

`policy_loss` returns a *sum*; everything that depends on the whole batch (aggregation, masking of
truncated outputs) is in `weights_B`. So the losses of micro-batches, regions and processes add up
to the loss of one big batch.

Shapes: `_B` sequences, `_T` completion tokens, padded at the end. Masked positions are never read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import torch
from torch import Tensor

from cppo_env.errors import UsageError
from cppo_grpo.choices import Aggregation, Correction, Form


def sequence_weights(
    lengths_B: Tensor,
    trainable_B: Tensor,
    *,
    aggregation: Aggregation = "sequence_mean",
    total: float | None = None,
    constant_length: int | None = None,
) -> Tensor:
    """The weight of one token of each sequence, over one region of the whole batch.

    A region with n of the batch's N trainable sequences gets the share n / N of the loss. Within
    it: `sequence_mean` (GRPO) gives every sequence 1/n; `token_mean` (DAPO, arXiv 2503.14476) gives
    every token the same weight; `constant_length` (Dr. GRPO, arXiv 2503.20783) gives every token 1
    / (n · constant_length).

    Args:
        lengths_B: completion tokens of each sequence.
        trainable_B: False for void sequences and masked truncated ones; their weight is 0. A
            sequence with advantage 0 is trainable.
        aggregation: see above.
        total: N, the trainable sequences of all regions; None if this is the only region.
        constant_length: the divisor of `constant_length`, usually the token limit. If both regions
            use the same one, the log-probs of a plan and of its program add up.

    Returns:
        float32 weights, one per sequence.

    Raises:
        UsageError: unknown aggregation, or `constant_length` without its divisor.
    """
    _check("aggregation", aggregation, Aggregation)
    trainable_B = trainable_B.to(torch.float32)
    n = max(float(trainable_B.sum()), 1.0)
    region_share = 1.0 if total is None else n / max(total, 1.0)
    if aggregation == "sequence_mean":
        return region_share * trainable_B / (n * lengths_B.clamp(min=1))
    if aggregation == "token_mean":
        return region_share * trainable_B / (trainable_B * lengths_B).sum().clamp(min=1)
    if not constant_length:
        raise UsageError(
            f"aggregation='constant_length': got constant_length={constant_length}, expected the "
            "region's token limit"
        )
    return region_share * trainable_B / (n * constant_length)


def needs_forward(advantages_B: Tensor, weights_B: Tensor, *, beta: float) -> Tensor:
    """Which sequences have a gradient; the others need no forward pass."""
    return (weights_B > 0) & ((advantages_B != 0) | (beta > 0))


def policy_loss(
    logps_BT: Tensor,
    advantages_B: Tensor,
    mask_BT: Tensor,
    weights_B: Tensor | None = None,
    *,
    old_logps_BT: Tensor | None = None,
    ref_logps_BT: Tensor | None = None,
    sampler_logps_BT: Tensor | None = None,
    form: Form = "clipped",
    epsilon: float = 0.2,
    epsilon_high: float | None = None,
    beta: float = 0.0,
    kl_ratio: bool = False,
    correction: Correction = "none",
    correction_cap: float = 2.0,
) -> tuple[Tensor, dict[str, Tensor]]:
    """The loss to minimise and its metrics (docs/method.md, section 3).

    Args:
        logps_BT: log-probs of the completion tokens under the policy, at the sampling temperature.
        advantages_B: one advantage per sequence.
        mask_BT: True at completion tokens.
        weights_B: weight of one token of each sequence, see `sequence_weights`. None: the mean over
            sequences of the mean over their tokens.
        old_logps_BT: the policy's log-probs before the first step on this batch; None on that first
            step (ratio 1).
        ref_logps_BT: log-probs under the frozen reference; required if beta > 0.
        sampler_logps_BT: log-probs reported by the sampler; required by a correction, otherwise
            only measured.
        form: "clipped" (PPO, GRPO); "cispo" (arXiv 2506.13585: the clipped ratio weighs log p,
            every token keeps its gradient, and only the upper bound clips); "gspo" (arXiv
            2507.18071: one length-normalised ratio per sequence).
        epsilon: the ratio is clipped below at 1 − ε.
        epsilon_high: the ratio is clipped above at 1 + ε_high; None means ε.
        beta: weight of the k3 estimate of KL(policy ‖ reference).
        kl_ratio: multiply k3 by the ratio, which makes its gradient that of the reverse KL (arXiv
            2512.02556; the default of TRL 1.16). The paper's loss does not.
        correction: importance weight old / sampler, truncated at the cap or set to 0 above it, per
            token or per sequence.
        correction_cap: the cap of that weight.

    Returns:
        The scalar loss, and detached metrics (`merge_metrics` says how they combine).

    Raises:
        UsageError: unknown form or correction, or missing log-probs that an option needs.
    """
    _check("form", form, Form)
    _check("correction", correction, Correction)
    if beta > 0 and ref_logps_BT is None:
        raise UsageError(
            f"beta={beta} needs the reference's log-probs; pass ref_logps_BT or set beta=0"
        )
    if correction != "none" and sampler_logps_BT is None:
        raise UsageError(
            f"correction={correction!r} needs the sampler's log-probs; pass sampler_logps_BT or "
            "'none'"
        )
    if weights_B is None:
        weights_B = sequence_weights(mask_BT.sum(-1), mask_BT.any(-1))
    old_logps_BT = logps_BT.detach() if old_logps_BT is None else old_logps_BT
    high = epsilon if epsilon_high is None else epsilon_high

    log_ratio_BT = _difference(logps_BT, old_logps_BT, mask_BT)
    if form == "gspo":
        log_ratio_BT = _sequence_mean(log_ratio_BT, mask_BT)
    ratio_BT = log_ratio_BT.exp()
    terms_BT, clipped_BT = _surrogate(
        form, ratio_BT, logps_BT, advantages_B[:, None], mask_BT, epsilon, high
    )
    metrics = {
        "tokens": mask_BT.sum(),
        "entropy_estimate": -_token_mean(logps_BT, mask_BT),
        "ratio": _token_mean(ratio_BT, mask_BT),
        "ratio_max": _token_max(ratio_BT, mask_BT),
        "clip_share": _token_mean(clipped_BT, mask_BT),
    }
    if sampler_logps_BT is not None:
        gap_BT = _difference(old_logps_BT, sampler_logps_BT, mask_BT).detach()
        correction_BT, gap_metrics = _importance(correction, gap_BT, mask_BT, correction_cap)
        terms_BT = terms_BT * correction_BT
        metrics |= gap_metrics
    if ref_logps_BT is not None:
        kl_BT = k3(_difference(ref_logps_BT, logps_BT, mask_BT))
        terms_BT = terms_BT + beta * (kl_BT * ratio_BT if kl_ratio else kl_BT)
        metrics["kl"] = _token_mean(kl_BT, mask_BT)
    loss = (weights_B[:, None] * torch.where(mask_BT, terms_BT, 0.0)).sum()
    return loss, {name: value.detach() for name, value in metrics.items()}


def k3(log_ratio: Tensor) -> Tensor:
    """The k3 estimate of KL(policy ‖ reference) from log(reference / policy): e^x − 1 − x ≥ 0.

    Source: Schulman 2020, "Approximating KL divergence".
    """
    return log_ratio.exp() - 1 - log_ratio


def merge_metrics(parts: Sequence[dict[str, Tensor]]) -> dict[str, float]:
    """Metrics of a batch from those of its micro-batches.

    `tokens` adds up, `*_max` takes the largest, all others are means over tokens. A metric that
    only some parts have (such as the KL) is the mean over the tokens of those parts.
    """
    merged: dict[str, float] = {}
    for name in dict.fromkeys(name for part in parts for name in part):
        having = [part for part in parts if name in part]
        values = torch.stack([part[name] for part in having]).double()
        tokens = torch.stack([part["tokens"] for part in having]).double()
        if name == "tokens":
            merged[name] = float(tokens.sum())
        elif name.endswith("_max"):
            merged[name] = float(values.max())
        else:
            merged[name] = float((values * tokens).sum() / tokens.sum().clamp(min=1))
    return merged


def _surrogate(
    form: Form,
    ratio_BT: Tensor,
    logps_BT: Tensor,
    advantages_B1: Tensor,
    mask_BT: Tensor,
    low: float,
    high: float,
) -> tuple[Tensor, Tensor]:
    """The policy term per token, and where the clip binds (no gradient; CISPO: capped weight)."""
    if form == "cispo":
        weight_BT = ratio_BT.detach().clamp(max=1 + high)
        return -weight_BT * advantages_B1 * torch.where(mask_BT, logps_BT, 0.0), ratio_BT > 1 + high
    plain_BT = ratio_BT * advantages_B1
    clipped_BT = ratio_BT.clamp(1 - low, 1 + high) * advantages_B1
    return -torch.minimum(plain_BT, clipped_BT), clipped_BT < plain_BT


def _importance(
    kind: Correction, gap_BT: Tensor, mask_BT: Tensor, cap: float
) -> tuple[Tensor, dict[str, Tensor]]:
    """The correction weight of each token, and the raw distance of the two distributions."""
    log_weight_BT = (
        gap_BT.sum(-1, keepdim=True).expand_as(gap_BT) if kind.startswith("sequence") else gap_BT
    )
    raw_BT = log_weight_BT.exp()
    metrics = {
        "sampler_gap": _token_mean(gap_BT.abs(), mask_BT),
        "sampler_gap_max": _token_max(gap_BT.abs(), mask_BT),
        "sampler_ratio": _token_mean(raw_BT, mask_BT),
        "sampler_ratio_max": _token_max(raw_BT, mask_BT),
        "sampler_clip_share": _token_mean(raw_BT > cap, mask_BT),
    }
    if kind == "none":
        return torch.ones_like(raw_BT), metrics
    if kind.endswith("truncate"):
        return raw_BT.clamp(max=cap), metrics
    return torch.where(raw_BT > cap, 0.0, raw_BT), metrics


def _difference(left_BT: Tensor, right_BT: Tensor, mask_BT: Tensor) -> Tensor:
    # Masked before any exp: what stands at padding could overflow there and turn gradients into
    # NaN.
    return torch.where(mask_BT, left_BT - right_BT, 0.0)


def _sequence_mean(values_BT: Tensor, mask_BT: Tensor) -> Tensor:
    """Each sequence's mean, repeated at all its tokens; `values_BT` is 0 at padding."""
    return (values_BT.sum(-1, keepdim=True) / mask_BT.sum(-1, keepdim=True).clamp(min=1)).expand_as(
        values_BT
    )


def _token_mean(values_BT: Tensor, mask_BT: Tensor) -> Tensor:
    return torch.where(mask_BT, values_BT.float(), 0.0).sum() / mask_BT.sum().clamp(min=1)


def _token_max(values_BT: Tensor, mask_BT: Tensor) -> Tensor:
    return torch.where(mask_BT, values_BT, 0.0).amax()


def _check(name: str, value: str, allowed: object) -> None:
    if value not in get_args(allowed):
        raise UsageError(f"{name}: got {value!r}, expected one of {', '.join(get_args(allowed))}")
