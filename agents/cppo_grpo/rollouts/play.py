"""Play one batch of episodes with the policy: `cppo_env.driver` plus tokens and log-probs.

Shapes: `_N` episodes (P problems × M tuples, a problem's tuples adjacent), `_K` branches, `_B`
sampled programs. Groups are index arrays: episode n belongs to problem n // M. Token ids and
log-probs are the sampler's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cppo_env.driver import Task, Written, drive
from cppo_env.types import Observation
from cppo_env.vector import CPPOVectorEnv
from cppo_grpo.rollouts.agent import PolicyAgent
from cppo_grpo.rollouts.values import Rollout, Samples


def play(
    env: CPPOVectorEnv,
    agent: PolicyAgent,
    indices_N: NDArray[np.int64],
    seeds: tuple[int, int],
    first: int = 0,
) -> Rollout:
    """Play one episode on each problem.

    Args:
        env: a vector environment of N places.
        agent: writes plans and solutions.
        indices_N: problem of each place.
        seeds: decide the draws of the plans and of the solutions.
        first: number of the first episode, where these are a part of a larger batch; each draws as
            it would there.
    """
    part = _Part(env, agent, seeds, first)
    tasks = [Task(int(index), first + n) for n, index in enumerate(indices_N)]
    played = drive(env, tasks, part.plan, part.solve)
    return Rollout(
        plans=part.plans,
        programs=part.programs,
        branches=np.array(part.branches, dtype=np.int64).reshape(-1, 2),
        problems_N=indices_N,
        **played.outcomes(),
    )


class _Part:
    """The policy's part in a batch: it writes, and keeps its texts with their tokens."""

    def __init__(self, env: CPPOVectorEnv, agent: PolicyAgent, seeds: tuple[int, int], first: int):
        self._env, self._agent, self._seeds, self._first = env, agent, seeds, first
        self._k = env.assembly.engine.k
        self._methods: list[tuple[str, ...]] = []
        self.plans, self.programs = Samples([], [], []), Samples([], [], [])
        self.branches: list[tuple[int, int]] = []

    def plan(self, places: Sequence[int], observations: Sequence[Observation]) -> list[Written]:
        """K methods for each episode; empty if its plan cannot be read."""
        self.plans, self._methods = self._agent.plan(
            observations, self._k, self._seeds[0], self._first
        )
        if not self.plans.texts:  # nobody writes plans
            return [Written(methods, is_plan=False) for methods in self._methods]
        return [
            Written(methods, reply.tokens, (reply,))
            for methods, reply in zip(self._methods, self.plans.replies, strict=True)
        ]

    def solve(self, places: Sequence[int], observations: Sequence[Observation]) -> list[Written]:
        """K solutions per episode; none in the planner's warm-up. Finished ones start running."""
        if self._agent.plan_only:
            return [Written()] * len(places)
        self.branches = [(n, i) for n in places for i in range(self._k)]
        self.programs = self._agent.write(
            [
                self._agent.words.solve(observation, method)
                for n, observation in zip(places, observations, strict=True)
                for method in self._methods[n]
            ],
            replace(
                self._agent.regions.solve,
                seed=self._seeds[1],
                streams=tuple((self._first + n) * self._k + i for n, i in self.branches),
            ),
            lambda texts: self._env.prefetch(
                [(self.branches[number][0], text) for number, text in texts.items()]
            ),
        )
        replies = iter(self.programs.replies)
        written: list[Written] = []
        for _ in places:
            own = tuple(next(replies) for _ in range(self._k))
            tokens = sum(reply.tokens for reply in own)
            written.append(Written(tuple(reply.solution for reply in own), tokens, own))
        return written
