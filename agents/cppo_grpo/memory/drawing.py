"""The memory of drawing tokens with a cache, measured on tensors that hold no data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import torch
from transformers import PretrainedConfig

from cppo_grpo.memory.fake import Key, fake, fill, key_of, shapes_only
from cppo_grpo.memory.shapes import period, text_config
from cppo_grpo.memory.simulation import FLOAT32, PassShape
from cppo_grpo.memory.tracking import AliveBytes
from cppo_grpo.model.lora import hold_in_bfloat16
from cppo_grpo.model.sharing import LINEAR, attention_kinds
from cppo_grpo.samplers.kv_cache import (
    BufferedLayer,
    cache_argument,
    final_room,
    held_bytes,
    make_cache,
    prefill_parts,
    room,
)
from cppo_grpo.samplers.transformers import draw


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
    key, last = key_of(shape, few), one.prompt + one.completion - 1
    columns = prefill_parts(one.sequences, one.prompt, most)[0].stop
    start = _prefill(key, one.prompt, columns, half)
    # States do not grow, and reference code for them is slow on long prompts.
    end = start if LINEAR in attention_kinds(shape) else _prefill(key, last, last, half)
    count = one.sequences * text.num_hidden_layers / len(few)
    buffered = start.buffered / one.prompt
    read = count * (buffered * room(one.prompt) + start.other)
    cache = count * (buffered * final_room(one.prompt, last) + end.other)
    # One layer grows at a time, beside the logits before and after.
    grows = cache / text.num_hidden_layers + 2 * FLOAT32 * text.vocab_size * one.sequences
    draws = _draw(text.vocab_size, one.sequences)
    return Decoding(cache, max(read + start.besides * one.sequences - cache, draws, grows))


@dataclass(frozen=True, slots=True)
class _Read:
    """Bytes of one prompt in the cache of some layers, and of reading it."""

    buffered: int
    """Without the spare room of buffers."""
    other: int
    """In layers that grow without a buffer, or do not grow."""
    besides: int
    """What reading takes at its worst, beside the cache."""


@cache
def _prefill(key: Key, tokens: int, columns: int, half: bool) -> _Read:
    """Reading one prompt in parts of some columns."""
    model = shapes_only(key.part).eval()
    if half:
        hold_in_bfloat16(model)
    with fake(), torch.no_grad():
        fill(model)
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
        buffered = held_bytes(cached, BufferedLayer)
        return _Read(buffered, held_bytes(cached) - buffered, besides)


@cache
def _draw(vocabulary: int, sequences: int) -> float:
    """Peak bytes of drawing a token of each sequence, with its logits."""
    with fake(), torch.no_grad(), AliveBytes() as own:
        logits = torch.zeros(sequences, vocabulary)
        draw(logits, 0.7, torch.zeros(sequences, dtype=torch.float64))
    return own.peak
