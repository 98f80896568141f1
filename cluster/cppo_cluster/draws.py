"""What a learner and its players send each other: prompts, completions, weights, as arrays."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import ray
import torch
from cppo_grpo.samplers import Completion
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True, slots=True)
class SentPrompts:
    """Prompts; neighbours that are equal are sent once."""

    tokens: NDArray[np.int32]
    lengths: NDArray[np.int32]
    copies: NDArray[np.int32]

    @classmethod
    def of(cls, prompts: Sequence[Sequence[int]]) -> Self:
        """Pack prompts."""
        distinct: list[tuple[int, ...]] = []
        copies: list[int] = []
        for prompt in map(tuple, prompts):
            if not distinct or prompt != distinct[-1]:
                distinct.append(prompt)
                copies.append(0)
            copies[-1] += 1
        return cls(_joined(distinct), _int32(map(len, distinct)), _int32(copies))

    def prompts(self) -> list[list[int]]:
        """The prompts again."""
        parts = np.split(self.tokens, np.cumsum(self.lengths)[:-1])
        pairs = zip(parts, self.copies.tolist(), strict=True)
        return [part.tolist() for part, count in pairs for _ in range(count)]


@dataclass(frozen=True, slots=True)
class SentCompletions:
    """Completions. Engines compute log-probs in float32, so that loses nothing."""

    tokens: NDArray[np.int32]
    log_probs: NDArray[np.float32]
    lengths: NDArray[np.int32]
    stopped: NDArray[np.bool_]
    thoughts: NDArray[np.int32]
    appended: NDArray[np.int32]
    version: int
    """Of the weights that drew them."""

    @classmethod
    def of(cls, completions: Sequence[Completion], version: int) -> Self:
        """Pack completions."""
        return cls(
            _joined([one.token_ids for one in completions]),
            np.array([logp for one in completions for logp in one.log_probs], dtype=np.float32),
            _int32(len(one.token_ids) for one in completions),
            np.array([one.finish_reason == "stop" for one in completions], dtype=np.bool_),
            _int32(one.thoughts for one in completions),
            _int32(one.appended for one in completions),
            version,
        )

    def completions(self) -> list[Completion]:
        """The completions again."""
        ends = np.cumsum(self.lengths)[:-1]
        columns = (
            np.split(self.tokens, ends),
            np.split(self.log_probs, ends),
            self.stopped,
            self.thoughts.tolist(),
            self.appended.tolist(),
        )
        return [
            Completion(
                tuple(tokens.tolist()),
                tuple(logps.tolist()),
                "stop" if stopped else "length",
                thoughts,
                appended,
                (self.version,),
            )
            for tokens, logps, stopped, thoughts, appended in zip(*columns, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class SentWeight:
    """A weight whose bytes are in the object store."""

    name: str
    dtype: torch.dtype
    shape: tuple[int, ...]
    content: Any


def put_weights(named_weights: Iterable[tuple[str, Tensor]]) -> Any:
    """Put weights into the object store, one by one; returns a reference to their list."""
    return ray.put(
        [
            SentWeight(name, weight.dtype, tuple(weight.shape), ray.put(_bytes_of(weight)))
            for name, weight in named_weights
        ]
    )


def get_weights(reference: Any) -> Iterator[tuple[str, Tensor]]:
    """The weights, each fetched when it is asked for. They lie in the store and are only read."""
    for one in ray.get(reference):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The given NumPy array is not writable")
            raw = torch.from_numpy(ray.get(one.content))
        yield one.name, raw.view(one.dtype).reshape(one.shape)


def _bytes_of(weight: Tensor) -> NDArray[np.uint8]:
    """NumPy has no bfloat16."""
    return weight.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()


def _joined(sequences: Sequence[Sequence[int]]) -> NDArray[np.int32]:
    return _int32(token for one in sequences for token in one)


def _int32(numbers: Iterable[int]) -> NDArray[np.int32]:
    return np.fromiter(numbers, dtype=np.int32)
