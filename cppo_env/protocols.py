"""The five roles a third party can play. All are synchronous and take a batch.

Concurrency lives inside an implementation: the environment makes one judge call and one sandbox
call per vector step. `cppo_env.testing` holds a fake and an inheritable contract test for each
role.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from cppo_env.types import Episode, Job, Observation, Problem, Report, Ruling


@runtime_checkable
class ProblemSet(Protocol):
    """An indexed set of problems; indexing costs the same at any size."""

    def __len__(self) -> int:
        """Number of problems."""
        ...

    def __getitem__(self, index: int, /) -> Problem:
        """The problem at `index`. Raises IndexError outside `range(len(self))`."""
        ...


@runtime_checkable
class Agent(Protocol):
    """Plays episodes: K methods in phase 0, K solutions in phase 1."""

    def act(self, observations: Sequence[Observation], /) -> list[tuple[str, ...]]:
        """One tuple of K texts for each observation, in order."""
        ...


@runtime_checkable
class Judge(Protocol):
    """The validity gate J on a tuple of methods."""

    def rule(self, cases: Sequence[tuple[Problem, tuple[str, ...]]], /) -> list[Ruling]:
        """One ruling for each (problem, methods), in order. An own failure is `Ruling(void=True)`, no exception."""
        ...


@runtime_checkable
class Sandbox(Protocol):
    """Runs hostile programs on tests and grades them on the host."""

    def run(self, jobs: Sequence[Job], /) -> list[Report]:
        """One report for each job, in order. A fault of the sandbox itself is verdict IE, never an exception."""
        ...

    def close(self) -> None:
        """Free processes and containers. May be called more than once."""
        ...


@runtime_checkable
class Reward(Protocol):
    """The planner's reward of a finished episode."""

    def __call__(self, episode: Episode, /) -> float:
        """The reward. Never called for a void episode."""
        ...
