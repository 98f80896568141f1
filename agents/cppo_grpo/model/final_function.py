"""What a model does to the output of its head: nothing, a scale (Granite, Cohere) or a soft cap.

    logits = cap · tanh(scale · x / cap)        x: output of the head, with its bias; cap may be ∞

The function is measured and not looked up: transformers has a dozen names for the two numbers, and
the same name divides in one model and multiplies in another.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

SMALL, LARGE = 2.0**-14, 2.0**30
"""Powers of two, so that a product with the scale is exact. The small one is below any cap, the
large one above it."""
PROBES = (-300.0, -30.0, -3.0, 0.0, 0.3, 5.0, 50.0, 500.0)


@dataclass(frozen=True, slots=True)
class FinalFunction:
    """From the output of the head to the logits."""

    scale: float = 1.0
    cap: float = math.inf

    def __call__(self, head_output: Tensor) -> Tensor:
        """The logits."""
        scaled = self.scale * head_output
        return scaled if math.isinf(self.cap) else self.cap * torch.tanh(scaled / self.cap)


IDENTITY = FinalFunction()


def measure(model: PreTrainedModel) -> FinalFunction | None:
    """The final function of a model; None if it is of another kind."""
    inputs = torch.tensor([SMALL, LARGE, *PROBES])
    outputs = _outputs(model, inputs)
    if outputs is None or not outputs.isfinite().all():
        return None
    scale, top = float(outputs[0]) / SMALL, float(outputs[1])
    if scale <= 0:
        return None
    found = FinalFunction(scale, top if top < scale * LARGE / 2 else math.inf)
    fits = torch.allclose(found(inputs), outputs, rtol=1e-5, atol=1e-6)
    return found if fits else None


@torch.no_grad()
def _outputs(model: PreTrainedModel, inputs_T: Tensor) -> Tensor | None:
    """The logits where the head gives these values; None where they depend on the token id."""
    head: Any = model.get_output_embeddings()

    def replace(_module: Any, _inputs: Any, output: Tensor) -> Tensor:
        return inputs_T.to(output.device)[None, :, None].expand_as(output).float().contiguous()

    ids_1T = torch.zeros((1, len(inputs_T)), dtype=torch.long, device=model.device)
    handle = head.register_forward_hook(replace)
    try:
        logits_TV = model(ids_1T, use_cache=False).logits[0].float().cpu()
    finally:
        handle.remove()
    same = (logits_TV == logits_TV[:, :1]).all()
    return logits_TV[:, 0] if same else None
