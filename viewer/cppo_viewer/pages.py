"""What each page shows: plain values for its template."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cppo_env.estimators import policy_pass_at_k
from cppo_env.evaluation.comparison.loading import independent_in
from cppo_env.evaluation.figures import interval
from cppo_env.evaluation.folders import OF_THE_CALL, RunOverview, differing, is_evaluation, title_of
from cppo_env.evaluation.histories import histories
from cppo_env.judges import folded
from cppo_env.records import EpisodeRecord
from cppo_env.types import Problem, Verdict
from cppo_viewer import details, failing, queries, texts, tokens
from cppo_viewer.curves import CURVES
from cppo_viewer.index import COUNTED, Entry, EpisodeIndex
from cppo_viewer.library import Library, NotFound
from cppo_viewer.problems import counts, natural, sides_of
from cppo_viewer.queries import ORDERS

PAGE = 50
"""Episodes on a page of the search."""
SHOWN = "algorithm", "agent", "env", "problems", "split", "filters"
"""Settings that the table of runs shows anyway."""
LOOK = "lost again", "never solved", "learnt"
"""Kinds of problems that the page of a run links to."""
FILTERED = {
    "void": {"void": "yes"},
    "plan refused": {"accepted": "no", "void": "no"},
    "a method twice": {"twice": "yes"},
}
"""Title → filters of a search that the page of a run links to."""
COLUMNS = 8
"""Most settings that get a column of that table."""


def runs_page(library: Library) -> dict[str, Any]:
    """All runs, with the settings in which they differ."""
    runs = library.runs()
    columns = [name for name in differing(runs) if name not in SHOWN]
    return {"runs": runs, "columns": columns[:COLUMNS], "more_columns": columns[COLUMNS:]}


def run_page(library: Library, run: RunOverview) -> dict[str, Any]:
    """One run: its curves, files of episodes and settings."""
    index = library.index(run)
    files = index.files()
    settings = {name: value for name, value in run.config.items() if name not in OF_THE_CALL}
    evaluation = None
    if not run.trained and (scores := _scores(index, run, "episodes")):
        evaluation = interval(scores, {})
    return {
        "run": run,
        "files": [{**row, "title": title_of(row["file"])} for row in files],
        "settings": settings,
        "changed": _changed(run),
        "evaluation": evaluation,
        "faults": index.faults(),
        "notable": _notable(index),
        "charts": [(title, " ".join(names)) for title, names in CURVES.items()],
    }


def _notable(index: EpisodeIndex) -> dict[str, list[tuple[str, int, dict[str, str]]]]:
    """What is worth a look: title, how many, and what its page is asked; by page."""
    found: dict[str, list[tuple[str, int, dict[str, str]]]] = {"problems": [], "search": []}
    for side, of in sides_of(histories(index.played())).items():
        kinds = {name: count for name, count in counts(of).items() if count and name in LOOK}
        for name, count in kinds.items():
            found["problems"].append((f"{name}, {side}", count, {"of": side, "kind": name}))
    for title, filters in FILTERED.items():
        if count := index.search(filters, limit=1)[1]:
            found["search"].append((title, count, filters))
    return found


@dataclass(frozen=True, slots=True)
class Group:
    """A problem's tuples in one file of episodes."""

    problem: str
    entries: tuple[Entry, ...]
    repeats: frozenset[int]
    """Episodes whose plan, as a set of methods, is that of an earlier one."""


def step_page(library: Library, run: RunOverview, file: str) -> dict[str, Any]:
    """One file of episodes as a grid: a row for each problem, a cell for each tuple.

    Raises:
        NotFound: the run has no such file, or no episode in it.
    """
    index = library.index(run)
    entries = index.of_file(file)
    if not entries:
        raise NotFound(f"run {run.name} has no episodes of {file}")
    groups = _groups(entries)
    recorded = tokens.of_file_if_whole(run.path, file)
    counted = [entry for entry in entries if not entry.void]
    verdicts = Counter(verdict for entry in counted for verdict in entry.verdicts.split())
    return {
        "run": run,
        "file": file,
        "title": title_of(file),
        "groups": groups,
        "episodes": len(entries),
        "void": len(entries) - len(counted),
        "solved": _share([entry.correct > 0 for entry in counted]),
        "reward": _share([entry.reward for entry in counted]),
        "verdicts": verdicts.most_common(),
        "neighbours": _neighbours(index.names(), file),
        "with_tokens": sorted(
            (one for one in entries if (one.problem, one.episode) in recorded),
            key=lambda one: one.advantage or 0.0,
        ),
    }


def episode_page(library: Library, run: RunOverview, number: int) -> dict[str, Any]:
    """One episode: methods beside programs, and all tuples of its group.

    Raises:
        NotFound: the run has no such episode.
    """
    index = library.index(run)
    entry = library.entry(run, number)
    record = index.record(entry)
    found = library.problem(run, entry.file, entry.problem)
    group = index.of_group(entry)
    records = {one.id: record if one.id == entry.id else index.record(one) for one in group}
    uses = Counter(
        method for one in records.values() for method in {folded(m) for m in one.methods} if method
    )
    language = str(run.config.get("language", "python"))
    ids = [one.id for one in group]
    return {
        "run": run,
        "entry": entry,
        "title": title_of(entry.file),
        "record": record,
        "problem": found.problem,
        "missing": found.reason,
        "statement": texts.statement(found.problem.statement) if found.problem else "",
        "branches": [
            _branch(record, branch, found.problem, uses, len(records), language)
            for branch in range(max(len(record.methods), len(record.answers)))
        ],
        "plans": [texts.plain(plan) for plan in record.plans],
        "group": [
            {
                "entry": one,
                "methods": [(method, uses[folded(method)]) for method in records[one.id].methods],
                "verdicts": one.verdicts.split(),
            }
            for one in group
        ],
        "neighbours": _neighbours(ids, entry.id),
        "tokens": details.tokens_recorded(index, run, entry),
    }


def record_of(library: Library, run: RunOverview, number: int) -> EpisodeRecord:
    """The whole record of an episode."""
    index = library.index(run)
    return index.record(library.entry(run, number))


def search_page(library: Library, run: RunOverview, given: Mapping[str, str]) -> dict[str, Any]:
    """Episodes that fulfil the filters.

    Raises:
        UsageError: a filter cannot be understood.
    """
    index = library.index(run)
    page = queries.page_of(given)
    filters = {name: value for name, value in given.items() if name not in ("page", "order")}
    order = given.get("order") or next(iter(ORDERS))
    entries, total = index.search(filters, (page - 1) * PAGE, PAGE, order)
    phrases = queries.phrases(filters.get("q", ""))
    return {
        "run": run,
        "filters": filters,
        "entries": [(entry, _found(index, entry, phrases)) for entry in entries],
        "order": order,
        "orders": list(ORDERS),
        "total": min(total, COUNTED) if filters.get("q") else total,
        "more": bool(filters.get("q")) and total > COUNTED,
        "page": page,
        "pages": max(1, -(-total // PAGE)),
        "files": index.names(),
        "verdicts": [verdict.value for verdict in Verdict],
    }


def _found(index: EpisodeIndex, entry: Entry, phrases: Sequence[str]) -> str:
    """Where the words of a search stand in an episode."""
    if not phrases:
        return ""
    record = index.record(entry)
    programs = [program or "" for program in record.programs]
    return texts.excerpt([*record.methods, *programs, *record.plans], phrases)


def compare_page(library: Library, names: Sequence[str], best: str) -> dict[str, Any]:
    """Some runs side by side: curves, and the problems that some solve and others do not.

    Args:
        library: where they are.
        names: the runs.
        best: one of them, for the problems that it solves more often than all others; all if empty.
    """
    runs = [library.run(name) for name in names]
    solved = {run.name: _last_solved(library, run) for run in runs}
    shared = set.intersection(*(set(one) for one in solved.values())) if solved else set[str]()
    rows = [
        (problem, [solved[run.name][problem] for run in runs])
        for problem in sorted(shared, key=natural)
        if len({solved[run.name][problem] for run in runs}) > 1
    ]
    rows.sort(key=lambda row: row[1][0] - max(row[1][1:]), reverse=True)
    ahead = {
        name: [row for row in rows if all(row[1][at] > one for one in _without(row[1], at))]
        for at, name in enumerate(names)
    }
    chosen = ahead.get(best, rows)
    return {
        "runs": runs,
        "columns": differing(runs),
        "rows": chosen[:200],
        "more": max(0, len(chosen) - 200),
        "choices": {"": len(rows)} | {name: len(found) for name, found in ahead.items()},
        "best": best if best in ahead else "",
        "shared": len(shared),
    }


def _last_solved(library: Library, run: RunOverview) -> dict[str, float]:
    """Problem → pass@K in the run's last evaluation; without one, in its last step."""
    index = library.index(run)
    files = index.names()
    evaluations = [file for file in files if is_evaluation(file)]
    chosen = (evaluations or files)[-1:]
    return _scores(index, run, chosen[0]) if chosen else {}


def _scores(index: EpisodeIndex, run: RunOverview, file: str) -> dict[str, float]:
    """Problem → pass@K in one file of episodes, as `cppo eval` and `cppo compare` estimate it."""
    k, independent = int(run.config["k"]), independent_in(run.config)
    return {
        problem: policy_pass_at_k(solved_TK, k, independent=independent)
        for problem, solved_TK in index.solved(file, k).items()
    }


def _groups(entries: Sequence[Entry]) -> list[Group]:
    by_problem: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_problem[entry.problem].append(entry)
    groups: list[Group] = []
    for problem, group in by_problem.items():
        seen: set[str] = set()
        repeats: set[int] = set()
        for entry in group:
            if entry.methods in seen and not entry.unreadable:
                repeats.add(entry.id)
            seen.add(entry.methods)
        groups.append(Group(problem, tuple(group), frozenset(repeats)))
    return groups


def _branch(
    record: EpisodeRecord,
    number: int,
    problem: Problem | None,
    uses: Counter[str],
    tuples: int,
    language: str,
) -> dict[str, Any]:
    """One method with its program, verdict and first failing test."""
    method = _at(record.methods, number)
    source = _at(record.programs, number)
    outcomes = _at(record.outcomes, number) or ""
    return {
        "letter": chr(ord("A") + number),
        "method": method or "",
        "used": uses[folded(method or "")],
        "tuples": tuples,
        "program": texts.program(source, language) if source is not None else None,
        "source": source,
        "verdict": _at(record.verdicts, number) or "",
        "message": _at(record.messages, number) or "",
        "why_none": _at(record.no_program, number) or "",
        "answer": texts.plain(_at(record.answers, number) or ""),
        "passed": sum(letter.upper() == "A" for letter in outcomes),
        "ran": len(outcomes),
        "failing": failing.shown(record, number, problem),
    }


def _changed(run: RunOverview) -> dict[str, Any]:
    """The settings of a training run that differ from the defaults."""
    if not run.trained:
        return {}
    from cppo_grpo.config import TrainConfig

    defaults: dict[str, Any] = json.loads(TrainConfig().to_json())
    return {
        name: value
        for name, value in run.config.items()
        if name in defaults and value != defaults[name] and name not in OF_THE_CALL
    }


def _neighbours(items: Sequence[Any], item: Any) -> tuple[Any, Any]:
    """The items before and after one; None at an end."""
    if item not in items:
        return None, None
    at = items.index(item)
    return (items[at - 1] if at else None), (items[at + 1] if at + 1 < len(items) else None)


def _without(values: Sequence[float], at: int) -> list[float]:
    return [*values[:at], *values[at + 1 :]]


def _at(values: Sequence[Any], number: int) -> Any:
    return values[number] if number < len(values) else None


def _share(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
