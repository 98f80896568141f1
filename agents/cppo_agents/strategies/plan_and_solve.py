"""Plan-and-Solve: K times one plan and its solution, each pair independent of the others."""

from __future__ import annotations

from typing import ClassVar

from cppo_agents.strategies.base import Planned, Steps, single_methods
from cppo_env.types import Observation


class PlanAndSolve(Planned):
    """Samples each of the K methods by itself, so that they may repeat one another."""

    independent_attempts: ClassVar[bool] = True

    def plan(self, observation: Observation) -> Steps:
        """K plans of one method each."""
        completions = yield [self.sampling.plan(self.prompts.plan(observation, 1), 1)] * self.k
        return single_methods(completions)
