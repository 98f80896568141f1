"""The memory of a pass through a model, measured on tensors that hold no data.

The forward and the backward pass of a few layers run on fake tensors, which know their shapes only,
while torch counts what is alive. So the figures follow the code of the model and of the learner,
whatever the architecture. Memory is linear in the number of layers of each kind: a slice with one
of each, and one more for each kind, give the lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import torch
from torch import Tensor
from transformers import PretrainedConfig

from cppo_grpo.config import TrainConfig
from cppo_grpo.memory.fake import Key, fake, fill, key_of, shapes_only
from cppo_grpo.memory.shapes import layer_kinds, text_config
from cppo_grpo.memory.tracking import AliveBytes
from cppo_grpo.model.chunked_head import chosen_log_probs
from cppo_grpo.model.lora import add_adapter
from cppo_grpo.model.modes import checkpoint_activations
from cppo_grpo.model.sharing import LINEAR, attention_kinds, install, obstacle
from cppo_grpo.model.tree_attention import PromptGroup, make_row

FLOAT32 = 4


@dataclass(frozen=True, slots=True)
class PassShape:
    """The sequences of a pass: groups of one prompt and several completions."""

    prompt: int
    """Tokens of the prompt."""
    completion: int
    """Tokens of each completion."""
    sequences: int
    """Sequences of each group."""
    groups: int = 1

    @property
    def tokens(self) -> int:
        """Tokens of all sequences, each with its prompt."""
        return (self.prompt + self.completion - 1) * self.sequences * self.groups


ROWS = PassShape(33, 32, 1), PassShape(65, 64, 1)
"""What stands for a long pass whose sequences have rows to themselves, where memory is linear in
the tokens."""

SHORT = PassShape(65, 64, 2)
LONGER = PassShape(129, 64, 2), PassShape(65, 128, 2), PassShape(65, 64, 4)
"""What stands for a long pass of linear attention, which runs in many small steps, all alike:
memory is linear in the tokens of prompts, in those of completions, and in the sequences."""


HEAD_TOKENS, HEAD_VOCABULARY = (512, 1024), (8192, 16384)
"""What stands for more of either in the head, whose memory is a sum of both from a tile on."""


@dataclass(frozen=True, slots=True)
class Alive:
    """Bytes of a pass beyond weights and gradients."""

    saved: float
    """After the forward pass."""
    peak: float

    def towards(self, other: Alive, ratio: float) -> Alive:
        """On the line from here through the other, at a multiple of their distance."""
        return Alive(
            self.saved + ratio * (other.saved - self.saved),
            self.peak + ratio * (other.peak - self.peak),
        )


def activations(
    shape: PretrainedConfig, config: TrainConfig, together: Sequence[PassShape], remat: bool
) -> int:
    """Peak bytes of a pass of the update, beyond weights, gradients and optimizer state.

    Args:
        shape: the model.
        config: the run; its adapter and its precision count.
        together: what one pass holds.
        remat: whether activations are recomputed in the backward pass.
    """
    text, kinds = text_config(shape), layer_kinds(shape)
    adapter = (config.lora_rank, config.lora_targets, config.lora_base)
    settings = (*adapter, config.bf16, remat)
    half = config.lora_base == "bfloat16"
    tail = tuple(reversed(dict.fromkeys(reversed(kinds))))
    one_of_each = key_of(shape, tail)

    def whole(run: PassShape) -> Alive:
        last = _layers(one_of_each, run, *settings)
        saved = held = 0.0
        for kind in tail:
            other = tuple(each for each in tail if each != kind) or (kind, kind)
            less = _layers(key_of(shape, other), run, *settings)
            more = kinds.count(kind) - 1
            saved += more * abs(last.saved - less.saved)
            held += more * abs(last.held - less.held)
        return Alive(last.saved + saved, max(last.backward + saved, last.forward + held))

    def alive(one: PassShape) -> Alive:
        if LINEAR not in attention_kinds(shape):
            group = whole(replace(one, groups=1))
            return Alive(group.saved * one.groups, group.peak * one.groups)
        if _shares(one_of_each):
            return _extended(whole(SHORT), [whole(longer) for longer in LONGER], one)
        ratio = (one.tokens - ROWS[0].tokens) / (ROWS[1].tokens - ROWS[0].tokens)
        return whole(ROWS[0]).towards(whole(ROWS[1]), ratio)

    each = [alive(one) for one in together]
    saved, peak = sum(one.saved for one in each), sum(one.peak for one in each)
    settings = (text.hidden_size, config.lora_rank == 0, config.bf16, half)
    tokens = sum(one.completion * one.sequences * one.groups for one in together)
    return int(max(saved + _whole_head(tokens, text.vocab_size, *settings), peak))


def _whole_head(tokens: int, vocabulary: int, *settings: Any) -> float:
    """Of many tokens; a large vocabulary is extended from two smaller ones."""
    fewer, more = HEAD_TOKENS
    small, large = HEAD_VOCABULARY
    if vocabulary <= large:
        small = vocabulary
    start = _head(fewer, small, *settings)
    by_token = (_head(more, small, *settings) - start) / (more - fewer)
    found = start + by_token * (tokens - fewer)
    if small < vocabulary:
        by_entry = (_head(fewer, large, *settings) - start) / (large - small)
        found += by_entry * (vocabulary - small)
    return found


def _extended(short: Alive, longer: Sequence[Alive], one: PassShape) -> Alive:
    """From the passes `SHORT` and `LONGER` to a long one."""

    def line(*values: float) -> float:
        start, prompt, completion, sequences = values
        by_prompt = (prompt - start) / (LONGER[0].prompt - SHORT.prompt)
        by_token = (completion - start) / (2 * (LONGER[1].completion - SHORT.completion))
        by_sequence = (sequences - start) / 2 - by_token * SHORT.completion
        fixed = start - by_prompt * SHORT.prompt - 2 * (by_sequence + by_token * SHORT.completion)
        group = by_prompt * one.prompt + one.sequences * (by_sequence + by_token * one.completion)
        return max(0.0, fixed) + one.groups * group

    return Alive(
        line(short.saved, *(each.saved for each in longer)),
        line(short.peak, *(each.peak for each in longer)),
    )


@dataclass(frozen=True, slots=True)
class _Pass:
    """Bytes of a pass through some layers. What is alive at the ends is a sum over the layers.

    The peaks lie in the last layers, when all others are done or have not begun.
    """

    held: float
    """At the end of the forward pass, with the weights that autocast has cast."""
    forward: float
    """Peak of the forward pass."""
    saved: float
    """After it."""
    backward: float
    """Peak of the backward pass."""


@cache
def _shares(key: Key) -> bool:
    """Whether a model with linear attention computes a shared prompt once."""
    return obstacle(shapes_only(key.part)) is None


@cache
def _layers(
    key: Key,
    one: PassShape,
    lora_rank: int,
    lora_targets: str,
    lora_base: Any,
    bf16: bool,
    remat: bool,
) -> _Pass:
    """A second pass through some layers: the gradients are there already."""
    model = shapes_only(key.part)
    if lora_rank:
        add_adapter(
            model,
            TrainConfig(lora_rank=lora_rank, lora_targets=lora_targets, lora_base=lora_base),
        )
    with fake():
        fill(model)
        shared = LINEAR not in attention_kinds(key.part) or _shares(key)
        if shared:
            install(model)
        if remat:
            checkpoint_activations(model)
        model.train()

        for weight in model.parameters():
            weight.grad = torch.zeros_like(weight) if weight.requires_grad else None
        held = [*model.parameters(), *model.buffers()]
        with AliveBytes(held + [weight.grad for weight in held if weight.grad is not None]) as own:
            with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
                hidden = _hidden(model, one, shared)
                held = own.now
            forward, saved = own.peak, own.now
            own.peak = saved
            hidden.backward(torch.ones_like(hidden))
    return _Pass(held, forward, saved, own.peak)


def _hidden(model: Any, one: PassShape, shared: bool) -> Tensor:
    """The hidden states that predict the completions, as `Policy` computes them."""
    if not shared:
        ids = torch.zeros(one.sequences, one.prompt + one.completion - 1, dtype=torch.long)
        states = model.base_model(
            input_ids=ids, attention_mask=torch.ones_like(ids), use_cache=False
        ).last_hidden_state
        return states[:, one.prompt - 1 :]
    prompts = [[0] * one.prompt] * one.sequences
    completions = [[0] * one.completion] * one.sequences
    members = tuple(range(one.sequences))
    common = one.prompt - 1 if one.sequences > 1 else 0
    row, _ = make_row([PromptGroup(members, common)], prompts, completions, torch.device("cpu"))
    states = model.base_model(
        input_ids=row.ids_1L,
        position_ids=row.positions_1L,
        attention_mask=torch.zeros(1, 1, 1, 1),
        tree=row.tree,
        use_cache=False,
    ).last_hidden_state
    return states[0, row.predicting]


@cache
def _head(tokens: int, vocabulary: int, width: int, trained: bool, bf16: bool, half: bool) -> float:
    """Peak bytes of the log-probs and their backward pass, beyond weight, gradient and input."""
    with fake():
        held_as = torch.bfloat16 if half else torch.float32
        weight = torch.zeros(vocabulary, width, dtype=held_as, requires_grad=trained)
        weight.grad = torch.zeros_like(weight) if trained else None
        hidden = torch.zeros(tokens, width, dtype=held_as, requires_grad=True)
        chosen = torch.zeros(tokens, dtype=torch.long)
        held = [weight, hidden, chosen, *([weight.grad] if weight.grad is not None else [])]
        with AliveBytes(held) as own:
            with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
                logps = chosen_log_probs(hidden, weight, chosen, 1.0)
            logps.sum().backward()
    return own.peak
