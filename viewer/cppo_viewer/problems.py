"""The pages of problems: what became of each over a run, and of one with its methods."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cppo_env.errors import UsageError
from cppo_env.evaluation.folders import RunOverview, step_of
from cppo_env.evaluation.histories import History, histories
from cppo_env.judges import folded
from cppo_env.records import EpisodeRecord
from cppo_env.types import Verdict
from cppo_viewer.index import Entry
from cppo_viewer.library import Library
from cppo_viewer.queries import page_of

PAGE = 100
"""Problems on a page."""
PLAYS = 40
"""Newest plays that a row shows."""
READ = 400
"""Newest episodes of a problem whose methods are read."""
METHODS = 15
"""Methods that a problem's page shows."""

KINDS: dict[str, Callable[[History], bool]] = {
    "all": lambda one: True,
    "lost again": lambda one: one.lost is not None,
    "never solved": lambda one: not one.solved,
    "learnt": lambda one: bool(one.failed_first and one.solved and not one.failed_since),
    "always solved": lambda one: one.solved == len(one.plays),
}
"""Kind of problems → whether one is of it."""


def _step(file: str | None) -> int:
    return -1 if file is None else step_of(file)


def natural(text: str) -> str:
    """What texts are sorted by, so that 10 comes after 9."""
    return re.sub(r"\d+", lambda number: number[0].zfill(20), text)


SORTS: dict[str, Callable[[History], Any]] = {
    "problem": lambda one: natural(one.problem),
    "played": lambda one: len(one.plays),
    "solved in": lambda one: one.solved / len(one.plays),
    "first solved": lambda one: _step(one.first),
    "last solved": lambda one: _step(one.last),
    "lost": lambda one: _step(one.lost),
    "failed since": lambda one: one.failed_since,
}
"""Column → what its rows are sorted by; "-" before its name turns the order round."""


def sides_of(found: Sequence[History]) -> dict[str, list[History]]:
    """The histories of training and of held-out problems, where there are any."""
    sides = {"training": False, "held-out": True}
    of = {name: [one for one in found if one.held_out == held] for name, held in sides.items()}
    return {name: some for name, some in of.items() if some}


def counts(found: Sequence[History]) -> dict[str, int]:
    """Kind of problems → how many of these are of it."""
    return {name: sum(map(belongs, found)) for name, belongs in KINDS.items()}


def problems_page(library: Library, run: RunOverview, given: Mapping[str, str]) -> dict[str, Any]:
    """The problems of a run: when each was solved first and last, and which were lost again.

    Raises:
        UsageError: a choice cannot be understood.
    """
    sides = sides_of(histories(library.index(run).played()))
    of = _one_of("of", given.get("of") or next(iter(sides), ""), [*sides, ""])
    kind = _one_of("kind", given.get("kind") or "all", KINDS)
    sort = given.get("sort") or ("-lost" if kind == "lost again" else "problem")
    column = _one_of("sort", sort.removeprefix("-"), SORTS)
    page = page_of(given)
    chosen = [one for one in sides.get(of, []) if KINDS[kind](one)]
    chosen.sort(key=SORTS["problem"])
    chosen.sort(key=SORTS[column], reverse=sort.startswith("-"))
    return {
        "run": run,
        "of": of,
        "kind": kind,
        "sort": sort,
        "sides": {name: len(all_of) for name, all_of in sides.items()},
        "kinds": counts(sides.get(of, [])),
        "columns": list(SORTS),
        "rows": chosen[(page - 1) * PAGE : page * PAGE],
        "plays": PLAYS,
        "total": len(chosen),
        "page": page,
        "pages": max(1, -(-len(chosen) // PAGE)),
    }


def problem_page(library: Library, run: RunOverview, problem_id: str) -> dict[str, Any]:
    """One problem over a run: when it was solved, by which methods, and how its plans narrowed."""
    index = library.index(run)
    entries = index.of_problem(problem_id)
    by_file: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_file[entry.file].append(entry)
    counted = [entry for entry in entries if not entry.void]
    found = histories((problem_id, one.file, one.correct > 0) for one in counted)
    read = [(entry, index.record(entry)) for entry in counted[-READ:]]
    methods = _methods(read)
    return {
        "run": run,
        "problem_id": problem_id,
        "rows": [
            {
                "file": file,
                "entries": group,
                "solved": _share([entry.correct > 0 for entry in group if not entry.void]),
                "distinct": len({entry.methods for entry in group if not entry.unreadable}),
            }
            for file, group in by_file.items()
        ],
        "stories": [_story(one, read, methods) for one in found],
        "methods": methods[:METHODS],
        "more_methods": max(0, len(methods) - METHODS),
        "files": list(dict.fromkeys(entry.file for entry, _ in read)),
        "unread": len(counted) - len(read),
    }


@dataclass(slots=True)
class Used:
    """A method of a problem over the files: in how many tuples, and whether a program passed."""

    method: str
    tuples: dict[str, int] = field(default_factory=dict[str, int])
    solved: set[str] = field(default_factory=set[str])


def _methods(read: Sequence[tuple[Entry, EpisodeRecord]]) -> list[Used]:
    """The methods that were used: those that solved the problem first, then the most common."""
    found: dict[str, Used] = {}
    for entry, record in read:
        for number, method in enumerate(record.methods):
            used = found.setdefault(folded(method), Used(method))
            used.tuples[entry.file] = used.tuples.get(entry.file, 0) + 1
            if number < len(record.verdicts) and record.verdicts[number] == Verdict.AC:
                used.solved.add(entry.file)
    return sorted(found.values(), key=lambda one: (not one.solved, -sum(one.tuples.values())))


def _story(
    one: History, read: Sequence[tuple[Entry, EpisodeRecord]], methods: Sequence[Used]
) -> dict[str, Any]:
    """A history with the first success, and what the plans hold since it was lost.

    `first` and `by` are None without one among the episodes that were read.
    """
    first, by = None, None
    for entry, record in read:
        if entry.file == one.first and entry.correct:
            number = record.verdicts.index(Verdict.AC)
            first, by = entry, record.methods[number] if number < len(record.methods) else None
            break
    solvers = {folded(used.method) for used in methods if used.solved}
    since = {file for file, _ in one.plays[-one.failed_since :]} if one.lost else set[str]()
    plans = [record for entry, record in read if entry.file in since]
    return {
        "one": one,
        "first": first,
        "by": by,
        "plans": len(plans),
        "with_solver": sum(bool(solvers & {*map(folded, plan.methods)}) for plan in plans),
    }


def _one_of(name: str, value: str, known: Mapping[str, Any] | Sequence[str]) -> str:
    if value not in known:
        raise UsageError(f"{name}: got {value!r}, expected one of {', '.join(filter(None, known))}")
    return value


def _share(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
