"""Attention over one row whose sequences share prompts: each shared prompt is computed once.

    row:  [ prompt A | branch | branch | branch ][ prompt B | branch | branch ] …

A branch sees its own prompt and itself, causally, and its positions continue those of the prompt.
So outputs and gradients equal those of the sequences run one by one. The tree mask is never built:
each segment attends to the keys it may see, so attention costs what the sequences cost, not the
square of the row. Sliding windows reach from a branch into its prompt; a segment longer than the
window is computed in blocks, each with the keys of its window.

`IMPLEMENTATION` is registered with transformers. Without a `tree`, a model behaves as with "sdpa",
or as with "eager" where it has soft caps or sinks, which "sdpa" refuses or leaves out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import repeat_kv, sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

IMPLEMENTATION = "cppo_tree"

WINDOW_BLOCK = 512
"""Most queries of a sliding window that are computed at once."""

Tokens = Sequence[int]


@dataclass(frozen=True, slots=True)
class PromptGroup:
    """Sequences whose prompts have a common beginning."""

    members: tuple[int, ...]
    shared: int
    """Tokens computed once for all members."""


@dataclass(frozen=True, slots=True)
class PromptTree:
    """One row of segments, in row order."""

    sizes: tuple[int, ...]
    """Tokens of each segment."""
    parents: tuple[int | None, ...]
    """The segment that each one continues; None for a root."""
    mask: Tensor
    """0 where a branch may attend, −inf elsewhere: (longest branch, longest prompt + longest
    branch)."""
    windows: list[int] = field(default_factory=list)
    """The windows of the attention layers that have computed this row, in their order."""
    bands: dict[int, Tensor] = field(default_factory=dict)
    """Window → mask of a block of queries."""

    def visible(self, segment: int) -> Tensor:
        """What a segment may see of its parent and itself: (its tokens, both their tokens)."""
        parent = self.parents[segment]
        own, before = self.sizes[segment], 0 if parent is None else self.sizes[parent]
        start = self.mask.shape[1] - self.mask.shape[0] - before
        return self.mask[:own, start : start + before + own]

    def blocks(self, own: int, before: int, window: int) -> Iterator[tuple[slice, slice, Tensor]]:
        """The queries of a segment in blocks: its tokens, the keys in their window, the mask."""
        size = min(window, WINDOW_BLOCK)
        if window not in self.bands:
            everything = torch.full((size, window - 1 + size), -torch.inf, device=self.mask.device)
            self.bands[window] = everything.triu(window) + everything.tril(-1)
        for start in range(0, own, size):
            end = min(start + size, own)
            first = max(0, before + start - window + 1)
            left = first - (before + start - window + 1)
            width = before + end - first
            band = self.bands[window][: end - start, left : left + width]
            yield slice(start, end), slice(first, before + end), band


@dataclass(frozen=True, slots=True)
class PackedRow:
    """Inputs of one forward pass over a tree, and where the completions are predicted."""

    ids_1L: Tensor
    positions_1L: Tensor
    tree: PromptTree
    predicting: Tensor
    """Row indices whose logits predict the completion tokens, sequence by sequence."""


def shared_prompts(prompts: Sequence[Tokens]) -> list[PromptGroup]:
    """Group the sequences whose prompts share at least half of their tokens.

    The last prompt token is never shared: each branch begins with it, so that every branch predicts
    its completion.
    """
    order = sorted(range(len(prompts)), key=lambda i: tuple(prompts[i]))
    groups: list[PromptGroup] = []
    for i in order:
        if groups:
            last = groups[-1]
            before = prompts[last.members[-1]]
            common = _common(before, prompts[i])
            if common > 0 and 2 * common >= max(len(before), len(prompts[i])) - 1:
                groups[-1] = PromptGroup((*last.members, i), min(last.shared, common))
                continue
        groups.append(PromptGroup((i,), len(prompts[i]) - 1))
    return [group if len(group.members) > 1 else PromptGroup(group.members, 0) for group in groups]


def row_tokens(group: PromptGroup, prompts: Sequence[Tokens], completions: Sequence[Tokens]) -> int:
    """Row tokens that a group needs."""
    return group.shared + sum(
        len(prompts[i]) - group.shared + len(completions[i]) - 1 for i in group.members
    )


def make_row(
    groups: Sequence[PromptGroup],
    prompts: Sequence[Tokens],
    completions: Sequence[Tokens],
    device: torch.device,
) -> tuple[PackedRow, list[int]]:
    """Lay groups out as one row; also returns the members in row order."""
    ids: list[int] = []
    positions: list[int] = []
    predicting: list[int] = []
    sizes: list[int] = []
    parents: list[int | None] = []
    order: list[int] = []

    def append(tokens: Tokens, start: int, parent: int | None) -> None:
        ids.extend(tokens)
        positions.extend(range(start, start + len(tokens)))
        sizes.append(len(tokens))
        parents.append(parent)

    for group in groups:
        root = len(sizes) if group.shared else None
        if group.shared:
            append(prompts[group.members[0]][: group.shared], 0, None)
        for i in group.members:
            branch = [*prompts[i][group.shared :], *completions[i][:-1]]
            append(branch, group.shared, root)
            predicting.extend(range(len(ids) - len(completions[i]), len(ids)))
            order.append(i)
    branches = [size for size, parent in zip(sizes, parents, strict=True) if parent is not None]
    longest = max(branches, default=0)
    longest_root = max((sizes[parent] for parent in parents if parent is not None), default=0)
    mask = torch.zeros(longest, longest_root + longest, device=device)
    mask[:, longest_root:] = torch.full((longest, longest), -torch.inf, device=device).triu(1)
    row = PackedRow(
        ids_1L=torch.tensor([ids], device=device),
        positions_1L=torch.tensor([positions], device=device),
        tree=PromptTree(tuple(sizes), tuple(parents), mask),
        predicting=torch.tensor(predicting, device=device),
    )
    return row, order


def tree_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    tree: PromptTree | None = None,
    scaling: float | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    s_aux: Tensor | None = None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """Transformers' attention interface: (1, heads, row, dim) → (1, row, heads, dim).

    `softcap` (Gemma 2) bends the scores. `s_aux` (gpt-oss) has a sink for each head, which takes a
    part of the attention and gives nothing.
    """
    special = softcap is not None or s_aux is not None
    if tree is None and not special:
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, scaling=scaling, **kwargs
        )
    repeats = getattr(module, "num_key_value_groups", 1)
    key, value = repeat_kv(key, repeats), repeat_kv(value, repeats)
    attend = partial(_bent_attention, scaling=scaling, softcap=softcap, sinks=s_aux)
    if not special:
        attend = partial(_attention, scaling=scaling)
    if tree is None:
        return attend(query, key, value, attention_mask).transpose(1, 2), None
    if sliding_window is not None:
        tree.windows.append(sliding_window)
    queries, keys, values = (x.split(tree.sizes, dim=2) for x in (query, key, value))
    outputs: list[Tensor] = []
    for segment, parent in enumerate(tree.parents):
        q, k, v = queries[segment], keys[segment], values[segment]
        before = 0
        if parent is not None:
            before = tree.sizes[parent]
            k, v = torch.cat([keys[parent], k], dim=2), torch.cat([values[parent], v], dim=2)
        if sliding_window is not None and k.shape[2] > sliding_window:
            for rows, columns, band in tree.blocks(q.shape[2], before, sliding_window):
                near = k[:, :, columns], v[:, :, columns]
                outputs.append(attend(q[:, :, rows], *near, band))
        else:
            outputs.append(attend(q, k, v, None if parent is None else tree.visible(segment)))
    return torch.cat(outputs, dim=2).transpose(1, 2), None


def _attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, scaling: Any) -> Tensor:
    """Attention with an additive mask, causal without one."""
    mask = None if mask is None else mask.to(q.dtype)
    return scaled_dot_product_attention(
        q, k, v, attn_mask=mask, is_causal=mask is None, scale=scaling
    )


def _bent_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Tensor | None,
    scaling: float | None,
    softcap: float | None,
    sinks: Tensor | None,
) -> Tensor:
    """The same with a soft cap of the scores, or sinks; a mask may also be one of booleans."""
    scale = q.shape[-1] ** -0.5 if scaling is None else scaling
    scores = (q @ k.transpose(2, 3)).float() * scale
    if softcap is not None:
        scores = softcap * torch.tanh(scores / softcap)
    if mask is None:
        own, all_keys = scores.shape[2:]
        mask = torch.ones(own, all_keys, dtype=torch.bool, device=q.device).tril(all_keys - own)
    if mask.dtype is torch.bool:
        # Rows of padding see nothing: with −inf they would be NaN.
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    else:
        scores = scores + mask
    if sinks is not None:
        shape = (len(scores), -1, scores.shape[2], 1)
        scores = torch.cat([scores, sinks.float().reshape(1, -1, 1, 1).expand(shape)], dim=-1)
    shares = scores.softmax(-1)[..., : k.shape[2]].to(v.dtype)
    return shares @ v


def _common(left: Tokens, right: Tokens) -> int:
    """Length of the common beginning, excluding the last token of either."""
    pairs = enumerate(zip(left[:-1], right[:-1], strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(left), len(right)) - 1)


AttentionInterface.register(IMPLEMENTATION, tree_attention)
AttentionMaskInterface.register(IMPLEMENTATION, sdpa_mask)
