"""Log-probs of given tokens from hidden states, without a full [tokens × vocabulary] tensor."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from cppo_grpo.model.final_function import IDENTITY, FinalFunction

ROWS = 256
"""Fewest tokens of a tile."""
TILE_LOGITS, TILE_LOGITS_GPU = 2**20, 2**26
"""Logits of a tile: 4 MiB in float32, which fits a CPU core's cache; 256 MiB, which fill a GPU."""


def chosen_log_probs(
    hidden_ND: Tensor,
    weight_VD: Tensor,
    chosen_N: Tensor,
    temperature: float,
    bias_V: Tensor | None = None,
    final: FinalFunction = IDENTITY,
) -> Tensor:
    """Log-softmax of final(hidden · weightᵀ + bias) / temperature at the given tokens, in float32.

    The logits are computed in tiles of tokens and of the vocabulary: once in the forward pass and
    once more in the backward pass.

    Args:
        hidden_ND: hidden states that predict the tokens.
        weight_VD: weight of the output embedding.
        chosen_N: token ids.
        temperature: sampling temperature of the region.
        bias_V: bias of the output embedding.
        final: what the model does to the head's output.

    Returns:
        Log-probs, shape (N,).
    """
    return _ChosenLogProbs.apply(hidden_ND, weight_VD, bias_V, chosen_N, temperature, final)


@torch.no_grad()
def entropies(
    hidden_ND: Tensor,
    weight_VD: Tensor,
    temperature: float,
    bias_V: Tensor | None = None,
    final: FinalFunction = IDENTITY,
) -> Tensor:
    """Entropy of the distribution that each hidden state predicts, in nats: −Σ p log p.

    For the arguments see `chosen_log_probs`.
    """
    factors = _Factors.of(final, temperature)
    scaled_ND = hidden_ND * factors.factor
    entropy_N = torch.zeros(len(hidden_ND), device=hidden_ND.device)
    blocks = [
        _Block(weight_VD, bias_V, columns, factors, scaled_ND.dtype)
        for columns in _columns(weight_VD)
    ]
    for rows in _rows(scaled_ND, weight_VD):
        logits = torch.cat([block.logits(scaled_ND[rows])[0] for block in blocks], dim=-1)
        logps = logits.log_softmax(-1)
        entropy_N[rows] = -(logps.exp() * logps).sum(-1)
    return entropy_N


@dataclass(frozen=True, slots=True)
class _Factors:
    """From hidden · weight to the logits at the temperature, or to what a cap is taken of."""

    factor: float
    top: float | None
    """The cap over the temperature."""

    @classmethod
    def of(cls, final: FinalFunction, temperature: float) -> _Factors:
        capped = math.isfinite(final.cap)
        return cls(
            final.scale / (final.cap if capped else temperature),
            final.cap / temperature if capped else None,
        )


class _ChosenLogProbs(torch.autograd.Function):
    """∂ log p_y / ∂ logits = onehot(y) − p, so the backward pass needs no graph of the logits.

    The tiles are the cost. All factors go to the hidden states: u = factor · hidden · weightᵀ are
    the logits at the temperature, or what the tanh of a soft cap is taken of, whose slope then
    multiplies onehot − p. Without a cap the backward pass needs per tile one matmul, one exp and
    two more matmuls.
    """

    @staticmethod
    def forward(
        ctx: Any,
        hidden_ND: Tensor,
        weight_VD: Tensor,
        bias_V: Tensor | None,
        chosen_N: Tensor,
        temperature: float,
        final: FinalFunction,
    ) -> Tensor:
        factors = ctx.factors = _Factors.of(final, temperature)
        scaled_ND = hidden_ND * factors.factor
        normaliser_N = torch.full((len(hidden_ND),), -torch.inf, device=hidden_ND.device)
        logps_N = torch.zeros_like(normaliser_N)
        for columns in _columns(weight_VD):
            block = _Block(weight_VD, bias_V, columns, factors, scaled_ND.dtype)
            for rows in _rows(scaled_ND, weight_VD):
                logits, _ = block.logits(scaled_ND[rows])
                normaliser_N[rows] = normaliser_N[rows].logaddexp(logits.logsumexp(-1))
                inside, index = block.own(chosen_N[rows])
                logps_N[rows] += logits.gather(-1, index[:, None])[:, 0].where(inside, 0.0)
        ctx.save_for_backward(scaled_ND, weight_VD, bias_V, chosen_N, normaliser_N)
        device = hidden_ND.device.type
        ctx.autocast = {
            "device_type": device,
            "dtype": torch.get_autocast_dtype(device),
            "enabled": torch.is_autocast_enabled(device),
        }
        return logps_N - normaliser_N

    @staticmethod
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride] - one output, one gradient
        ctx: Any, grad_N: Tensor
    ) -> tuple[Tensor | None, ...]:
        scaled_ND, weight_VD, bias_V, chosen_N, normaliser_N = ctx.saved_tensors
        factors: _Factors = ctx.factors
        grad_N1 = grad_N[:, None].to(scaled_ND.dtype)
        grad_scaled_ND = torch.zeros_like(scaled_ND)
        weighted_ND = grad_N1 * scaled_ND
        wanted = ctx.needs_input_grad
        grad_weight_VD = torch.zeros_like(weight_VD) if wanted[1] else None
        grad_bias_V = torch.zeros_like(bias_V) if wanted[2] else None
        with torch.autocast(**ctx.autocast):
            for columns in _columns(weight_VD):
                block = _Block(weight_VD, bias_V, columns, factors, scaled_ND.dtype)
                for rows in _rows(scaled_ND, weight_VD):
                    logits, slopes = block.logits(scaled_ND[rows])
                    inside, index = block.own(chosen_N[rows])
                    own_N1 = inside[:, None].to(scaled_ND.dtype)
                    downward = logits.sub_(normaliser_N[rows, None]).exp_()
                    if slopes is not None:
                        own_N1 *= slopes.gather(-1, index[:, None])
                        downward *= slopes
                    downward = downward.to(scaled_ND.dtype)
                    grad_scaled_ND[rows] += own_N1 * block.weight[index] - downward @ block.weight
                    if grad_weight_VD is not None:
                        part = grad_weight_VD[columns]
                        part.index_add_(0, index, (own_N1 * weighted_ND[rows]).to(part.dtype))
                        part -= downward.T @ weighted_ND[rows]
                    if grad_bias_V is not None:
                        part = grad_bias_V[columns]
                        own_N = (factors.factor * own_N1 * grad_N1[rows])[:, 0]
                        part.index_add_(0, index, own_N.to(part.dtype))
                        part -= factors.factor * (downward.T @ grad_N1[rows])[:, 0]
        grad_hidden_ND = grad_scaled_ND * grad_N1 * factors.factor
        return grad_hidden_ND, grad_weight_VD, grad_bias_V, None, None, None


class _Block:
    """Some columns of the head."""

    def __init__(
        self,
        weight_VD: Tensor,
        bias_V: Tensor | None,
        columns: slice,
        factors: _Factors,
        dtype: torch.dtype,
    ) -> None:
        self.start = columns.start
        self.weight = weight_VD[columns].to(dtype)
        self.bias = None if bias_V is None else bias_V[columns] * factors.factor
        self.top = factors.top

    def logits(self, scaled_ND: Tensor) -> tuple[Tensor, Tensor | None]:
        """The logits at the temperature, and their slopes to u where a cap bends them."""
        u = (scaled_ND @ self.weight.T).float()
        if self.bias is not None:
            u += self.bias
        if self.top is None:
            return u, None
        bent = u.tanh_()
        return bent * self.top, (1 - bent.square()) * self.top

    def own(self, chosen_N: Tensor) -> tuple[Tensor, Tensor]:
        """Which of the tokens are columns of this block, and their column; 0 for the others."""
        index = chosen_N - self.start
        inside = (index >= 0) & (index < len(self.weight))
        return inside, index.where(inside, 0)


def _tile(weight_VD: Tensor) -> tuple[int, int]:
    """Tokens and columns of a tile."""
    logits = TILE_LOGITS if weight_VD.device.type == "cpu" else TILE_LOGITS_GPU
    rows = max(ROWS, logits // len(weight_VD))
    return rows, logits // rows


def _rows(hidden_ND: Tensor, weight_VD: Tensor) -> list[slice]:
    return _parts(len(hidden_ND), _tile(weight_VD)[0])


def _columns(weight_VD: Tensor) -> list[slice]:
    return _parts(len(weight_VD), _tile(weight_VD)[1])


def _parts(length: int, size: int) -> list[slice]:
    return [slice(start, start + size) for start in range(0, length, size)]
