"""`cppo train`."""

from __future__ import annotations

from typing import Any

from cppo_grpo.changes import unusual
from cppo_grpo.commands.launch import carry_out
from cppo_grpo.config import TrainConfig


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
