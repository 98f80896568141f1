"""What other ways to a model's log-probs are compared with: its own logits, one row at a time."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import PreTrainedModel

from cppo_grpo.model.modes import evaluating

SINGLE, HALF = 1e-3, 0.1
"""The largest gap that rounding explains, in float32 and in 16 bits."""


def own_log_probs(
    model: PreTrainedModel, prompt: Sequence[int], completion: Sequence[int]
) -> Tensor:
    """The log-probs of a completion's tokens, from one pass over the whole sequence."""
    ids = torch.tensor([[*prompt, *completion]], device=model.device)
    with evaluating(model), torch.no_grad():
        logits = model(ids, use_cache=False).logits[0, len(prompt) - 1 : -1].float()
    return logits.log_softmax(-1).gather(-1, ids[0, len(prompt) :, None])[:, 0]


def gap(model: PreTrainedModel, got: Tensor, own: Tensor) -> float | None:
    """The largest difference of log-probs; None if rounding explains all of them."""
    tolerance = SINGLE if model.dtype is torch.float32 else HALF
    own = own.to(got.device)
    if torch.allclose(got, own, atol=tolerance, rtol=tolerance):
        return None
    return float((got - own).abs().max())
