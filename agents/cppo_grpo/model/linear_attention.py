"""Linear-attention layers of a hybrid (Qwen3-Next, Qwen3.5) over a row that shares prompts.

A layer of gated delta rule (Yang et al. 2024, arXiv 2412.06464) reads its past from two states: the
last inputs of a short convolution, and a matrix. Here the layer itself computes every segment of a
row: the prompts first, and the branches from the states that their prompts end in. The states are
kept as they come, and not copied into a cache, so gradients flow through them into the prompt.

Segments of similar length are one batch. Prompts are padded on the left, where zeros leave both
states at zero; branches on the right, where nobody reads the states.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import pad
from transformers import PreTrainedModel

from cppo_grpo.model.tree_attention import PromptTree

CHUNK = 64
"""Tokens that the delta rule computes at once: it pads a batch to a multiple of them anyway."""


def branching_layers(model: PreTrainedModel) -> list[nn.Module]:
    """The layers of gated delta rule."""
    return [one for one in model.modules() if type(one).__name__.endswith("GatedDeltaNet")]


def branch(model: PreTrainedModel) -> None:
    """Let the layers take a `tree`; without one they compute what they did."""
    for layer in branching_layers(model):
        if not isinstance(layer.forward, Branching):  # a copy of such a model has them
            layer.forward = Branching(layer.forward)


def unbranch(model: PreTrainedModel) -> None:
    """Undo `branch`."""
    for layer in branching_layers(model):
        if isinstance(layer.forward, Branching):
            del layer.forward


class Branching:
    """The forward pass of a layer, also over a tree.

    Args:
        own: the layer's own forward pass.
    """

    def __init__(self, own: Callable[..., Tensor]) -> None:
        self.own = own

    def __call__(
        self, hidden_states: Tensor, tree: PromptTree | None = None, **kwargs: Any
    ) -> Tensor:
        """As transformers calls a layer; a row of segments if there is a tree."""
        if tree is None:
            return self.own(hidden_states=hidden_states, **kwargs)
        segments = hidden_states[0].split(tree.sizes)
        outputs: dict[int, Tensor] = {}
        states: dict[int, States] = {}
        roots = [i for i, parent in enumerate(tree.parents) if parent is None]
        for rows in _similar(roots, tree):
            batch = _padded([segments[i] for i in rows], left=True)
            after = States()
            computed = self.own(hidden_states=batch, cache=after)
            for row, i in enumerate(rows):
                outputs[i] = computed[row, computed.shape[1] - tree.sizes[i] :]
                states[i] = after.row(row)
        branches = [i for i, parent in enumerate(tree.parents) if parent is not None]
        for rows in _similar(branches, tree):
            batch = _padded([segments[i] for i in rows], left=False)
            parents: list[Any] = [tree.parents[i] for i in rows]
            computed = self.own(hidden_states=batch, cache=States.of([states[p] for p in parents]))
            for row, i in enumerate(rows):
                outputs[i] = computed[row, : tree.sizes[i]]
        return torch.cat([outputs[i] for i in range(len(segments))])[None]


class States:
    """What a layer asks of a cache, for this layer alone."""

    def __init__(self, conv: Tensor | None = None, recurrent: Tensor | None = None) -> None:
        self.conv, self.recurrent = conv, recurrent

    @classmethod
    def of(cls, states: Sequence[States]) -> States:
        """A batch of states, one each."""
        conv: list[Any] = [one.conv for one in states]
        recurrent: list[Any] = [one.recurrent for one in states]
        return cls(torch.cat(conv), torch.cat(recurrent))

    def row(self, row: int) -> States:
        """The states of one row of the batch."""
        conv: Any = self.conv
        recurrent: Any = self.recurrent
        return States(conv[row : row + 1], recurrent[row : row + 1])

    def get_conv_state(self, *_: Any, **__: Any) -> Tensor | None:
        """The last inputs of the convolution."""
        return self.conv

    def get_recurrent_state(self, *_: Any, **__: Any) -> Tensor | None:
        """The matrix."""
        return self.recurrent

    def is_recording_past(self, *_: Any, **__: Any) -> bool:
        """No: nothing is taken back."""
        return False

    def update_conv_state(self, new: Tensor, *_: Any, conv_kernel_size: int, **__: Any) -> Tensor:
        """Append inputs of the convolution; returns the old and the new ones."""
        if self.conv is None:
            full = pad(new, (max(0, conv_kernel_size - new.shape[-1]), 0))
        else:
            full = torch.cat([self.conv, new], dim=-1)
        self.conv = full[..., -conv_kernel_size:]
        return full

    def update_recurrent_state(self, new: Tensor, *_: Any, **__: Any) -> Tensor:
        """Replace the matrix."""
        self.recurrent = new
        return new


def _similar(segments: list[int], tree: PromptTree) -> list[list[int]]:
    """Segments that need the same number of chunks."""

    def chunks(segment: int) -> int:
        return -(-tree.sizes[segment] // CHUNK)

    return [list(rows) for _, rows in groupby(sorted(segments, key=chunks), chunks)]


def _padded(segments: list[Tensor], *, left: bool) -> Tensor:
    """One batch; of at least two tokens, because one token is decoded by other code, in place."""
    longest = max(2, *map(len, segments))
    return torch.stack(
        [
            pad(one, (0, 0, longest - len(one), 0) if left else (0, 0, 0, longest - len(one)))
            for one in segments
        ]
    )
