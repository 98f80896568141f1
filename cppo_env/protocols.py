"""The five roles that a third party can play, and what an implementation may offer beyond its role.

All are synchronous and take a batch. Concurrency lives inside an implementation: the environment
makes one judge call and one sandbox call per vector step. `cppo_env.testing` holds a fake and an
inheritable contract test for each role.

`cppo_env.roles` calls them, and says what a role that raises or returns something else means.

An offer is a small protocol. Implement it and the project uses it; leave it out and everything
works all the same. `isinstance(thing, Offer)` asks for it by the names of its members.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, Protocol, runtime_checkable

from cppo_env.replies import Reply
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
        """One ruling per (problem, methods), in order; a judge that fails returns `void=True`."""
        ...


@runtime_checkable
class Sandbox(Protocol):
    """Runs hostile programs on tests and grades them on the host."""

    def run(self, jobs: Sequence[Job], /) -> list[Report]:
        """One report per job, in order. An infrastructure failure is verdict IE; never raise."""
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


# ---- offers of a problem set ----


@runtime_checkable
class FindsById(Protocol):
    """A problem set that finds a problem by its id without reading the others."""

    def index(self, problem_id: str, /) -> int:
        """The position of the problem. Raises UnknownNameError if there is none."""
        ...


@runtime_checkable
class TellsRefused(Protocol):
    """A problem set that could not read some records of its source."""

    @property
    def refused(self) -> Sequence[object]:
        """The records; each says as text where it lies and what is wrong."""
        ...


@runtime_checkable
class Demonstrates(Protocol):
    """A problem set with demonstrations. Default: a warm start learns from the references."""

    def demonstrations(self, index: int, k: int, random: Random, /) -> list[tuple[str, str]]:
        """(method, program) pairs for the problem at `index`: at least K, in random order."""
        ...


@runtime_checkable
class KnowsOptimum(Protocol):
    """A problem set whose best possible pass@K is known, so that reports can draw it."""

    @property
    def probabilities(self) -> Sequence[float]:
        """p_s: how often each strategy is the right one."""
        ...


# ---- offers of an agent ----


@runtime_checkable
class CountsTokens(Protocol):
    """An agent that knows what its answers cost."""

    @property
    def tokens(self) -> Sequence[int]:
        """Tokens that its model generated for each observation of the last `act`."""
        ...


@runtime_checkable
class ShowsReplies(Protocol):
    """An agent that keeps what its model said, so that records can show it."""

    @property
    def replies(self) -> Sequence[tuple[Reply, ...]]:
        """The model's answers for each observation of the last `act`, in order of arrival."""
        ...


class PromptSet(Protocol):
    """Templates of prompts (`cppo_env.prompts`)."""

    @property
    def identity(self) -> Mapping[str, str]:
        """Region → name, version and digest of its template."""
        ...

    def save(self, folder: Path, /) -> None:
        """Copy the templates."""
        ...


@runtime_checkable
class SendsPrompts(Protocol):
    """An agent whose prompts come from templates; an evaluation stores them with its episodes."""

    @property
    def prompts(self) -> PromptSet:
        """The templates."""
        ...


@runtime_checkable
class ChecksModel(Protocol):
    """An agent that has looked at its model; an evaluation shows what it found, and stores it."""

    @property
    def model_check(self) -> Mapping[str, Any] | None:
        """What it found, with the lines to show under `lines`; None if it cannot look."""
        ...


@runtime_checkable
class MayPlan(Protocol):
    """An agent that says whether it writes plans; one that does not say so writes them."""

    @property
    def writes_plans(self) -> bool:
        """Where it writes none, the gate J is not applicable, and no plan can be unreadable."""
        ...


@runtime_checkable
class Declines(Protocol):
    """An agent that cannot play every problem; an evaluation lists those it leaves out."""

    def declines(self, problem: Problem, /) -> str | None:
        """Why it cannot play the problem; None if it can."""
        ...


@runtime_checkable
class DrawsIndependently(Protocol):
    """An agent that may draw its K attempts independently; otherwise they are one draw of a tuple.

    Figures depend on it (docs/figures.md): attempts of several tuples are never pooled.
    """

    @property
    def independent_attempts(self) -> bool:
        """Whether the K attempts of an episode are independent draws of one distribution."""
        ...


EpisodeKey = tuple[str, int]
"""A problem, by its id, and the number of the episode among those of this problem."""


@runtime_checkable
class DrawsByEpisode(Protocol):
    """An agent whose draws depend only on its seed and the episode, not on other episodes."""

    def act_in(
        self, episodes: Sequence[EpisodeKey], observations: Sequence[Observation], /
    ) -> list[tuple[str, ...]]:
        """What `act` returns; the i-th observation is one of the i-th episode."""
        ...


@runtime_checkable
class ReplaysReferences(Protocol):
    """An agent that plays known programs: failures are the records' or the sandbox's."""

    @property
    def replays_references(self) -> bool:
        """Whether it does; an evaluation then lists the programs that failed."""
        ...


# ---- offers of a sandbox ----


@runtime_checkable
class Prefetches(Protocol):
    """A sandbox that can start on programs before the `run` that asks for their reports."""

    def prefetch(self, jobs: Sequence[Job], /) -> None:
        """Start the jobs and return at once; no result changes, only the time it takes."""
        ...


@runtime_checkable
class ReportsEach(Sandbox, Protocol):
    """A sandbox that tells each report when it is there, and runs several batches side by side."""

    def run_each(
        self,
        jobs: Sequence[Job],
        tell: Callable[[int, Report], object],
        wanted: Callable[[], bool],
        /,
    ) -> None:
        """Run the jobs; returns when each has been told.

        Args:
            jobs: the jobs.
            tell: called once for each job with its position and report, from any thread; quick.
            wanted: asked now and then; once it is False, jobs that have not begun may get IE.
        """
        ...


@runtime_checkable
class Describes(Protocol):
    """A sandbox that says what it is, for the record of a run."""

    @property
    def facts(self) -> Mapping[str, str]:
        """`name`, and what else decides verdicts, such as its image."""
        ...


@runtime_checkable
class OffersCache(Protocol):
    """A sandbox that can be wrapped in a cache of reports; opening it by name does so."""

    def cached(self) -> Sandbox:
        """A sandbox that runs equal programs on equal tests once, and closes this one too."""
        ...


@runtime_checkable
class Remembers(Protocol):
    """A sandbox that answers some jobs without running a program."""

    @property
    def hits(self) -> int:
        """How many it has answered so."""
        ...


@runtime_checkable
class CountsWork(Protocol):
    """A sandbox that counts what it has run since it was made."""

    @property
    def tests(self) -> int:
        """Tests that programs were run on; remembered verdicts do not count."""
        ...

    @property
    def busy_s(self) -> float:
        """Wall-clock seconds in which programs ran."""
        ...


# ---- offers of a reward ----


@runtime_checkable
class ChoosesStop(Protocol):
    """A reward that decides whether programs stop at their first failing test. Default: they do."""

    @property
    def stop_early(self) -> bool:
        """False where the reward reads the verdict of every test."""
        ...
