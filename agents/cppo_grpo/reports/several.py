"""One page of several runs: algorithms × seeds, their curves, figures and provenance."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from cppo_env.errors import CppoError
from cppo_env.evaluation.comparison.loading import load_run
from cppo_env.evaluation.comparison.methods import Method
from cppo_env.evaluation.comparison.summary import compare, score
from cppo_env.evaluation.comparison.tables import interval, shown_tables
from cppo_env.evaluation.figures import contests_of
from cppo_env.intervals import Interval
from cppo_env.types import Verdict
from cppo_grpo.reports.charts import Frame, Line, Points, charts, main_chart
from cppo_grpo.reports.gathering import (
    Gathered,
    Reported,
    evaluations_of,
    gather,
    names_of,
    provenance,
    settings_that_differ,
)
from cppo_grpo.reports.page import rendered

LAST = 10
"""The last part of training is its steps divided by this number."""
AT_THE_END = {
    "pass@K": "pass_at_k",
    "plans accepted": "validity",
    "plans read": "parse_rate",
    "repeated plans": "duplicate_plans",
    "plans with a method twice": "duplicate_methods",
    "plans cut off": "truncated_plan",
    "programs cut off": "truncated_solve",
    "silent planner groups": "silent_groups_plan",
    "silent solver groups": "silent_groups_solve",
    "void": "void",
}
"""Title → metric, of the last part of training."""


def several_runs(places: Sequence[str], *, seed: int = 0) -> tuple[str, dict[str, Any]]:
    """The page of some runs, and its figures.

    Args:
        places: folders of runs, of pipelines, folders of such folders, or LABEL=FOLDER.
        seed: decides the resamples.

    Raises:
        UsageError: a place holds no run, or runs do not fit together, as `cppo compare` has it.
        CppoError: no problem was played by all runs.
    """
    gathered = gather(places)
    sets = gathered.sets()
    compared = compare(sets, seed=seed) if sets else None
    sections = [_section(gathered, name, seed) for name in gathered.set_names]
    result: dict[str, Any] = {
        "methods": {
            label: [str(run.run.path) for run in runs] for label, runs in gathered.methods.items()
        },
        "interrupted": [
            {"run": str(run.run.path), "why": run.why_unfinished} for run in gathered.interrupted
        ],
        "damaged": [{"run": str(path), "why": why} for path, why in gathered.damaged],
        "notes": list(gathered.notes),
        "evaluations": {
            section["name"]: [asdict(one) for one in section["points"]] for section in sections
        },
        "verdicts": {section["name"]: section["verdicts"] for section in sections},
        "compared": compared,
    }
    shared, own = provenance(gathered.runs)
    values = {
        "result": result,
        "runs": len(gathered.runs),
        "k": gathered.runs[0].run.k,
        "tables": [one for one in shown_tables(compared) if one.rows] if compared else [],
        "sections": sections,
        "last": LAST,
        "colours": gathered.colours,
        "differing": settings_that_differ(gathered),
        "shared": shared,
        "rows": list(
            zip(gathered.labels, gathered.runs, names_of(gathered.runs), own, strict=True)
        ),
        "command": shlex.join(["cppo", "report", *places]),
    }
    return rendered("several.html", values), result


def _section(gathered: Gathered, name: str, seed: int) -> dict[str, Any]:
    """Curves and shares of the runs on one problem set."""
    methods, colours = gathered.on(name), gathered.colours
    contests = _contests(methods)
    points = [
        one
        for label, runs in methods.items()
        if (one := _evaluated(label, colours[label], runs, contests, seed))
    ]
    lines = [
        Line(
            label,
            colours[label],
            [run.joint for run in runs if run.finished and run.joint],
            [run.joint for run in runs if not run.finished and run.joint],
        )
        for label, runs in methods.items()
    ]
    k = next(iter(methods.values()))[0].run.k
    return {
        "name": name,
        "points": points,
        "pass_chart": main_chart("pass_at_k", lines, points, Frame((9.6, 4.4), 1.0, f"pass@{k}")),
        "charts": charts(lines),
        "evaluations": _table_of(points),
        "at_the_end": _at_the_end(methods),
        "verdicts": {
            label: shares for label, runs in methods.items() if (shares := _verdicts(runs))
        },
    }


def _evaluated(
    label: str, colour: str, runs: Sequence[Reported], contests: Mapping[str, str], seed: int
) -> Points | None:
    """pass@K at the steps after which all finished training runs of a method were evaluated."""
    trained = [run for run in runs if run.finished and run.joint]
    if not trained:
        return None
    files = [evaluations_of(run) for run in trained]
    # Runs that stopped early have their last evaluation at different steps: the latest one stands.
    ends = [max(one) for one in files]
    for one, end in zip(files, ends, strict=True):
        one[max(ends)] = one.pop(end)
    found: dict[int, Interval] = {}
    for step in sorted(set[int].intersection(*map(set[int], files))):
        try:
            loaded = [
                load_run(run.run.path, one[step]) for run, one in zip(trained, files, strict=True)
            ]
            found[step] = score(Method(label, tuple(loaded)), contests, seed=seed)
        except CppoError:
            continue  # no episode of it counts for all seeds
    if not found:
        return None
    steps, scores = zip(*found.items(), strict=True)
    ends_of = {name: [getattr(one, name) for one in scores] for name in ("mean", "low", "high")}
    return Points(label, colour, steps, **ends_of)


def _contests(methods: Mapping[str, Sequence[Reported]]) -> dict[str, str]:
    """Problem → contest, where the problems are here and tell it."""
    try:
        problems = next(iter(methods.values()))[0].run.problems()
        return contests_of(problems[n] for n in range(len(problems)))
    except (CppoError, OSError):
        return {}


def _table_of(points: Sequence[Points]) -> list[tuple[str, list[tuple[int, str]]]]:
    """Method → its evaluations, as texts."""
    return [
        (
            one.label,
            [
                (step, interval({"mean": mean, "low": low, "high": high}))
                for step, mean, low, high in zip(
                    one.steps, one.mean, one.low, one.high, strict=True
                )
            ],
        )
        for one in points
    ]


def _verdicts(runs: Sequence[Reported]) -> dict[str, float]:
    """Verdict → its share of the programs in the evaluations that count."""
    counts = Counter(
        verdict for run in runs for record in run.run.records for verdict in record.verdicts
    )
    known = [name for name in Verdict if counts[name]]
    return {name.value: counts[name] / counts.total() for name in known}


def _at_the_end(
    methods: Mapping[str, Sequence[Reported]],
) -> dict[str, dict[str, float | None]]:
    """Method → figure → its mean over the last part of the training of all its runs."""
    found: dict[str, dict[str, float | None]] = {}
    for label, runs in methods.items():
        rows = [row for run in runs for row in run.joint[-max(1, len(run.joint) // LAST) :]]
        if rows:
            found[label] = {title: _mean(rows, name) for title, name in AT_THE_END.items()}
    return found


def _mean(rows: Sequence[Mapping[str, Any]], name: str) -> float | None:
    values = [row[name] for row in rows if row.get(name) is not None]
    return sum(values) / len(values) if values else None
