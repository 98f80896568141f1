"""Seeds of draws: each follows from the agent's seed and the episode, not from earlier draws."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

from cppo_env.protocols import EpisodeKey
from cppo_env.types import Observation


def seed_of(*key: object) -> int:
    """A seed of 31 bits, which every engine and endpoint takes."""
    digest = hashlib.sha256(repr(key).encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:4], "big") >> 1


class EpisodeCounter:
    """Numbers the episodes if the caller does not: counts how often a problem was met per phase."""

    def __init__(self) -> None:
        self._met: Counter[tuple[str, int]] = Counter()

    def keys(self, observations: Sequence[Observation]) -> list[EpisodeKey]:
        """The problem's text and the number of each episode."""
        keys: list[EpisodeKey] = []
        for observation in observations:
            met = observation["problem"], observation["phase"]
            keys.append((observation["problem"], self._met[met]))
            self._met[met] += 1
        return keys
