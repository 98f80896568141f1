"""The problems of a stage, as its settings name them."""

from __future__ import annotations

from dataclasses import dataclass, field
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
