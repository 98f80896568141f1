"""An agent that knows nothing: a lower bound, and the smallest example of the protocol."""

from __future__ import annotations

import random
import string
from collections.abc import Sequence

from cppo_agents.draws import EpisodeCounter, seed_of
from cppo_env.protocols import EpisodeKey
from cppo_env.types import Observation

LETTERS = string.ascii_lowercase + " "


class RandomAgent:
    """Writes random words as methods, and programs that print a random number."""

    independent_attempts = True

    def __init__(self, k: int = 4, seed: int | None = None):
        """K branches; with a `seed`, the texts follow from it and the episode."""
        self.k = k
        self.seed = random.randrange(2**31) if seed is None else seed
        self._counter = EpisodeCounter()

    def act(self, observations: Sequence[Observation]) -> list[tuple[str, ...]]:
        """K random texts for each observation."""
        return self.act_in(self._counter.keys(observations), observations)

    def act_in(
        self, episodes: Sequence[EpisodeKey], observations: Sequence[Observation]
    ) -> list[tuple[str, ...]]:
        """K random texts for each observation; see `cppo_env.protocols.DrawsByEpisode`."""
        return [
            tuple(
                _text(random.Random(seed_of(self.seed, *key, one["phase"], i)), one["phase"])
                for i in range(self.k)
            )
            for key, one in zip(episodes, observations, strict=True)
        ]


def _text(draw: random.Random, phase: int) -> str:
    if phase == 1:
        return f"```python\nprint({draw.randrange(10)})\n```"
    return "".join(draw.choices(LETTERS, k=24))
