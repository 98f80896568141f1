"""Log-probs of given tokens from hidden states, without a full [tokens × vocabulary] tensor."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

CHUNK_LOGITS = 2**20
"""Logits per chunk: 4 MiB in float32, which fits a CPU core's cache. A chunk has at least 256
tokens."""


def chosen_log_probs(
    hidden_ND: Tensor, weight_VD: Tensor, chosen_N: Tensor, temperature: float
) -> Tensor:
    """Log-softmax of hidden · weightᵀ / temperature at the given tokens, in float32.

    The logits are computed in chunks: once in the forward pass and once more in the backward pass.

    Args:
        hidden_ND: hidden states that predict the tokens.
        weight_VD: weight of the output embedding.
        chosen_N: token ids.
        temperature: sampling temperature of the region.

    Returns:
        Log-probs, shape (N,).
    """
    return _ChosenLogProbs.apply(hidden_ND, weight_VD, chosen_N, temperature)


class _ChosenLogProbs(torch.autograd.Function):
    """∂ log p_y / ∂ logits = onehot(y) − p, so the backward pass needs no graph of the logits.

    The [tokens × vocabulary] chunks are the cost. The temperature is applied to the hidden states,
    and the gradient's weights and one-hot part to [tokens × width], so the backward pass needs per
    chunk one matmul, one exp and two more matmuls.
    """

    @staticmethod
    def forward(
        ctx: Any, hidden_ND: Tensor, weight_VD: Tensor, chosen_N: Tensor, temperature: float
    ) -> Tensor:
        scaled_ND = hidden_ND / temperature
        weight = weight_VD.to(hidden_ND.dtype)
        normaliser_N = torch.empty(len(hidden_ND), device=hidden_ND.device)
        logps_N = torch.empty_like(normaliser_N)
        for rows in _chunks(hidden_ND, weight_VD):
            logits = (scaled_ND[rows] @ weight.T).float()
            normaliser_N[rows] = logits.logsumexp(-1)
            logps_N[rows] = logits.gather(-1, chosen_N[rows, None])[:, 0] - normaliser_N[rows]
        ctx.save_for_backward(scaled_ND, weight_VD, chosen_N, normaliser_N)
        ctx.temperature = temperature
        device = hidden_ND.device.type
        ctx.autocast = {
            "device_type": device,
            "dtype": torch.get_autocast_dtype(device),
            "enabled": torch.is_autocast_enabled(device),
        }
        return logps_N

    @staticmethod
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride] - one output, one gradient
        ctx: Any, grad_N: Tensor
    ) -> tuple[Tensor | None, ...]:
        scaled_ND, weight_VD, chosen_N, normaliser_N = ctx.saved_tensors
        weight = weight_VD.to(scaled_ND.dtype)
        grad_N1 = grad_N[:, None].to(scaled_ND.dtype)
        grad_scaled_ND = torch.empty_like(scaled_ND)
        weighted_ND = grad_N1 * scaled_ND
        grad_weight_VD = None
        if ctx.needs_input_grad[1]:
            grad_weight_VD = torch.zeros_like(weight_VD).index_add_(
                0, chosen_N, weighted_ND.to(weight_VD.dtype)
            )
        with torch.autocast(**ctx.autocast):
            for rows in _chunks(scaled_ND, weight_VD):
                logits = (scaled_ND[rows] @ weight.T).float()
                probabilities = logits.sub_(normaliser_N[rows, None]).exp_().to(scaled_ND.dtype)
                grad_scaled_ND[rows] = weight[chosen_N[rows]] - probabilities @ weight
                if grad_weight_VD is not None:
                    grad_weight_VD -= probabilities.T @ weighted_ND[rows]
        return grad_scaled_ND * grad_N1 / ctx.temperature, grad_weight_VD, None, None


def _chunks(hidden_ND: Tensor, weight_VD: Tensor) -> list[slice]:
    size = max(256, CHUNK_LOGITS // len(weight_VD))
    return [slice(start, start + size) for start in range(0, len(hidden_ND), size)]
