"""The policy as an agent of the environment: texts in, sampled texts out."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from cppo_agents.backends import RegionName
from cppo_agents.models.lengths import Lengths

from cppo_env import prompts
from cppo_env.prompts import Messages, Prompts, load_prompts
from cppo_env.types import Observation
from cppo_grpo.choices import Planner
from cppo_grpo.rollouts.values import Samples
from cppo_grpo.samplers import Completion, Sampler, SamplingParams
from cppo_grpo.samplers.frozen import with_present_weights
from cppo_grpo.samplers.thoughts import stream_with_thoughts


class Chat(Protocol):
    """A model's chat format: prompts in, sampled texts out (`cppo_agents.models`)."""

    def encode(self, messages: Messages, think: bool = False, /) -> tuple[int, ...]:
        """The prompt's token ids, up to the start of the answer."""
        ...

    def decode(self, sequences: Iterable[Sequence[int]], think: bool = False, /) -> list[str]:
        """The texts of sampled answers."""
        ...

    def pieces(self, ids: Sequence[int], /) -> list[str]:
        """The text that each token adds."""
        ...

    @property
    def closing(self) -> tuple[int, ...]:
        """Ends thoughts that have used up their budget."""
        ...


NOT_ASKED = Completion((), (), "length")
"""The answer to a prompt that is too long for the model: empty, and cut off at once."""


@dataclass(frozen=True, slots=True)
class Regions:
    """How the two regions are sampled."""

    plan: SamplingParams
    solve: SamplingParams
    thoughts: Mapping[RegionName, int] = field(default_factory=dict[RegionName, int])
    """The most tokens of thoughts before a plan and before a solution; 0 or none: no thoughts."""

    def budget(self, params: SamplingParams) -> int:
        """The budget of the thoughts before what is drawn so."""
        return self.thoughts.get(params.region, 0) if params.region else 0


class PolicyAgent:
    """The policy as an agent of the environment: texts in, sampled texts out."""

    def __init__(
        self,
        chat: Chat,
        sampler: Sampler,
        regions: Regions,
        planner: Planner = "policy",
        *,
        plan_only: bool = False,
        lengths: Lengths | None = None,
        words: Prompts | None = None,
    ):
        """A policy that plays.

        Args:
            chat: the model's chat format.
            sampler: draws from the model.
            regions: how plans and solutions are drawn.
            planner: who writes the methods.
            plan_only: write no solutions.
            lengths: keeps prompts within the model's context.
            words: the templates of the prompts. Default: the plain ones.
        """
        self.chat, self.sampler, self.regions = chat, sampler, regions
        self.planner: Planner = planner
        self.plan_only = plan_only
        self.lengths = lengths
        self.words = words or load_prompts("plain")

    def in_evaluation(self, temperature_plan: float | None) -> PolicyAgent:
        """The same policy, always writing programs; None keeps the temperature of plans."""
        plan = self.regions.plan
        if temperature_plan is not None:
            plan = replace(plan, temperature=temperature_plan)
        return PolicyAgent(
            self.chat,
            self.sampler,
            replace(self.regions, plan=plan),
            self.planner,
            lengths=self.lengths,
            words=self.words,
        )

    def with_present_weights(self) -> PolicyAgent:
        """The same policy; later updates leave it as it is, where the sampler can hold several."""
        fixed = copy.copy(self)
        fixed.sampler = with_present_weights(self.sampler)
        return fixed

    def plan(
        self, observations: Sequence[Observation], k: int, seed: int, first: int = 0
    ) -> tuple[Samples, list[tuple[str, ...]]]:
        """The sampled plans and the K methods of each episode; empty for an unreadable plan."""
        if self.planner != "policy":
            return Samples([], [], []), [fixed_methods(self.planner, k)] * len(observations)
        conversations = [self.words.plan(one, k) for one in observations]
        streams = tuple(range(first, first + len(observations)))
        plans = self.write(conversations, replace(self.regions.plan, seed=seed, streams=streams))
        return plans, [plan.methods(k) for plan in plans.replies]

    def write(
        self,
        conversations: Sequence[Messages],
        params: SamplingParams,
        finished: Callable[[dict[int, str]], None] = lambda texts: None,
    ) -> Samples:
        """One sampled answer per conversation.

        `finished` receives complete answers with their index while others are still being sampled.
        """
        if not conversations:
            return Samples([], [], [])
        budget = self.regions.budget(params)
        thinks = budget > 0
        prompts = [self.chat.encode(messages, thinks) for messages in conversations]
        completions: dict[int, Completion] = {}
        texts: dict[int, str] = {}
        asked = [i for i, prompt in enumerate(prompts) if self._fits(prompt, params)]
        for i in sorted({*range(len(prompts))} - {*asked}):
            completions[i], texts[i] = NOT_ASKED, ""
        streams = params.streams and tuple(params.streams[i] for i in asked)
        drawn = stream_with_thoughts(
            self.sampler,
            self.chat,
            [prompts[i] for i in asked],
            replace(params, streams=streams),
            budget,
        )
        for some in drawn if asked else ():
            ready = {asked[place]: one for place, one in some.items()}
            decoded = self.chat.decode([one.token_ids for one in ready.values()], thinks)
            completions.update(ready)
            texts.update(zip(ready, decoded, strict=True))
            finished({i: texts[i] for i, one in ready.items() if one.finish_reason == "stop"})
        order = range(len(prompts))
        return Samples(prompts, [completions[i] for i in order], [texts[i] for i in order])

    def _fits(self, prompt: tuple[int, ...], params: SamplingParams) -> bool:
        """Whether the model's context holds a prompt, and its longest thoughts and answer."""
        if self.lengths is None or self.lengths.context is None:
            return True
        beside = self.lengths.beside(params.max_tokens, self.regions.budget(params))
        return len(prompt) + beside <= self.lengths.context


def fixed_methods(planner: Planner, k: int) -> tuple[str, ...]:
    """The K methods of every episode when there is no planner."""
    return prompts.skills(k) if planner == "skills" else ("",) * k
