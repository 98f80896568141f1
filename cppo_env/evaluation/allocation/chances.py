"""The chances of attempts, learnt on problems whose verdicts are known.

A description seen n times has the chance (right + c · coarser) / (n + c), where `coarser` is the
chance of the next coarser description and c = `WEIGHT`. So a description that was never seen has
the chance of the coarser one, and one seen often has its own share.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

import numpy as np

from cppo_env.arrays import Floats
from cppo_env.evaluation.allocation.attempts import Attempts, Known

WEIGHT = 4.0
"""Attempts that the coarser description counts for."""


@dataclass(frozen=True, slots=True)
class Chances:
    """How often attempts of each description were made, were right, and closed their problem."""

    made: Counter[tuple[Hashable, ...]] = field(default_factory=Counter[tuple[Hashable, ...]])
    right: Counter[tuple[Hashable, ...]] = field(default_factory=Counter[tuple[Hashable, ...]])
    closed: Counter[tuple[Hashable, ...]] = field(default_factory=Counter[tuple[Hashable, ...]])

    def of(self, known_NJ: Sequence[Sequence[Known]]) -> tuple[Floats, Floats]:
        """(N, J) each: the chance of being right, and that of closing the problem."""
        found = [
            [(self._share(self.right, one), self._share(self.closed, one)) for one in row]
            for row in known_NJ
        ]
        both_NJ2 = np.array(found, dtype=np.float64)
        return both_NJ2[..., 0], both_NJ2[..., 1]

    def _share(self, counts: Counter[tuple[Hashable, ...]], known: Known) -> float:
        share = 0.0
        for description in ((), *known):
            made = self.made[description]
            weight = WEIGHT if description else 0.0
            share = (counts[description] + weight * share) / (made + weight)
        return share


def learn(attempts: Attempts, *, public: bool) -> Chances:
    """The chances of attempts that are made until one closes the problem.

    Args:
        attempts: of problems whose verdicts are known.
        public: whether the public tests close a problem; otherwise the first right attempt ends
            the row, since what follows it gains nothing.
    """
    chances = Chances()
    closes_RNJ = attempts.public_RNJ if public else attempts.right_RNJ
    for known_NJ, right_NJ, closes_NJ in zip(
        attempts.known_RNJ, attempts.right_RNJ.tolist(), closes_RNJ.tolist(), strict=True
    ):
        for known_J, right_J, closes_J in zip(known_NJ, right_NJ, closes_NJ, strict=True):
            for known, right, closes in zip(known_J, right_J, closes_J, strict=True):
                for description in ((), *known):
                    chances.made[description] += 1
                    chances.right[description] += right
                    chances.closed[description] += closes
                if closes:
                    break
    return chances
