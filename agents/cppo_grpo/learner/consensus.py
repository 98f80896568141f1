"""CAPO: several copies of an update on the same rollout, averaged ("optimise wider, not deeper").

    θ_r = update(θ, rollout, minibatches in the order of replicate r),   θ ← mean_r θ_r

Each replicate starts from the same weights and the same state of AdamW, whose moments are averaged
as well. What the replicates agree on stays; what depends on the order of the minibatches cancels.
N replicates cost as much as N times the `update_epochs`, the comparison to make.

Source: Mustafaoglu et al. 2026, arXiv 2603.12596: averaging in parameter space. Their second way,
the logarithmic opinion pool of the replicates' distributions, is not covered: one network cannot
hold it without distillation.

Tested: one replicate is the plain update bit for bit; two are the mean of two updates done by hand;
replicates that agree change nothing.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class Consensus:
    """Collects the replicates of one update; a single one is left as it is."""

    def __init__(self, optimizer: torch.optim.Optimizer, replicates: int):
        self._optimizer, self._replicates = optimizer, replicates
        self._weights = [weight for group in optimizer.param_groups for weight in group["params"]]
        self._start = self._copy() if replicates > 1 else None
        self._ends: list[list[dict[str, Any]]] = []

    def collect(self) -> None:
        """Keep the end of a replicate, and go back to the start for the next one."""
        if self._start is not None:
            self._ends.append(self._copy())
            self._put(self._start)

    def settle(self) -> float | None:
        """Put the mean of the replicates in place.

        Returns:
            How far they lie apart: the mean distance of their weights from the consensus, relative
            to the distance that the consensus has moved. None for a single replicate.
        """
        if self._start is None:
            return None
        places = range(len(self._weights))
        merged = [_mean([end[place] for end in self._ends]) for place in places]
        self._put(merged)
        moved = _distance(self._start, merged)
        apart = sum(_distance(end, merged) for end in self._ends) / len(self._ends)
        return apart / moved if moved else 0.0

    def _copy(self) -> list[dict[str, Any]]:
        """Each weight with its optimizer state."""
        return [
            {"weight": weight.detach().clone()}
            | {
                name: value.clone() if isinstance(value, Tensor) else value
                for name, value in self._optimizer.state.get(weight, {}).items()
            }
            for weight in self._weights
        ]

    @torch.no_grad()
    def _put(self, values: list[dict[str, Any]]) -> None:
        for weight, value in zip(self._weights, values, strict=True):
            weight.copy_(value["weight"])
            state = {
                name: one.clone() if isinstance(one, Tensor) else one
                for name, one in value.items()
                if name != "weight"
            }
            if state:
                self._optimizer.state[weight] = state
            else:  # before the first step there is none
                self._optimizer.state.pop(weight, None)


def _mean(values: list[dict[str, Any]]) -> dict[str, Any]:
    """The mean of each tensor; the replicates took as many steps, so theirs is any of them."""
    return {
        name: torch.stack([value[name] for value in values]).mean(0)
        if name != "step" and isinstance(first, Tensor)
        else first
        for name, first in values[0].items()
    }


def _distance(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> float:
    """Euclidean, over all weights."""
    squares = [
        float((a["weight"] - b["weight"]).square().sum()) for a, b in zip(one, other, strict=True)
    ]
    return sum(squares) ** 0.5
