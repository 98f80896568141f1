"""The policy as an agent of the environment: texts in, sampled texts out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cppo_env import prompts
from cppo_env.prompts import Messages
from cppo_env.types import Observation
from cppo_grpo.choices import Planner
from cppo_grpo.rollouts.values import Samples
from cppo_grpo.samplers import Completion, Sampler, SamplingParams, stream

KNOWN_PROMPTS = 16_384
"""Size of the cache of encoded prompts."""


@dataclass(frozen=True, slots=True)
class Regions:
    """How the two regions are sampled."""

    plan: SamplingParams
    solve: SamplingParams


class PolicyAgent:
    """The policy as an agent of the environment: texts in, sampled texts out."""

    def __init__(
        self,
        tokenizer: Any,
        sampler: Sampler,
        regions: Regions,
        planner: Planner = "policy",
        *,
        plan_only: bool = False,
    ):
        self.tokenizer, self.sampler, self.regions = tokenizer, sampler, regions
        self.planner: Planner = planner
        self.plan_only = plan_only
        self._encode = PromptEncoder(tokenizer)

    def in_evaluation(self, temperature_plan: float | None) -> PolicyAgent:
        """The same policy, always writing programs; None keeps the temperature of plans."""
        plan = self.regions.plan
        if temperature_plan is not None:
            plan = replace(plan, temperature=temperature_plan)
        return PolicyAgent(
            self.tokenizer, self.sampler, replace(self.regions, plan=plan), self.planner
        )

    def plan(
        self, observations: Sequence[Observation], k: int, seed: int, first: int = 0
    ) -> tuple[Samples, list[tuple[str, ...]]]:
        """The sampled plans and the K methods of each episode; empty for an unreadable plan."""
        if self.planner != "policy":
            return Samples([], [], []), [fixed_methods(self.planner, k)] * len(observations)
        conversations = [prompts.plan_messages(one, k) for one in observations]
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
        prompts = [self._encode(messages) for messages in conversations]
        completions: dict[int, Completion] = {}
        texts: dict[int, str] = {}
        for ready in stream(self.sampler, prompts, params):
            decoded = self.tokenizer.batch_decode(
                [one.token_ids for one in ready.values()], skip_special_tokens=True
            )
            completions.update(ready)
            texts.update(zip(ready, decoded, strict=True))
            finished({i: texts[i] for i, one in ready.items() if one.finish_reason == "stop"})
        order = range(len(prompts))
        return Samples(prompts, [completions[i] for i in order], [texts[i] for i in order])


class PromptEncoder:
    """The token ids of conversations up to the start of the answer, without a thinking block.

    A batch repeats few prompts many times and every epoch repeats all of them, so encoded prompts
    are cached.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._known: dict[tuple[str, ...], tuple[int, ...]] = {}

    def __call__(self, messages: Messages) -> tuple[int, ...]:
        """One conversation."""
        key = tuple(message["content"] for message in messages)
        if key not in self._known:
            if len(self._known) >= KNOWN_PROMPTS:
                self._known.clear()
            ids = self._tokenizer.apply_chat_template(
                messages, add_generation_prompt=True, return_dict=False, enable_thinking=False
            )
            self._known[key] = tuple(ids)
        return self._known[key]


def fixed_methods(planner: Planner, k: int) -> tuple[str, ...]:
    """The K methods of every episode when there is no planner."""
    return prompts.skills(k) if planner == "skills" else ("",) * k
