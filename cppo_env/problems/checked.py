"""Checkers given to problems, for sets whose problems have several right answers."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from cppo_env import plugins
from cppo_env.errors import UsageError
from cppo_env.problems.records import Refusal
from cppo_env.problems.views import Problems, Summary, indexed
from cppo_env.protocols import ProblemSet
from cppo_env.types import Checker, Problem


class Checked(Problems):
    """A problem set in which some problems have other checkers.

    Args:
        base: the set.
        checkers: problem id → checker, or its name in the entry-point group `cppo_env.checkers`.
    """

    def __init__(self, base: Problems, checkers: Mapping[str, str | Checker]):
        self._base, self._checkers = base, dict(checkers)

    def __len__(self) -> int:
        """Number of problems."""
        return len(self._base)

    def __getitem__(self, index: int, /) -> Problem:
        """The problem at `index`, with its checker."""
        problem = self._base[index]
        checker = self._checkers.get(problem.id)
        return problem if checker is None else dataclasses.replace(problem, checker=checker)

    def summary(self, index: int) -> Summary:
        """The summary at `index`."""
        return self._base.summary(index)

    def digest(self, index: int) -> str:
        """The digest at `index`, of a problem with its own checker where it has one."""
        given = self._base.summary(index).id in self._checkers
        return super().digest(index) if given else self._base.digest(index)

    @property
    def refused(self) -> tuple[Refusal, ...]:
        """The refusals of the set."""
        return self._base.refused

    @property
    def unread(self) -> Mapping[str, int]:
        """The set's own."""
        return self._base.unread


def with_checkers(
    problems: ProblemSet, checkers: Mapping[str, str | Checker] | Path | str
) -> Problems:
    """Give problems their own checkers.

    Args:
        problems: the set.
        checkers: problem id → checker or its name, or a JSON file of such names.

    Raises:
        UsageError: the file is no JSON object of names, or no problem has one of the ids.
        UnknownNameError: no checker has one of the names.
    """
    base = indexed(problems)
    given = _read_checkers(Path(checkers)) if isinstance(checkers, str | Path) else checkers
    for problem_id, checker in given.items():
        base.index(problem_id)
        if isinstance(checker, str):
            plugins.load("checkers", checker)
    return Checked(base, given)


def _read_checkers(path: Path) -> dict[str, str]:
    try:
        content: Any = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise UsageError(
            f"checkers: cannot read {path} ({error}); expected JSON: {{problem id: checker}}"
        ) from None
    names = cast(dict[str, Any], content) if isinstance(content, dict) else {}
    if not names or not all(isinstance(name, str) for name in names.values()):
        raise UsageError(f"checkers: {path} is no JSON object of problem id: checker")
    return names
