"""Samplers: token ids in, token ids and the log-probs of the distribution they were drawn from out.

One protocol for every engine; `--sampler NAME` finds an engine by its entry point in the group
`cppo_env.samplers`. Token ids and log-probs travel untouched from here to the loss: nothing is
re-tokenised.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from torch import Tensor

from cppo_env.errors import UsageError


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """What one call draws from: softmax(logits / temperature) over the whole vocabulary, never truncated."""

    max_tokens: int
    """Completion tokens at most, the end token included."""
    end_ids: tuple[int, ...]
    """Tokens that end a completion; they are part of it."""
    temperature: float = 1.0
    """0 is greedy decoding; log-probs are then those at temperature 1."""
    seed: int = 0
    """Decides every draw of the call. Each prompt gets its own stream, whatever else is in the batch."""
    streams: tuple[int, ...] | None = None
    """The stream of each prompt, counted from 0; without it, the i-th prompt gets stream i."""

    def __post_init__(self) -> None:
        """Refuse what no engine can draw."""
        if self.max_tokens < 1:
            raise UsageError(f"max_tokens: got {self.max_tokens}, expected at least 1")
        if self.temperature < 0:
            raise UsageError(f"temperature: got {self.temperature}, expected 0 (greedy) or more")

    def streams_of(self, count: int) -> Sequence[int]:
        """The streams of so many prompts."""
        return range(count) if self.streams is None else self.streams

    def seeds_of(self, count: int) -> list[int]:
        """The seeds of their streams, for engines that take one with each request."""
        return [
            int(np.random.SeedSequence([self.seed, s]).generate_state(1)[0])
            for s in self.streams_of(count)
        ]


@dataclass(frozen=True, slots=True)
class Completion:
    """One completion of one prompt."""

    token_ids: tuple[int, ...]
    """With the end token, if there is one."""
    log_probs: tuple[float, ...]
    """Of each token, under the distribution it was drawn from."""
    finish_reason: Literal["stop", "length"]
    """"length": cut at `max_tokens` (a truncated output)."""


@runtime_checkable
class Sampler(Protocol):
    """An engine that draws completions and takes new weights."""

    def sample(
        self, prompts: Sequence[Sequence[int]], params: SamplingParams, /
    ) -> list[Completion]:
        """One completion for each prompt, in order. Repeat a prompt to draw several; it is prefilled once."""
        ...

    def update(self, named_weights: Iterable[tuple[str, Tensor]], /) -> None:
        """Take the trainer's weights, by their names in the transformers model."""
        ...


def stream(
    sampler: Sampler, prompts: Sequence[Sequence[int]], params: SamplingParams
) -> Iterator[Mapping[int, Completion]]:
    """The completions of `sample` as they are finished, by the number of their prompt.

    They come all at once from a sampler that has no method `stream(prompts, params)` of its own.
    """
    own = getattr(sampler, "stream", None)
    if own is None:
        yield dict(enumerate(sampler.sample(prompts, params)))
    else:
        yield from own(prompts, params)


def in_order(streamed: Iterable[Mapping[int, Completion]]) -> list[Completion]:
    """What `sample` returns, from what `stream` yields."""
    completions: dict[int, Completion] = {}
    for finished in streamed:
        completions |= finished
    return [completions[i] for i in range(len(completions))]
