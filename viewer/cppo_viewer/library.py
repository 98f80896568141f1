"""The runs that the viewer shows, each with its index and problems, opened when asked for."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cppo_env.assembly import find_problem
from cppo_env.errors import CppoError
from cppo_env.evaluation.folders import RunOverview, find_runs, is_evaluation
from cppo_env.problems import Problems
from cppo_env.sources import source_of
from cppo_env.types import Problem
from cppo_viewer.index import Entry, EpisodeIndex


class NotFound(LookupError):
    """There is no such run in the folders that are shown, or no such episode in the run."""


@dataclass(frozen=True, slots=True)
class ProblemFound:
    """A problem, or why it cannot be shown."""

    problem: Problem | None
    reason: str = ""


class Library:
    """The runs at and below some folders. Its methods may be called from any thread."""

    def __init__(self, places: Sequence[Path], cache: Path | None = None):
        self._places, self._cache = places, cache
        self._lock = threading.Lock()
        self._indexes: dict[Path, EpisodeIndex] = {}
        self._problems: dict[tuple[Path, bool], Problems | str] = {}

    def runs(self) -> list[RunOverview]:
        """All runs, the newest first."""
        return find_runs(self._places)

    def run(self, name: str) -> RunOverview:
        """The run of a name; only those that `runs` lists can be reached.

        Raises:
            NotFound: there is none.
        """
        found = next((run for run in self.runs() if run.name == name), None)
        if found is None:
            raise NotFound(f"there is no run {name}")
        return found

    def index(self, run: RunOverview) -> EpisodeIndex:
        """The index of a run, up to date."""
        with self._lock:
            index = self._indexes.get(run.path)
            if index is None:
                index = self._indexes[run.path] = EpisodeIndex(run.path, self._cache)
        index.refresh()
        return index

    def entry(self, run: RunOverview, number: int) -> Entry:
        """An episode of a run.

        Raises:
            NotFound: the run has no such episode.
        """
        entry = self.index(run).entry(number)
        if entry is None:
            raise NotFound(
                f"run {run.name} has no episode {number}; a run that went back to a checkpoint "
                "plays some again, under new numbers"
            )
        return entry

    def problem(self, run: RunOverview, file: str, problem_id: str) -> ProblemFound:
        """A problem that a run has played in one of its files of episodes."""
        training = run.trained and not is_evaluation(file)
        key = run.path, training
        with self._lock:  # two requests must not load one large set twice
            if key not in self._problems:
                try:
                    self._problems[key] = source_of(run.config, training=training).load()
                except (CppoError, OSError) as error:
                    self._problems[key] = str(error)
            problems = self._problems[key]
        if isinstance(problems, str):
            return ProblemFound(None, problems)
        try:
            return ProblemFound(problems[find_problem(problems, problem_id)])
        except CppoError as error:
            return ProblemFound(None, str(error))

    def close(self) -> None:
        """Close all indexes."""
        with self._lock:
            for index in self._indexes.values():
                index.close()
