"""The curves of a run: which charts its page has, and their values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cppo_env.evaluation.folders import EVALUATIONS, RunOverview, metrics_of

CURVES = {
    "pass@K": ("pass_at_k",),
    "rewards": ("reward_plan", "reward_solve"),
    "plans": ("validity", "parse_rate", "duplicate_plans", "duplicate_methods"),
    "silent groups": ("silent_groups_plan", "silent_groups_solve"),
    "entropy": ("entropy_estimate_plan", "entropy_estimate_solve"),
    "KL to the reference": ("kl_plan", "kl_solve"),
    "tokens of a sequence": ("length_plan", "length_solve", "thoughts_plan", "thoughts_solve"),
    "cut off": (
        "truncated_plan",
        "truncated_solve",
        "thoughts_cut_plan",
        "thoughts_cut_solve",
    ),
    "seconds of a step": ("seconds_plan", "seconds_solve", "seconds_judge", "seconds_update"),
    "gradient norm": ("grad_norm",),
}
"""Title → metrics of a chart of the page of a run."""


def curves(run: RunOverview) -> dict[str, Any]:
    """The rows of a run by stage: metric → list of values over `step`."""
    stages: dict[str, list[dict[str, Any]]] = {"joint": [], "evaluation": [], "warm_start": []}
    for row in metrics_of(run.path):
        stage = row.get("stage", "")
        if stage in EVALUATIONS:
            stage = "evaluation"
        if stage in stages:
            stages[stage].append(row)
    return {stage: _columns(rows) for stage, rows in stages.items()}


def _columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Rows as columns of numbers; None where a row has no value."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {
        name: [row.get(name) for row in rows]
        for name in names
        if any(isinstance(row.get(name), int | float | list) for row in rows)
    }
