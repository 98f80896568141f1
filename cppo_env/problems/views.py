"""Problem sets as sequences: lookup by id, and views (shuffle, take, skip) without copies."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from random import Random
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from cppo_env.errors import UnknownNameError
from cppo_env.plugins import suggest
from cppo_env.problems.contents import digest_of
from cppo_env.problems.records import Refusal
from cppo_env.protocols import Demonstrates, FindsById, KnowsOptimum, ProblemSet, TellsRefused
from cppo_env.roles import problem_at
from cppo_env.types import Problem


@dataclass(frozen=True, slots=True)
class Summary:
    """What filters and listings need to know of a problem, available without decoding it."""

    id: str
    split: str | None = None
    difficulty: str | None = None
    platform: str | None = None
    """The site that the problem comes from, such as "codeforces"."""
    source: str | None = None
    """The data set's own word for its origin, such as the number of CodeContests."""
    date: str | None = None
    """Day of publication, ISO 8601."""
    languages: tuple[str, ...] = ()
    """Languages of the programs known to be right."""
    tests: int = 0
    public_tests: int = 0
    statement_chars: int = 0
    call_based: bool = False


def summarise(problem: Problem) -> Summary:
    """The summary of a problem, from its fields and the agreed keys of its metadata."""
    metadata = problem.metadata

    def stated(key: str) -> str | None:
        value = metadata.get(key)
        return None if value is None else str(value)

    return Summary(
        id=problem.id,
        split=stated("split"),
        difficulty=stated("difficulty"),
        platform=stated("platform"),
        source=stated("source"),
        date=stated("date"),
        languages=tuple(metadata.get("languages", ("python3",) if problem.references else ())),
        tests=len(problem.tests),
        public_tests=len(problem.public_tests),
        statement_chars=len(problem.statement),
        call_based=problem.entry_point is not None,
    )


class Problems(ABC):
    """A problem set with an index: the base of sets read from files, and of their views."""

    @abstractmethod
    def __len__(self) -> int:
        """Number of problems."""

    @abstractmethod
    def __getitem__(self, index: int, /) -> Problem:
        """The problem at `index`, decoded now."""

    @abstractmethod
    def summary(self, index: int) -> Summary:
        """The summary at `index`, without decoding the problem."""

    def digest(self, index: int) -> str:
        """A digest of the contents at `index`; see `cppo_env.problems.contents`."""
        return digest_of(self[index])

    @property
    def refused(self) -> tuple[Refusal, ...]:
        """The records of the source that were not loaded, and why."""
        return ()

    @property
    def unread(self) -> Mapping[str, int]:
        """Field → how many problems were loaded without it, because it could not be read."""
        return {}

    def __iter__(self) -> Iterator[Problem]:
        """The problems in order, each decoded when it is reached."""
        return (self[index] for index in range(len(self)))

    def __repr__(self) -> str:
        refused = f", {len(self.refused)} records refused" if self.refused else ""
        return f"<{type(self).__name__} of {len(self)} problems{refused}>"

    def index(self, problem_id: str | int) -> int:
        """The position of a problem by its id, in time independent of the size of the set.

        A number may have leading zeros or not: `1`, "1" and "0001" name the same APPS problem.

        Raises:
            UnknownNameError: no problem has that id; the message suggests the nearest one.
        """
        key = str(problem_id)
        position = self._positions.get(key)
        if position is None and key.isdecimal():
            position = self._positions.get(str(int(key)))
        if position is None:
            raise UnknownNameError(
                f"no problem {key!r} among {len(self)}; {_nearest(key, list(self._positions))}"
            )
        return position

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {self.summary(index).id: index for index in range(len(self))}

    def pick(self, indices: Sequence[int] | NDArray[np.int64]) -> Problems:
        """A view of the problems at `indices`, in that order."""
        return View(self, np.asarray(indices, dtype=np.int64))

    def shuffle(self, seed: int) -> Problems:
        """A view in random order; the same seed gives the same order."""
        return self.pick(np.random.default_rng(seed).permutation(len(self)))

    def take(self, count: int) -> Problems:
        """A view of the first `count` problems."""
        return self.pick(np.arange(min(count, len(self))))

    def skip(self, count: int) -> Problems:
        """A view without the first `count` problems."""
        return self.pick(np.arange(min(count, len(self)), len(self)))


def _nearest(key: str, known: list[str]) -> str:
    """A one-line suggestion: the nearest ids, from a set of any size."""
    if len(key) > 2 and (longer := [name for name in known if name.startswith(key)]):
        # "1619_B" of "1619_B. Squares and Cubes"
        return f"did you mean {describe(list(map(repr, longer)), 3)}?"
    if len(known) > 5000:  # nearest-match search is quadratic in practice
        known = [name for name in known if name[:2] == key[:2]][:5000]
    hint, _, listed = suggest(key, known).rpartition("known: ")
    names = listed.split(", ")
    return f"{hint}known: {', '.join(names[:5])}{', …' if len(names) > 5 else ''}"


class View(Problems):
    """Some problems of another set, in an order of its own."""

    def __init__(self, base: Problems, indices: NDArray[np.int64]):
        self._base, self._indices = base, indices
        _take_over_offers(self, base, indices)

    def __len__(self) -> int:
        """Number of problems in the view."""
        return len(self._indices)

    def __getitem__(self, index: int, /) -> Problem:
        """The problem at `index` of the view."""
        return self._base[self._at(index)]

    def summary(self, index: int) -> Summary:
        """The summary at `index` of the view."""
        return self._base.summary(self._at(index))

    def digest(self, index: int) -> str:
        """The digest at `index` of the view."""
        return self._base.digest(self._at(index))

    def pick(self, indices: Sequence[int] | NDArray[np.int64]) -> Problems:
        """A view of the same set, so that views of views of any depth cost the same."""
        return View(self._base, self._indices[np.asarray(indices, dtype=np.int64)])

    def _at(self, index: int) -> int:
        if index < 0:
            raise IndexError(f"problem {index}; expected 0 to {len(self) - 1}")
        return int(self._indices[index])

    @property
    def refused(self) -> tuple[Refusal, ...]:
        """The refusals of the set that is viewed."""
        return self._base.refused

    @property
    def unread(self) -> Mapping[str, int]:
        """Those of the set that is viewed."""
        return self._base.unread


class Indexed(Problems):
    """Any `ProblemSet` with an index; each problem is read once, for its summary."""

    def __init__(self, problems: ProblemSet):
        self._problems = problems
        _take_over_offers(self, problems, range(len(problems)))

    def __len__(self) -> int:
        """Number of problems."""
        return len(self._problems)

    def __getitem__(self, index: int, /) -> Problem:
        """The problem at `index`."""
        return problem_at(self._problems, index)

    def summary(self, index: int) -> Summary:
        """The summary at `index`."""
        return self._summaries[index]

    def index(self, problem_id: str | int) -> int:
        """The position of a problem by its id; the set's own look-up if it has one."""
        problems = self._problems
        if isinstance(problems, FindsById) and not isinstance(problems, list | tuple):
            return problems.index(str(problem_id))
        return super().index(problem_id)

    @cached_property
    def _summaries(self) -> list[Summary]:
        return [summarise(self[index]) for index in range(len(self))]

    @property
    def refused(self) -> tuple[Refusal, ...]:
        """The refusals of the set, if it tells them."""
        problems = self._problems
        return cast(Any, tuple(problems.refused)) if isinstance(problems, TellsRefused) else ()


def _take_over_offers(
    view: Problems, base: ProblemSet, indices: Sequence[int] | NDArray[np.int64]
) -> None:
    """Pass on what a set offers beyond problems, so that `isinstance` finds it on the view."""
    if isinstance(base, Demonstrates):
        vars(view)["demonstrations"] = partial(_demonstrations, base, indices)
    if isinstance(base, KnowsOptimum):
        vars(view)["probabilities"] = base.probabilities


def _demonstrations(
    base: Demonstrates,
    indices: Sequence[int] | NDArray[np.int64],
    index: int,
    k: int,
    random: Random,
) -> list[tuple[str, str]]:
    return base.demonstrations(int(indices[index]), k, random)


def indexed(problems: ProblemSet) -> Problems:
    """`problems` itself if it has an index, else an `Indexed` around it."""
    return problems if isinstance(problems, Problems) else Indexed(problems)


def describe(values: Sequence[Any], limit: int = 5) -> str:
    """The first values of a list as text, for messages of one line."""
    return ", ".join(map(str, values[:limit])) + (", …" if len(values) > limit else "")
