"""Attention over one row whose sequences share prompts: each shared prompt is computed once.

    row:  [ prompt A | branch | branch | branch ][ prompt B | branch | branch ] …

A branch sees its own prompt and itself, causally, and its positions continue those of the prompt.
So outputs and gradients equal those of the sequences run one by one. The tree mask is never built:
each segment attends to the keys it may see, so attention costs what the sequences cost, not the
square of the row.

`IMPLEMENTATION` is registered with transformers. Without a `tree`, a model behaves as with "sdpa".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import repeat_kv, sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

IMPLEMENTATION = "cppo_tree"

Tokens = Sequence[int]


@dataclass(frozen=True, slots=True)
class PromptGroup:
    """Sequences whose prompts have a common beginning."""

    members: tuple[int, ...]
    shared: int
    """Tokens computed once for all members."""


@dataclass(frozen=True, slots=True)
class Tree:
    """One row of segments, in row order."""

    sizes: tuple[int, ...]
    """Tokens of each segment."""
    parents: tuple[int | None, ...]
    """The segment that each one continues; None for a root."""
    mask: Tensor
    """0 where a branch may attend, −inf elsewhere: (longest branch, longest prompt + longest
    branch)."""

    def visible(self, segment: int) -> Tensor:
        """What a segment may see of its parent and itself: (its tokens, both their tokens)."""
        parent = self.parents[segment]
        own, before = self.sizes[segment], 0 if parent is None else self.sizes[parent]
        start = self.mask.shape[1] - self.mask.shape[0] - before
        return self.mask[:own, start : start + before + own]


@dataclass(frozen=True, slots=True)
class PackedRow:
    """Inputs of one forward pass over a tree, and where the completions are predicted."""

    ids_1L: Tensor
    positions_1L: Tensor
    tree: Tree
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
        tree=Tree(tuple(sizes), tuple(parents), mask),
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
    tree: Tree | None = None,
    scaling: float | None = None,
    dropout: float = 0.0,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """Transformers' attention interface: (1, heads, row, dim) → (1, row, heads, dim)."""
    if tree is None:
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, scaling=scaling, dropout=dropout, **kwargs
        )
    repeats = getattr(module, "num_key_value_groups", 1)
    queries, keys, values = (
        x.split(tree.sizes, dim=2)
        for x in (query, repeat_kv(key, repeats), repeat_kv(value, repeats))
    )
    outputs: list[Tensor] = []
    for segment, parent in enumerate(tree.parents):
        q, k, v = queries[segment], keys[segment], values[segment]
        if parent is None:
            output = scaled_dot_product_attention(
                q, k, v, is_causal=True, scale=scaling, dropout_p=dropout
            )
        else:
            k, v = torch.cat([keys[parent], k], dim=2), torch.cat([values[parent], v], dim=2)
            mask = tree.visible(segment).to(q.dtype)
            output = scaled_dot_product_attention(
                q, k, v, attn_mask=mask, scale=scaling, dropout_p=dropout
            )
        outputs.append(output)
    return torch.cat(outputs, dim=2).transpose(1, 2), None


def _common(left: Tokens, right: Tokens) -> int:
    """Length of the common beginning, excluding the last token of either."""
    pairs = enumerate(zip(left[:-1], right[:-1], strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(left), len(right)) - 1)


AttentionInterface.register(IMPLEMENTATION, tree_attention)
AttentionMaskInterface.register(IMPLEMENTATION, sdpa_mask)
