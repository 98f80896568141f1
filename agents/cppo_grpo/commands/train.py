"""`cppo train` and `cppo report`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cppo_grpo.changes import unusual
from cppo_grpo.commands.launch import carry_out
from cppo_grpo.config import TrainConfig


@dataclass(frozen=True, slots=True)
class ReportConfig:
    """Settings of `cppo report`."""

    run: Path
    """The run folder."""


def train(config: TrainConfig) -> dict[str, Any]:
    """Train a planner and solver with CPPO (or another algorithm) on your problems."""
    from cppo_grpo.runs.progress import main_console

    console = main_console()
    if set_here := unusual(config):
        console.print(
            "settings that differ from the defaults: "
            + ", ".join(f"{name}={value}" for name, value in set_here.items()),
            highlight=False,
            soft_wrap=True,
            markup=False,
        )
    if config.dry_run:
        from cppo_grpo.memory.report import dry_run

        return dry_run(config, console)
    return carry_out("train", config, console)


def report(config: ReportConfig) -> dict[str, Any]:
    """Rebuild the report of a run from its folder."""
    from rich.console import Console

    from cppo_grpo.runs.folder import Run
    from cppo_grpo.runs.report import write_report

    path = write_report(Run.find(config.run))
    Console().print(f"report: {path}", highlight=False, soft_wrap=True)
    return {"report": str(path)}
