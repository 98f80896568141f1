"""`report.html` and `report.json` of a pipeline: all stages on one page."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cppo_env.atomic import write_atomically
from cppo_env.plotting import COLOURS, axes_of, svg
from cppo_env.provenance import surroundings
from cppo_grpo.commands.pipeline.figures import rows_of
from cppo_grpo.commands.pipeline.plan import Planned
from cppo_grpo.commands.pipeline.state import State
from cppo_grpo.recipe.pipeline import KINDS, PipelineConfig
from cppo_grpo.reports.page import rendered
from cppo_grpo.runs.log import MetricsLog

CURVES = {
    "sft": ("sft", ("held_out_loss", "loss")),
    "warm_up": ("joint", ("validity",)),
    "joint": ("joint", ("pass_at_k", "validity")),
}
"""Stage → the rows of its metrics, and what is drawn of them."""


def write_report(
    plan: Sequence[Planned], config: PipelineConfig, state: State, failed: str | None = None
) -> dict[str, Any]:
    """Write both files of the pipeline as it stands; returns what the JSON holds."""
    planned = {one.name for one in plan}
    stages = [
        {
            "name": name,
            "status": "skipped" if name not in planned else _status(state, name),
            "seconds": state.stages[name]["seconds"] if name in planned & {*state.stages} else None,
            "result": state.stages[name]["result"] if name in planned & {*state.stages} else None,
        }
        for name in KINDS
    ]
    result = {
        "run": str(state.root),
        "seconds": sum(one["seconds"] or 0.0 for one in stages),
        "failed": failed,
        "stages": stages,
        "settings": json.loads(json.dumps(dataclasses.asdict(config), default=str)),
        **surroundings(),
    }
    write_atomically(state.root / "report.json", json.dumps(result, indent=2) + "\n")
    shown = [
        one
        | {
            "rows": rows_of(one["name"], one["result"]) if one["result"] else [],
            "chart": _chart(state.root, one["name"]) if one["result"] else "",
            "link": _link(state.root, one["name"]),
        }
        for one in stages
    ]
    values = {**result, "name": state.root.resolve().name, "stages": shown}
    page = rendered("pipeline.html", values)
    write_atomically(state.root / "report.html", page)
    return result


def _status(state: State, name: str) -> str:
    if name not in state.stages:
        return "not begun"
    return "stopped" if state.stages[name]["result"] is None else "done"


def _link(root: Path, name: str) -> str:
    """The most telling file of a stage's folder, relative to the page."""
    for path in (f"{name}/report.html", f"{name}/model/gate.json", name):
        if (root / path).exists():
            return path
    return ""


def _chart(root: Path, name: str) -> str:
    if name == "gate":
        drawn = root / name / "model" / "gate.svg"
        return drawn.read_text("utf-8") if drawn.exists() else ""
    if name not in CURVES:
        return ""
    stage, names = CURVES[name]
    rows = MetricsLog(root / name / "metrics.jsonl").rows(stage)
    figure, axes = axes_of((7.0, 2.6))
    for curve, colour in zip(names, COLOURS, strict=False):
        known = [(row["step"], row[curve]) for row in rows if row.get(curve) is not None]
        axes.plot(*zip(*known, strict=True), color=colour, label=curve.replace("_", " "))
    axes.set_xlabel("step")
    axes.legend(frameon=False, fontsize=9)
    return svg(figure)
