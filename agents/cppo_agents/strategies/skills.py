"""Skills: the K attempts take the latent z = 1 … K. How a model that UpSkill trained is tested."""

from __future__ import annotations

from typing import ClassVar

from cppo_agents.strategies.base import Planned, Steps
from cppo_env import prompts
from cppo_env.types import Observation


class Skills(Planned):
    """Plans nothing: the same K skills for every problem; gate J not applicable."""

    writes_plans: ClassVar[bool] = False

    def plan(self, observation: Observation) -> Steps:
        """The K skills, without asking the model."""
        yield from ()
        return prompts.skills(self.k)
