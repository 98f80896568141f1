"""The tuple planner: one plan whose K methods know of each other. What CPPO trains."""

from __future__ import annotations

from cppo_agents.strategies.base import Planned, Steps
from cppo_env.types import Observation


class TuplePlanner(Planned):
    """Asks once for K alternative methods."""

    def plan(self, observation: Observation) -> Steps:
        """One plan of K methods; an unreadable one is K empty texts, which spend K attempts."""
        [completion] = yield [self.sampling.plan(self.prompts.plan(observation, self.k), self.k)]
        return completion.methods(self.k) or ("",) * self.k
