"""An agent that knows nothing: the floor of every comparison, and the smallest example of the protocol."""

from __future__ import annotations

import random
import string
from collections.abc import Sequence

from cppo_env.types import Observation

LETTERS = string.ascii_lowercase + " "


class RandomAgent:
    """Writes random words as methods, and programs that print a random number."""

    independent_attempts = True

    def __init__(self, k: int = 4, seed: int | None = None):
        """K branches; the same seed gives the same texts."""
        self.k = k
        self._random = random.Random(seed)

    def act(self, observations: Sequence[Observation]) -> list[tuple[str, ...]]:
        """K random texts for each observation."""
        return [
            tuple(self._text(observation["phase"]) for _ in range(self.k))
            for observation in observations
        ]

    def _text(self, phase: int) -> str:
        if phase == 1:
            return f"```python\nprint({self._random.randrange(10)})\n```"
        return "".join(self._random.choices(LETTERS, k=24))
