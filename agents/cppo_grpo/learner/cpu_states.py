"""Optimizer states in main memory: they visit the device of their weight, one weight at a time."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class CpuStates(torch.optim.Optimizer):
    """Mixed in before an optimizer whose step treats each weight by itself, such as AdamW.

    The step is the optimizer's own, on the device, so its numbers are the same. Beside weights and
    gradients the device holds the states of one weight.
    """

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """One step; the states of a weight are moved in, and out again when it has been taken."""
        groups = self.param_groups
        try:
            for group in groups:
                for weight in group["params"]:
                    if weight.grad is None:
                        continue
                    kept: dict[str, Any] = self.state[weight]
                    self.state[weight] = {
                        name: _moved(value, weight.device) for name, value in kept.items()
                    }
                    self.param_groups = [group | {"params": [weight]}]
                    super().step()
                    self.state[weight] = {
                        name: _returned(value, kept.get(name))
                        for name, value in self.state[weight].items()
                    }
        finally:
            self.param_groups = groups

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over the states of each weight where they are: they need no device's memory."""
        weights = [weight for group in self.param_groups for weight in group["params"]]
        for index, states in state_dict["state"].items():
            self.state[weights[index]] = dict(states)


def _moved(value: Any, device: torch.device) -> Any:
    """On the device; numbers, such as the count of steps, stay."""
    return value.to(device) if isinstance(value, Tensor) and value.ndim else value


def _returned(value: Any, kept: Any) -> Any:
    """In main memory, in the tensor that was kept there before."""
    if not isinstance(value, Tensor):
        return value
    if isinstance(kept, Tensor):
        return kept if value is kept else kept.copy_(value)
    return value.cpu()
