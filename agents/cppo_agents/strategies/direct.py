"""Direct sampling: K independent solutions."""

from __future__ import annotations

from typing import ClassVar

from cppo_agents.strategies.base import Sampling, Steps
from cppo_env.prompts import Prompts
from cppo_env.types import Observation


class Direct:
    """Plans nothing: empty methods, gate J not applicable; pass@k is what counts."""

    writes_plans: ClassVar[bool] = False

    independent_attempts: ClassVar[bool] = True

    def __init__(self, k: int, sampling: Sampling, prompts: Prompts):
        self.k = k
        self.sampling = sampling
        self.prompts = prompts

    def plan(self, observation: Observation) -> Steps:
        """K empty methods, without asking the model."""
        yield from ()
        return ("",) * self.k

    def solve(self, observation: Observation) -> Steps:
        """K samples of the same prompt."""
        request = self.sampling.solve(self.prompts.solve(observation, ""))
        completions = yield [request] * self.k
        return tuple(completion.solution for completion in completions)
