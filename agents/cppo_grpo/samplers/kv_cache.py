"""A key-value cache that grows in place."""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache, PretrainedConfig, PreTrainedModel
from transformers.cache_utils import DynamicLayer


class BufferedLayer(DynamicLayer):
    """Keys and values of a full-attention layer, in a buffer with spare room.

    `DynamicLayer` copies the whole past for every token, which is about half of the decoding time
    of a small model on a CPU.
    """

    reserve = 0
    """Tokens that the first buffer has room for, beside what it then holds: a prompt that comes in
    parts."""
    _keys: Tensor
    _values: Tensor

    def update(
        self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any
    ) -> tuple[Tensor, Tensor]:
        """Append along the sequence, and return all keys and values so far."""
        past = self.get_seq_length()
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
            self._keys, self._values = key_states[..., :0, :], value_states[..., :0, :]
        total = past + key_states.shape[-2]
        if total > self._keys.shape[-2]:
            least = max(total, self.reserve)
            self._keys, self._values = (
                _with_room(self._keys, least),
                _with_room(self._values, least),
            )
        self._keys[..., past:total, :] = key_states
        self._values[..., past:total, :] = value_states
        self.keys, self.values = self._keys[..., :total, :], self._values[..., :total, :]
        return self.keys, self.values

    def reorder_cache(self, beam_idx: Any) -> None:
        """Keep the given rows of the batch; a row may repeat."""
        if not self.is_initialized:
            return
        past = self.get_seq_length()
        self._keys = self._keys.index_select(0, beam_idx)
        self._values = self._values.index_select(0, beam_idx)
        self.keys, self.values = self._keys[..., :past, :], self._values[..., :past, :]


def make_cache(config: PretrainedConfig, reserve: int = 0) -> DynamicCache:
    """A cache for this model, with its full-attention layers buffered, for prompts of a length."""
    cache = DynamicCache(config=config)
    cache.layers = [
        BufferedLayer() if type(layer) is DynamicLayer else layer for layer in cache.layers
    ]
    for layer in cache.layers:
        if isinstance(layer, BufferedLayer):
            layer.reserve = reserve
    return cache


def prefill_parts(rows: int, length: int, most: int | None) -> list[slice]:
    """The columns of each pass that reads prompts, with about `most` tokens at once."""
    columns = length if most is None else max(1, most // rows)
    return [slice(start, min(start + columns, length)) for start in range(0, length, columns)]


def cache_argument(model: PreTrainedModel) -> str:
    """The model's name for its cache argument; transformers 5.24 renames it model by model."""
    return "cache" if "cache" in inspect.signature(model.forward).parameters else "past_key_values"


def held_bytes(cache: DynamicCache, kind: type = object) -> int:
    """Bytes of what a cache knows, or its layers of a kind, without the spare room of buffers."""
    return sum(
        tensor.nbytes
        for layer in cache.layers
        if isinstance(layer, kind)
        for name, value in vars(layer).items()
        if not name.startswith("_")
        for tensor in (value if isinstance(value, list | tuple) else (value,))
        if isinstance(tensor, Tensor)
    )


@torch.no_grad()
def bytes_of_sequence(model: PreTrainedModel) -> tuple[int, int]:
    """Bytes that a sequence takes in the cache whatever its length, and those of each token.

    Measured on two short prompts; windows bound the second, so it is the most.
    """
    sizes: list[int] = []
    for tokens in (1, 2):
        cache = make_cache(model.config)
        ids = torch.zeros((1, tokens), dtype=torch.long, device=model.device)
        model(input_ids=ids, use_cache=True, logits_to_keep=1, **{cache_argument(model): cache})
        sizes.append(held_bytes(cache))
    each = sizes[1] - sizes[0]
    return sizes[0] - each, each


def room(total: int) -> int:
    """The tokens that a new buffer holds: half as many again, so n appended ones cost O(n)."""
    return max(total + 32, total * 3 // 2)


def final_room(prompt: int, total: int) -> int:
    """The tokens that the buffer holds once a prompt has grown to `total` tokens."""
    held = room(prompt)
    while held < total:
        held = room(held + 1)
    return held


def _with_room(buffer: Tensor, total: int) -> Tensor:
    """A copy with more room."""
    past = buffer.shape[-2]
    roomy = torch.empty(
        *buffer.shape[:-2],
        room(total),
        buffer.shape[-1],
        dtype=buffer.dtype,
        device=buffer.device,
    )
    roomy[..., :past, :] = buffer
    return roomy
