"""Which problems of a set to use: filters over their summaries."""

from __future__ import annotations

import json
import warnings
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

from cppo_env.errors import ProblemDataError, UsageError
from cppo_env.plugins import suggest
from cppo_env.problems.records import ProblemDataWarning
from cppo_env.problems.views import Problems, Summary, describe, indexed
from cppo_env.protocols import ProblemSet

Choice = str | int | Collection[str | int] | None
"""One value or several; None admits all."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a problem must satisfy. A field left at None admits all problems."""

    split: Choice = None
    """Split, such as "train" or "test"."""
    difficulty: Choice = None
    """The set's own word ("introductory", "easy") or number (CodeContests)."""
    platform: Choice = None
    """Site of origin, such as "codeforces"."""
    source: Choice = None
    """The set's own word or number for the origin."""
    start_date: str | date | None = None
    """First day of publication, ISO 8601. Problems without a date are dropped."""
    end_date: str | date | None = None
    """Last day of publication, inclusive."""
    min_tests: int | None = None
    """Minimum number of tests, including public ones."""
    max_statement_chars: int | None = None
    """Maximum length of the statement in characters."""
    languages: Choice = None
    """At least one reference program must be in one of these languages, such as "python3"."""
    keep: Path | str | Collection[str | int] | None = None
    """Ids to use: a collection, or a keep-list written by `cppo problems validate`."""

    def __post_init__(self) -> None:
        """Refuse numbers that are none."""
        for name in ("min_tests", "max_statement_chars"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, int):
                raise UsageError(f"{name}: got {value!r}, expected a whole number")

    def indices(self, summaries: Sequence[Summary]) -> list[int]:
        """Positions of the problems that pass."""
        split, difficulty, platform, source, languages = (
            _texts(choice)
            for choice in (self.split, self.difficulty, self.platform, self.source, self.languages)
        )
        first, last = _day("start_date", self.start_date), _day("end_date", self.end_date)
        keep = _kept(self.keep)

        def admits(summary: Summary) -> bool:
            day = (summary.date or "")[:10]
            return (
                (split is None or summary.split in split)
                and (difficulty is None or summary.difficulty in difficulty)
                and (platform is None or summary.platform in platform)
                and (source is None or summary.source in source)
                and (languages is None or not languages.isdisjoint(summary.languages))
                and (first is None or (day != "" and first <= day))
                and (last is None or (day != "" and day <= last))
                and (self.min_tests is None or summary.tests >= self.min_tests)
                and (
                    self.max_statement_chars is None
                    or summary.statement_chars <= self.max_statement_chars
                )
                and (keep is None or summary.id in keep)
            )

        return [index for index, summary in enumerate(summaries) if admits(summary)]


NAMES = tuple(field.name for field in fields(Filters))


def select(problems: ProblemSet, **filters: Any) -> Problems:
    """A view of the problems that pass the filters; the set itself without filters.

    Args:
        problems: any problem set; one without summaries is read once in full.
        **filters: fields of `Filters`.

    Raises:
        UsageError: unknown filter, or a value of the wrong kind.
        ProblemDataError: no problem is left.
    """
    for name in filters:
        if name not in NAMES:
            raise UsageError(f"no filter named {name!r}; {suggest(name, list(NAMES))}")
    base = indexed(problems)
    filters = {name: value for name, value in filters.items() if value is not None}
    if not filters:
        return base
    summaries = [base.summary(index) for index in range(len(base))]
    if keep := _kept(filters.get("keep")):
        warn_of_unknown("keep", base, keep)
    chosen = Filters(**filters).indices(summaries)
    if not chosen:
        raise ProblemDataError(_nothing_left(summaries, filters))
    return base.pick(chosen)


def not_in(problems: Problems, ids: Collection[str]) -> list[str]:
    """The ids that no problem of a set has."""
    known = {problems.summary(index).id for index in range(len(problems))}
    return sorted(set(ids) - known)


def warn_of_unknown(where: str, problems: Problems, ids: Collection[str]) -> None:
    """Say how many ids of a keep-list name no problem of its set."""
    if unknown := not_in(problems, ids):
        warnings.warn(
            f"{where}: {len(unknown)} of {len(ids)} ids name no problem of the set: "
            f"{describe(unknown, 3)}; validate the set again",
            ProblemDataWarning,
            stacklevel=4,
        )


def _nothing_left(summaries: Sequence[Summary], filters: dict[str, Any]) -> str:
    given = ", ".join(f"{name}={value!r}" for name, value in filters.items())
    hints = [
        f"{name}: "
        f"{', '.join(f'{value} ({count})' for value, count in Counter(known).most_common(6))}"
        for name in ("split", "difficulty", "platform", "source")
        if name in filters and (known := [str(getattr(summary, name)) for summary in summaries])
    ]
    days = sorted(summary.date[:10] for summary in summaries if summary.date)
    if days and filters.keys() & {"start_date", "end_date"}:
        hints.append(f"dates from {days[0]} to {days[-1]}")
    return f"none of {len(summaries)} problems fulfils {given}" + (
        f"; the set has {'; '.join(hints)}" if hints else ""
    )


def _texts(choice: Choice) -> frozenset[str] | None:
    if choice is None:
        return None
    values = (choice,) if isinstance(choice, str | int) else choice
    return frozenset(map(str, values))


def _day(name: str, value: str | date | None) -> str | None:
    if value is None:
        return None
    try:
        return (date.fromisoformat(value[:10]) if isinstance(value, str) else value).isoformat()[
            :10
        ]
    except ValueError:
        raise UsageError(f"{name}: got {value!r}, expected a day such as 2024-10-01") from None


def _kept(keep: Path | str | Collection[str | int] | None) -> frozenset[str] | None:
    if keep is None or not isinstance(keep, str | Path):
        return _texts(keep)
    try:
        return frozenset(map(str, json.loads(Path(keep).read_text())["keep"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"keep: got {keep}, expected a keep-list of `cppo problems validate` ({error})"
        ) from None
