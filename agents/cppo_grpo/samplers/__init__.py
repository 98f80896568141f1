"""Samplers: prompts in; token ids and their log-probs under the sampled distribution out.

One protocol for every engine. `--sampler NAME` finds an engine by its entry point in the group
`cppo_env.samplers`. Token ids and log-probs travel from here to the loss unchanged; nothing is
re-tokenised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from cppo_agents.backends import RegionName
from torch import Tensor, nn

from cppo_env.errors import RoleError, UsageError
from cppo_env.roles import blamed, one_for_each


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """Sampling from softmax(logits / temperature) over the full vocabulary, without truncation."""

    max_tokens: int
    """Maximum completion tokens, including the end token."""
    end_ids: tuple[int, ...]
    """Tokens that end a completion and are part of it."""
    temperature: float = 1.0
    """0 is greedy decoding; its log-probs are those at temperature 1."""
    seed: int = 0
    """Seeds the call. Each prompt has its own random stream, whatever else is in the batch."""
    streams: tuple[int, ...] | None = None
    """Random stream of each prompt. Default: stream i for the i-th prompt."""
    region: RegionName | None = None
    """What is drawn, for samplers that tell plans from solutions."""
    drawn: int = 0
    """Tokens of the completions that were drawn in earlier calls; the prompts end with them."""
    part: int | None = None
    """Tokens that this call draws of each at most. Default: all that `max_tokens` leaves."""

    def __post_init__(self) -> None:
        """Reject parameters that no engine can sample with."""
        if self.max_tokens < 1:
            raise UsageError(f"max_tokens: got {self.max_tokens}, expected at least 1")
        if self.temperature < 0:
            raise UsageError(f"temperature: got {self.temperature}, expected 0 (greedy) or more")

    @property
    def most(self) -> int:
        """Tokens that this call draws of each prompt at most."""
        left = self.max_tokens - self.drawn
        return left if self.part is None else min(self.part, left)

    def streams_of(self, count: int) -> Sequence[int]:
        """The streams of `count` prompts."""
        return range(count) if self.streams is None else self.streams

    def seeds_of(self, count: int) -> list[int]:
        """Their seeds, for engines that take one seed per request; later parts have others."""
        later = [self.drawn] if self.drawn else []
        return [
            int(np.random.SeedSequence([self.seed, s, *later]).generate_state(1)[0])
            for s in self.streams_of(count)
        ]


@dataclass(frozen=True, slots=True)
class Completion:
    """One completion of one prompt."""

    token_ids: tuple[int, ...]
    """Includes the end token, if any."""
    log_probs: tuple[float, ...]
    """One per token, under the distribution it was sampled from."""
    finish_reason: Literal["stop", "length"]
    """"length": cut at `max_tokens` (a truncated output), or at the end of a part."""
    thoughts: int = 0
    """Tokens of thoughts, with which it begins, where they have a budget of their own."""
    appended: int = 0
    """Tokens behind the thoughts that were not sampled: they end thoughts that used up their
    budget. Their log-probs are 0 and count for nothing."""
    versions: tuple[int, ...] = field(default=(), compare=False)
    """The weights that drew it, by numbers that an engine with several versions gives them."""

    @property
    def sampled(self) -> int:
        """Tokens that were sampled."""
        return len(self.token_ids) - self.appended


@runtime_checkable
class Sampler(Protocol):
    """An engine that samples completions and accepts new weights."""

    def sample(
        self, prompts: Sequence[Sequence[int]], params: SamplingParams, /
    ) -> list[Completion]:
        """One completion per prompt, in order. A repeated prompt is prefilled once."""
        ...

    def update(self, named_weights: Iterable[tuple[str, Tensor]], /) -> None:
        """Load the trainer's weights, by their transformers names."""
        ...


@runtime_checkable
class Streams(Protocol):
    """A sampler that reports completions while others are still being drawn."""

    def stream(
        self, prompts: Sequence[Sequence[int]], params: SamplingParams, /
    ) -> Iterator[Mapping[int, Completion]]:
        """The completions of `sample` as they are finished, by the number of their prompt."""
        ...


@runtime_checkable
class DrawsFrom(Protocol):
    """A sampler that draws from a PyTorch model in this process."""

    @property
    def model(self) -> nn.Module:
        """The model; where it is the trained one itself, `update` is not called."""
        ...


@runtime_checkable
class TakesAdapters(Protocol):
    """A sampler that can draw through a LoRA adapter around the weights that it has."""

    takes_adapters: bool
    """Whether it was set up for that; otherwise it is given merged weights."""

    def update_adapter(self, write: Callable[[Path], None], /) -> None:
        """Draw through the adapter that `write` puts into a folder, in peft's format."""
        ...


@runtime_checkable
class HoldsVersions(Protocol):
    """A sampler that can draw with the weights of several updates at the same time."""

    def with_present_weights(self) -> Sampler:
        """The same engine with the weights of now, whatever the other one is given later.

        Several of them draw at the same time, in threads of their own; those that were asked for
        first come first.
        """
        ...


def stream(
    sampler: Sampler, prompts: Sequence[Sequence[int]], params: SamplingParams
) -> Iterator[Mapping[int, Completion]]:
    """The completions as they finish; all at once from a sampler that does not stream.

    Raises:
        RoleError: the sampler raised, or did not return one completion for each prompt.
    """
    if isinstance(sampler, Streams):
        missing = set(range(len(prompts)))
        with blamed("sampler", sampler, "stream"):
            for ready in sampler.stream(prompts, params):
                missing.difference_update(ready)
                yield ready
        if missing:
            raise RoleError(
                f"sampler {type(sampler).__name__}.stream() left out {len(missing)} of "
                f"{len(prompts)} prompts, expected a completion for each"
            )
    else:
        with blamed("sampler", sampler, "sample"):
            completions = sampler.sample(prompts, params)
        count = len(prompts)
        yield dict(
            enumerate(
                one_for_each(
                    "sampler", sampler, "sample", completions, count, Completion, "prompts"
                )
            )
        )


def in_order(streamed: Iterable[Mapping[int, Completion]]) -> list[Completion]:
    """What `sample` returns, from what `stream` yields."""
    completions: dict[int, Completion] = {}
    for finished in streamed:
        completions |= finished
    return [completions[i] for i in range(len(completions))]
