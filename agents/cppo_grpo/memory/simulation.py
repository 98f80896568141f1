"""The memory of a pass through a model, measured on tensors that hold no data.

The forward and the backward pass of a few layers run on fake tensors, which know their shapes only,
while torch counts what is alive. So the figures follow the code of the model and of the learner,
whatever the architecture. Memory is linear in the number of layers of each kind: a slice with one
of each, and one more for each kind, give the lines.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from transformers import AutoModelForCausalLM, PretrainedConfig
from transformers.utils import logging

from cppo_grpo.config import TrainConfig
from cppo_grpo.memory.shapes import layer_kinds, period, slice_of, text_config
from cppo_grpo.memory.tracking import AliveBytes
from cppo_grpo.model.chunked_head import chosen_log_probs
from cppo_grpo.model.lora import add_adapter, hold_in_bfloat16
from cppo_grpo.model.modes import checkpoint_activations
from cppo_grpo.model.sharing import LINEAR, attention_kinds, install, obstacle
from cppo_grpo.model.tree_attention import PromptGroup, make_row
from cppo_grpo.samplers.kv_cache import (
    cache_argument,
    final_room,
    held_bytes,
    make_cache,
    prefill_parts,
)
from cppo_grpo.samplers.transformers import draw


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


def activations(shape: PretrainedConfig, config: TrainConfig, one: PassShape, remat: bool) -> int:
    """Peak bytes of a pass of the update, beyond weights, gradients and optimizer state.

    Args:
        shape: the model.
        config: the run; its adapter and its precision count.
        one: the pass.
        remat: whether activations are recomputed in the backward pass.
    """
    text, kinds = text_config(shape), layer_kinds(shape)
    adapter = (config.lora_rank, config.lora_targets, config.lora_base)
    settings = (*adapter, config.bf16, remat)
    half = config.lora_base == "bfloat16"
    tail = tuple(reversed(dict.fromkeys(reversed(kinds))))
    one_of_each = _key(shape, tail)

    def whole(run: PassShape) -> Alive:
        last = _layers(one_of_each, run, *settings)
        saved = held = 0.0
        for kind in tail:
            other = tuple(each for each in tail if each != kind) or (kind, kind)
            less = _layers(_key(shape, other), run, *settings)
            more = kinds.count(kind) - 1
            saved += more * abs(last.saved - less.saved)
            held += more * abs(last.held - less.held)
        return Alive(last.saved + saved, max(last.backward + saved, last.forward + held))

    if LINEAR in attention_kinds(shape):
        if _shares(one_of_each):
            alive = _extended(whole(SHORT), [whole(longer) for longer in LONGER], one)
        else:
            ratio = (one.tokens - ROWS[0].tokens) / (ROWS[1].tokens - ROWS[0].tokens)
            alive = whole(ROWS[0]).towards(whole(ROWS[1]), ratio)
    else:
        group = whole(replace(one, groups=1))
        alive = Alive(group.saved * one.groups, group.peak * one.groups)
    settings = (text.hidden_size, config.lora_rank == 0, config.bf16, half)
    tokens = one.completion * one.sequences * one.groups
    return int(max(alive.saved + _whole_head(tokens, text.vocab_size, *settings), alive.peak))


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


@dataclass(frozen=True, slots=True)
class Decoding:
    """Bytes that sampling takes beyond the weights."""

    cache: float
    """Keys and values (or states) of all sequences when they are longest."""
    work: float
    """What else is alive at the worst moment: the prefill, or drawing a token."""


def decoding(
    shape: PretrainedConfig, one: PassShape, most: int | None = None, *, half: bool = False
) -> Decoding:
    """The memory of sampling in this process: all sequences have prompts of their own.

    Args:
        shape: the model.
        one: the sequences of a batch.
        most: the sampler's `prefill_tokens`.
        half: the model is held in bfloat16.
    """
    text, few = text_config(shape), period(shape)
    parts = prefill_parts(one.sequences, one.prompt, most)
    per_sequence, prefill = _prefill(_key(shape, few), one.prompt, parts[0].stop, half)
    layers = text.num_hidden_layers / len(few)
    grown = final_room(one.prompt, one.prompt + one.completion - 1) / one.prompt
    cache = per_sequence * grown * layers * one.sequences
    copied = cache / text.num_hidden_layers  # one layer grows at a time
    drawn = _draw(text.vocab_size, one.sequences)
    return Decoding(cache, max(prefill * one.sequences, drawn + copied))


class _Key:
    """A slice as an argument that can be remembered by its text."""

    def __init__(self, part: PretrainedConfig):
        self.part, self.text = part, part.to_json_string(use_diff=False)

    def __hash__(self) -> int:
        return hash(self.text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.text == other.text


def _key(shape: PretrainedConfig, kinds: Sequence[str]) -> _Key:
    return _Key(slice_of(shape, kinds))


@contextmanager
def _fake() -> Iterator[None]:
    """Tensors without data, and none of the warnings about how little they know."""
    with warnings.catch_warnings(), FakeTensorMode():
        warnings.simplefilter("ignore")
        level = logging.get_verbosity()
        logging.set_verbosity_error()  # a missing fast kernel matters to no count
        try:
            yield
        finally:
            logging.set_verbosity(level)


def _shapes_only(part: PretrainedConfig) -> Any:
    with torch.device("meta"):
        return AutoModelForCausalLM.from_config(part, dtype=torch.float32)


def _fill(model: nn.Module) -> None:
    """Give every weight and buffer a fake tensor, on the CPU, in place of its shape."""
    filled: dict[Tensor, Tensor] = {}

    def fill(tensor: Tensor) -> Tensor:
        if tensor not in filled:
            new = torch.empty(tensor.shape, dtype=tensor.dtype, device="cpu")
            filled[tensor] = (
                nn.Parameter(new, tensor.requires_grad) if isinstance(tensor, nn.Parameter) else new
            )
        return filled[tensor]

    for module in model.modules():
        for tensors in (module._parameters, module._buffers):
            owned: dict[str, Any] = tensors  # torch allows None in either
            owned.update({name: fill(one) for name, one in owned.items() if one is not None})


@cache
def _shares(key: _Key) -> bool:
    """Whether a model with linear attention computes a shared prompt once."""
    return obstacle(_shapes_only(key.part)) is None


@cache
def _layers(
    key: _Key,
    one: PassShape,
    lora_rank: int,
    lora_targets: str,
    lora_base: Any,
    bf16: bool,
    remat: bool,
) -> _Pass:
    """A second pass through some layers: the gradients are there already."""
    model = _shapes_only(key.part)
    if lora_rank:
        add_adapter(
            model,
            TrainConfig(lora_rank=lora_rank, lora_targets=lora_targets, lora_base=lora_base),
        )
    with _fake():
        _fill(model)
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
    with _fake():
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


@cache
def _prefill(key: _Key, tokens: int, columns: int, half: bool) -> tuple[float, float]:
    """Bytes that one prompt leaves in the cache of some layers, and those it takes besides.

    It is read in parts of some columns.
    """
    model = _shapes_only(key.part).eval()
    if half:
        hold_in_bfloat16(model)
    with _fake(), torch.no_grad():
        _fill(model)
        cached = make_cache(model.config, tokens)
        ids, mask = (torch.ones(1, tokens, dtype=torch.long) for _ in range(2))
        whole, besides = columns >= tokens, 0  # whole prompts of one length need no mask
        with AliveBytes([*model.parameters(), *model.buffers(), ids, mask]) as own:
            for part in prefill_parts(1, tokens, columns):
                own.peak = own.now
                model(
                    input_ids=ids[:, part],
                    attention_mask=None if whole else mask[:, : part.stop],
                    use_cache=True,
                    logits_to_keep=1,
                    **{cache_argument(model): cached},
                )
                besides = max(besides, own.peak - own.now)
        kept = held_bytes(cached)
    return kept, besides


@cache
def _draw(vocabulary: int, sequences: int) -> float:
    """Peak bytes of drawing a token of each sequence, with its logits."""
    with _fake(), torch.no_grad(), AliveBytes() as own:
        logits = torch.zeros(sequences, vocabulary)
        draw(logits, 0.7, torch.zeros(sequences, dtype=torch.float64))
    return own.peak
