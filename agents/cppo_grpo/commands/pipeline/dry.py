"""`cppo pipeline --dry_run true`: every setting checked, the memory of training planned."""

from __future__ import annotations

import dataclasses
from typing import Any

from rich.console import Console

from cppo_grpo.commands.pipeline.plan import Planned, with_gate
from cppo_grpo.commands.pipeline.state import State, files_of
from cppo_grpo.memory.report import dry_run as plan_memory
from cppo_grpo.memory.report import dry_run_sft
from cppo_grpo.recipe.pipeline import TRAINED, PipelineConfig


def dry_run(
    plan: list[Planned], config: PipelineConfig, state: State, console: Console
) -> dict[str, Any]:
    """Say what each stage takes, and what SFT, warm-up, audit and joint training need.

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
        planned: dict[str, Any] = {"dry_run": True, "assume": config.assume}
        if one.name == "sft":
            settings = dataclasses.replace(one.config(state.root), **planned)
            stages[one.name]["memory"] = dry_run_sft(settings, console)
        if one.name in TRAINED:
            settings = dataclasses.replace(
                _before_gate(one, plan).config(state.root), model=config.model, **planned
            )
            stages[one.name]["memory"] = plan_memory(settings, console, config.processes)
    return {"stages": stages}


def _before_gate(one: Planned, plan: list[Planned]) -> Planned:
    """A stage that judges with the base of the gate, whose shape is known before its training."""
    if "judge" not in one.takes:
        return one
    [gate] = [other.settings for other in plan if other.name == "gate"]
    settings, takes = dict(one.settings), dict(one.takes)
    del takes["judge"]
    if gate.get("model") is None:  # a tiny one is as good as none
        settings |= {"judge": "accept", "judge_options": {}}
    else:
        settings["judge_options"] = with_gate(
            settings["judge"], settings["judge_options"], gate["model"]
        )
    return dataclasses.replace(one, settings=settings, takes=takes)


def _said(one: Planned, taken: list[str]) -> str:
    """What a stage takes, and what it has by itself where nothing is given."""
    if one.name in ("sft", "labels") and not one.settings.get("tuples"):
        taken = ["the references that its problems name", *taken]
    if one.name in ("sft", "gate") and one.settings.get("model") is None:
        taken = [*taken, "a tiny model made from scratch"]
    return ", ".join(taken) or "nothing"
