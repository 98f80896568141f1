"""`report.html` of a run: curves, results, chosen episodes, settings, how to repeat it."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cppo_env.assembly import find_problem
from cppo_env.atomic import write_atomically
from cppo_env.errors import CppoError
from cppo_env.evaluation.comparison.loading import load_run
from cppo_env.evaluation.comparison.methods import Method
from cppo_env.evaluation.comparison.summary import compare
from cppo_env.evaluation.comparison.tables import Shown, shown_tables
from cppo_env.evaluation.folders import is_evaluation, title_of
from cppo_env.plotting import COLOURS
from cppo_env.problems.strategies import coordinated_optimum, independent_ceiling
from cppo_env.protocols import KnowsOptimum, ProblemSet
from cppo_env.records import EpisodeRecord
from cppo_env.rendering import cut
from cppo_env.sources import ProblemSource
from cppo_env.types import Verdict
from cppo_grpo.changes import unusual
from cppo_grpo.config import TrainConfig
from cppo_grpo.reports.charts import Frame, Level, Line, Points, charts, main_chart
from cppo_grpo.reports.chosen import Chosen, choose
from cppo_grpo.reports.page import flat, rendered
from cppo_grpo.runs.folder import Run
from cppo_grpo.runs.log import LogRow, time_shares

STATEMENT, PROGRAM = 1200, 4000
"""Characters shown of a statement, and of a program."""
LOST = 10
"""Problems shown of those that were lost again, in training and held out."""
ACCENT, GOOD = COLOURS[0], COLOURS[1]


def write_report(run: Run) -> Path:
    """Write the report into the run folder."""
    path = run.path / "report.html"
    write_atomically(path, report_page(run))
    return path


def report_page(run: Run) -> str:
    """The report of a run as HTML."""
    return rendered("run.html", _contents(run))


def known_lines(problems: ProblemSet, k: int) -> list[Level]:
    """The known reference levels of the task; only the strategies task has any."""
    if not isinstance(problems, KnowsOptimum):
        return []
    probabilities = problems.probabilities
    return [
        Level("independent ceiling", independent_ceiling(probabilities, k)),
        Level("coordinated optimum", coordinated_optimum(probabilities, k)),
    ]


def repeat_command(config: TrainConfig) -> str:
    """The command that trains with these settings again."""
    words = ["cppo", "train"]
    for name, value in unusual(config).items():
        stored = json.loads(config.to_json())[name] if name == "algorithm" else value
        words.append(f"--{name}={stored if isinstance(stored, str) else json.dumps(stored)}")
    return shlex.join(words)


def _contents(run: Run) -> dict[str, Any]:
    rows = run.log.rows("joint")
    evaluations = {when: row[-1] for when in ("before", "after") if (row := run.log.rows(when))}
    sources, missing = _problems(run, held_out=bool(evaluations))
    problems = {name: source.load() for name, source in sources.items()}
    lines = known_lines(problems["training"], run.config.k) if "training" in problems else []
    choice = choose(run)
    return {
        "config": run.config,
        "name": run.path.resolve().name,
        "steps": len(rows),
        "minutes": sum(row["seconds"] for row in rows + run.log.rows("warm_start")) / 60,
        "evaluations": evaluations,
        "lines": lines,
        "pass_chart": _pass_chart(rows, _held_out(run), lines, run.config.k),
        "charts": charts([Line("training", ACCENT, [rows])]) if rows else [],
        "shares": time_shares(rows),
        "verdicts": _verdicts(choice.verdicts),
        "damaged": choice.damaged,
        "missing": missing,
        "lost": {
            side: found
            for side, held_out in (("In training", False), ("On held-out problems", True))
            if (found := [one for one in choice.lost if one.held_out == held_out])
        },
        "lost_shown": LOST,
        "episodes": {
            kind: [_shown(one, problems) for one in chosen] for kind, chosen in choice.kinds.items()
        },
        "comparison": _comparison(run, sources["held_out"]) if "held_out" in sources else [],
        "unread": _unread([*_held_out(run), *rows]),
        "recorded": [flat(one) for one in run.recorded],
        "commit": run.recorded[-1].get("commit") if run.recorded else None,
        "command": repeat_command(run.config),
        "prompts": run.prompts.identity,
        "unusual": json.loads(json.dumps(unusual(run.config), default=str)),
        "settings": json.loads(run.config.to_json()),
    }


def _problems(run: Run, *, held_out: bool) -> tuple[dict[str, ProblemSource], list[str]]:
    """The problems of the run, and why some are missing; a page without statements is still one."""
    sources: dict[str, ProblemSource] = {"training": run.config.training}
    if held_out:
        sources["held_out"] = run.config.held_out
    found: dict[str, ProblemSource] = {}
    missing: list[str] = []
    for name, source in sources.items():
        try:
            found[name] = source.loaded()
        except (CppoError, OSError) as error:
            missing.append(f"the {name.replace('_', '-')} problems could not be loaded: {error}")
    return found, missing


def _held_out(run: Run) -> list[dict[str, Any]]:
    """The evaluations in the order of their steps, each step once."""
    rows = [row for when in ("before", "eval", "after") for row in run.log.rows(when)]
    return [row for _, row in sorted({row["step"]: row for row in rows}.items())]


def _comparison(run: Run, source: ProblemSource) -> list[Shown]:
    """What training changed on the held-out problems, as `cppo compare` has it."""
    files = [run.path / "rollouts" / f"{when}.jsonl" for when in ("before", "after")]
    if not all(file.exists() for file in files):
        return []
    methods = [
        Method(f"{when} training", (replace(load_run(run.path, when), source=source),))
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


def _verdicts(counts: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, float]]:
    """Evaluation → verdict → its share of the programs."""
    return {
        title_of(file): {
            name.value: one[name] / sum(one.values()) for name in Verdict if one.get(name)
        }
        for file, one in counts.items()
        if one and not file.startswith("eval-")
    }


def _shown(one: Chosen, problems: Mapping[str, ProblemSet]) -> dict[str, Any]:
    """An episode with the statement of its problem, which records omit."""
    known = problems.get("held_out" if is_evaluation(one.file) else "training")
    statement = ""
    if known is not None:
        statement = known[find_problem(known, one.record.problem_id)].statement
    return {
        "title": title_of(one.file),
        "why": one.why,
        "record": one.record,
        "statement": cut(statement, STATEMENT),
        "plans": [cut(plan, STATEMENT) for plan in one.record.plans],
        "branches": _branches(one.record),
    }


def _branches(record: EpisodeRecord) -> list[dict[str, str | None]]:
    count = max(len(record.methods), len(record.programs))

    def at(values: Sequence[str | None], number: int) -> str | None:
        return values[number] if number < len(values) else None

    return [
        {
            "method": at(record.methods, n),
            "program": cut(at(record.programs, n) or "", PROGRAM),
            "verdict": at(record.verdicts, n),
            "message": at(record.messages, n),
        }
        for n in range(count)
    ]


def _pass_chart(
    rows: list[LogRow], held_out: list[LogRow], lines: list[Level], k: int
) -> dict[str, str]:
    points = Points(
        "held out",
        GOOD,
        [row["step"] for row in held_out],
        [row["pass_at_k"] for row in held_out],
        [row["ci95"][0] for row in held_out],
        [row["ci95"][1] for row in held_out],
    )
    frame = Frame((9.6, 4.2), 1.0, f"pass@{k}", lines)
    return main_chart(
        "pass_at_k", [Line("training", ACCENT, [rows])], [points] if held_out else [], frame
    )
