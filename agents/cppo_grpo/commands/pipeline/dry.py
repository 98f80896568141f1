"""`cppo pipeline --dry_run true`: every setting checked, the memory of training planned."""

from __future__ import annotations

import dataclasses
from typing import Any

from rich.console import Console

from cppo_grpo.commands.pipeline.plan import Planned
from cppo_grpo.commands.pipeline.state import State, files_of
from cppo_grpo.memory.report import dry_run as plan_memory
from cppo_grpo.recipe.pipeline import TRAINED, PipelineConfig


def dry_run(
    plan: list[Planned], config: PipelineConfig, state: State, console: Console
) -> dict[str, Any]:
    """Say what each stage takes, and what warm-up, audit and joint training need.

    Raises:
        CppoError: one of them does not fit.
        UsageError: a file that a setting names does not exist.
    """
    stages: dict[str, dict[str, Any]] = {}
    for one in plan:
        taken = sorted({*one.takes.values(), *files_of(one)})
        line = f"{one.name}: takes {_said(one, taken)}"
        console.print(line, highlight=False, markup=False, soft_wrap=True)
        stages[one.name] = {"takes": taken}
        if one.name in TRAINED:
            settings = dataclasses.replace(
                one.config(state.root), model=config.model, dry_run=True, assume=config.assume
            )
            stages[one.name]["memory"] = plan_memory(settings, console, config.processes)
    return {"stages": stages}


def _said(one: Planned, taken: list[str]) -> str:
    """What a stage takes, and what it has by itself where nothing is given."""
    if one.name in ("sft", "labels") and not one.settings.get("tuples"):
        taken = ["the references that its problems name", *taken]
    if one.name in ("sft", "gate") and one.settings.get("model") is None:
        taken = [*taken, "a tiny model made from scratch"]
    return ", ".join(taken) or "nothing"
