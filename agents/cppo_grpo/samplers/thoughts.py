"""Thoughts before an answer, drawn by any sampler; the rule is that of the agents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from cppo_agents.models.thinking import Draw, ThinkingChat, think

from cppo_grpo.samplers import Completion, Sampler, SamplingParams, stream


def stream_with_thoughts(
    sampler: Sampler,
    chat: ThinkingChat,
    prompts: Sequence[tuple[int, ...]],
    params: SamplingParams,
    budget: int,
) -> Iterator[Mapping[int, Completion]]:
    """The completions as they finish: thoughts of at most `budget` tokens, and the answer.

    Args:
        sampler: the engine.
        chat: the model's chat format.
        prompts: in thinking mode, which opens the thoughts.
        params: how the answer is drawn, and its limit.
        budget: the most tokens of thoughts; 0: there are none.
    """
    if not budget:
        yield from stream(sampler, prompts, params)
        return
    streams = params.streams_of(len(prompts))
    versions: dict[int, tuple[int, ...]] = {}

    def draw(
        places: Sequence[int], asked: Sequence[tuple[int, ...]], most: int, second: bool
    ) -> Iterator[Mapping[int, Draw]]:
        seed = params.seed
        if second:
            seed = int(np.random.SeedSequence([seed, 1]).generate_state(1)[0])
        own = tuple(streams[i] for i in places)
        for some in stream(
            sampler, asked, replace(params, max_tokens=most, seed=seed, streams=own)
        ):
            for n, one in some.items():
                both = (*versions.get(places[n], ()), *one.versions)
                versions[places[n]] = tuple(dict.fromkeys(both))
            yield {
                n: Draw(one.token_ids, one.finish_reason == "stop", one.log_probs)
                for n, one in some.items()
            }

    for some in think(chat, prompts, budget, params.max_tokens, draw):
        yield {i: _completion(one, versions[i]) for i, one in some.items()}


def _completion(one: Draw, versions: tuple[int, ...]) -> Completion:
    return Completion(
        one.token_ids,
        one.log_probs,
        "stop" if one.ended else "length",
        thoughts=one.thoughts,
        appended=one.appended,
        versions=versions,
    )
