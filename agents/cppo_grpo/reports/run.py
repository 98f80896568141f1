"""`report.html` of a run: curves, reference levels and example episodes, all in one file."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from cppo_env.assembly import find_problem
from cppo_env.atomic import write_atomically
from cppo_env.evaluation.comparison.loading import load_run
from cppo_env.evaluation.comparison.methods import Method
from cppo_env.evaluation.comparison.summary import compare
from cppo_env.evaluation.comparison.tables import Shown, shown_tables
from cppo_env.plotting import axes_of, svg
from cppo_env.problems.strategies import coordinated_optimum, independent_ceiling
from cppo_env.protocols import KnowsOptimum, ProblemSet
from cppo_env.records import EpisodeRecord
from cppo_env.sources import ProblemSource
from cppo_grpo.reports.page import rendered
from cppo_grpo.runs.folder import Run
from cppo_grpo.runs.log import time_shares

INK, ACCENT, SOFT, GOOD, BAD = "#1f2937", "#4f46e5", "#a5b4fc", "#059669", "#dc2626"
EXAMPLES = 4
"""Number of episodes shown before and after training."""


@dataclass(frozen=True, slots=True)
class KnownLevel:
    """A reference level of pass@K."""

    label: str
    value: float


def write_report(run: Run) -> Path:
    """Write the report into the run folder."""
    path = run.path / "report.html"
    write_atomically(path, report_page(run))
    return path


def report_page(run: Run) -> str:
    """The report of a run as HTML."""
    return rendered("run.html", _contents(run))


def known_lines(problems: ProblemSet, k: int) -> list[KnownLevel]:
    """The known reference levels of the task; only the strategies task has any."""
    if not isinstance(problems, KnowsOptimum):
        return []
    probabilities = problems.probabilities
    return [
        KnownLevel("independent ceiling", independent_ceiling(probabilities, k)),
        KnownLevel("coordinated optimum", coordinated_optimum(probabilities, k)),
    ]


def _contents(run: Run) -> dict[str, Any]:
    rows = run.log.rows("joint")
    evaluations = {when: row[-1] for when in ("before", "after") if (row := run.log.rows(when))}
    training = run.config.training.load()
    held_out = run.config.held_out.loaded() if evaluations else None
    lines = known_lines(training, run.config.k)
    return {
        "config": run.config,
        "name": run.path.resolve().name,
        "steps": len(rows),
        "minutes": sum(row["seconds"] for row in rows + run.log.rows("warm_start")) / 60,
        "evaluations": evaluations,
        "lines": lines,
        "pass_chart": _pass_chart(rows, _held_out(run), lines, run.config.k) if rows else "",
        "charts": _charts(rows) if rows else [],
        "shares": time_shares(rows),
        "examples": _examples(run, training, held_out, evaluations, rows),
        "comparison": _comparison(run, held_out),
        "unread": _unread([*_held_out(run), *rows]),
        "recorded": [_flat(one) for one in run.recorded],
        "prompts": run.prompts.identity,
        "settings": json.loads(run.config.to_json()),
    }


def _held_out(run: Run) -> list[dict[str, Any]]:
    """The evaluations in the order of their steps, each step once."""
    rows = [row for when in ("before", "eval", "after") for row in run.log.rows(when)]
    return [row for _, row in sorted({row["step"]: row for row in rows}.items())]


def _comparison(run: Run, held_out: ProblemSource | None) -> list[Shown]:
    """What training changed on the held-out problems, as `cppo compare` has it."""
    files = [run.path / "rollouts" / f"{when}.jsonl" for when in ("before", "after")]
    if held_out is None or not all(file.exists() for file in files):
        return []
    methods = [
        Method(f"{when} training", (replace(load_run(run.path, when), source=held_out),))
        for when in ("after", "before")
    ]
    title = methods[0].runs[0].set_name
    return list(shown_tables(compare({title: methods}, seed=run.config.seed)))


def _unread(rows: list[dict[str, Any]]) -> list[tuple[str, str, int]]:
    """Unreadable answers in training and evaluations: kind, reason, count."""
    counts: Counter[tuple[str, str]] = Counter()
    for name, what in (("unreadable_plans", "plan"), ("no_program", "answer without a program")):
        for row in rows:
            for reason, count in row.get(name, {}).items():
                counts[what, reason] += count
    return [(what, reason, count) for (what, reason), count in counts.most_common()]


def _examples(
    run: Run,
    training: ProblemSet,
    held_out: ProblemSource | None,
    evaluations: dict[str, Any],
    rows: list[dict[str, Any]],
) -> dict[str, list[dict[str, Any]]]:
    """Title → episodes, with the problem statements that records omit."""
    shown: dict[str, str] = {f"{when} training": when for when in evaluations}
    problems = training if held_out is None else held_out.load()
    if not shown and rows:
        last = rows[-1]["step"]
        shown = {f"step {last}": f"step-{last:06d}"}
    examples: dict[str, list[dict[str, Any]]] = {}
    for title, name in shown.items():
        episodes: list[dict[str, Any]] = []
        for record in run.read_episodes(name)[:EXAMPLES]:
            problem = problems[find_problem(problems, record.problem_id)]
            episodes.append(
                {
                    "record": record,
                    "statement": problem.statement,
                    "branches": _branches(record),
                }
            )
        examples[title] = episodes
    return examples


def _flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested values with the names joined by blanks."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            flat |= _flat(cast(dict[str, Any], value), f"{prefix}{name} ")
        else:
            flat[prefix + name] = value
    return flat


def _branches(record: EpisodeRecord) -> list[dict[str, str | None]]:
    count = max(len(record.methods), len(record.programs))
    pad = (None,) * count
    columns = zip(
        record.methods + pad,
        record.programs + pad,
        record.verdicts + pad,
        record.messages + pad,
        strict=False,
    )
    names = "method", "program", "verdict", "message"
    return [
        dict(zip(names, values, strict=True))
        for values, _ in zip(columns, range(count), strict=False)
    ]


def _pass_chart(
    rows: list[dict[str, Any]], held_out: list[dict[str, Any]], lines: list[KnownLevel], k: int
) -> str:
    figure, axes = axes_of((9.6, 4.2))
    steps, values = _series(rows, "pass_at_k")
    axes.plot(steps, values, color=SOFT, linewidth=0.8, label="training, each step")
    axes.plot(steps, _smooth(values), color=ACCENT, linewidth=2.2, label="training, smoothed")
    for line, style in zip(lines, ("--", ":"), strict=False):
        axes.axhline(line.value, color=INK, linestyle=style, linewidth=1.2)
        axes.annotate(
            f"{line.label} {line.value:.3f}", (0, line.value),
            xytext=(12, 4), textcoords="offset points",
            fontsize=9, color=INK,
        )  # fmt: skip
    if held_out:
        found = np.array([row["pass_at_k"] for row in held_out])
        low, high = np.array([row["ci95"] for row in held_out]).T
        axes.errorbar(
            [row["step"] for row in held_out], found, yerr=[found - low, high - found],
            fmt="o-", color=GOOD, capsize=4, linewidth=1.2, zorder=5,
            label="held out, 95 % interval",
        )  # fmt: skip
    axes.set_ylim(0, 1.08)
    axes.set_ylabel(f"pass@{k}")
    axes.set_xlabel("optimizer step")
    axes.legend(loc="lower right", frameon=False, fontsize=9)
    return svg(figure)


def _charts(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    """The smaller charts: title and SVG."""
    wanted = {
        "Rewards": (("reward_plan", "planner"), ("reward_solve", "solver")),
        "Gate and signal": (
            ("validity", "valid plans"),
            ("silent_groups_plan", "planner groups without signal"),
        ),
        "KL from the start": (("kl_plan", "planner"), ("kl_solve", "solver")),
        "Entropy of a sampled token (estimate)": (
            ("entropy_estimate_plan", "planner"),
            ("entropy_estimate_solve", "solver"),
        ),
    }
    charts: list[dict[str, str]] = []
    for title, curves in wanted.items():
        figure, axes = axes_of((4.7, 2.5))
        for (name, label), color in zip(curves, (ACCENT, GOOD), strict=True):
            steps, values = _series(rows, name)
            if len(steps):
                axes.plot(steps, values, color=color, linewidth=0.5, alpha=0.3)
                axes.plot(steps, _smooth(values), color=color, linewidth=1.8, label=label)
        if axes.lines:  # a run that writes no programs, or no plans, may know none of these figures
            axes.legend(frameon=False, fontsize=8)
        axes.set_ylim(bottom=0)
        charts.append({"title": title, "svg": svg(figure)})
    return charts


def _series(
    rows: list[dict[str, Any]], name: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    known = [(row["step"], row[name]) for row in rows if row.get(name) is not None]
    return np.array([step for step, _ in known], dtype=float), np.array(
        [value for _, value in known], dtype=float
    )


def _smooth(values: NDArray[np.float64], window: int = 15) -> NDArray[np.float64]:
    """Mean over a window around each point, cut at the ends."""
    half = min(window, len(values)) // 2
    return np.array([values[max(0, i - half) : i + half + 1].mean() for i in range(len(values))])
