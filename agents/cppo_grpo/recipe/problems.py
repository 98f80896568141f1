"""The problems of a stage, as its settings name them, and which of them are held out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from cppo_env.sources import ProblemSource


@dataclass(frozen=True, slots=True, kw_only=True)
class WithProblems:
    """Settings that say where a stage takes its problems from."""

    env: str = "CPPO-Samples-v0"
    """Id of the environment whose problem set has the problems."""
    problems: str | None = None
    """Problems: a path or a name. Default: the problem set of the environment id."""
    split: str | None = None
    """Split of the problems. Default: the problem set's own default."""
    filters: dict[str, Any] = field(default_factory=dict[str, Any])
    """Further filters of `cppo_env.load_problems`."""

    @property
    def source(self) -> ProblemSource:
        """Where the problems come from."""
        return ProblemSource(self.env, self.problems, self.split, self.filters)


def hold_out(keys: Iterable[str], share: float, seed: int) -> set[str]:
    """A share of at least two keys: one at least, and never all; the same for the same seed."""
    known = sorted(set(keys))
    count = min(len(known) - 1, max(1, round(share * len(known))))
    return set(Random(f"{seed}/held out").sample(known, count))
