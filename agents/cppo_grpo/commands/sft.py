"""`cppo sft`."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from cppo_grpo.recipe.sft import SftConfig


def sft(config: SftConfig) -> dict[str, Any]:
    """Supervised training of planner and solver on gold tuples or named references."""
    from cppo_env.sandboxing import borrow_sandbox
    from cppo_grpo.runs.progress import main_console
    from cppo_grpo.runs.stage_folder import StageFolder
    from cppo_grpo.stages.sft import sft as carry_out

    config.check()
    console = main_console()
    if config.dry_run:
        from cppo_grpo.memory.report import dry_run_sft

        return dry_run_sft(config, console)
    folder = StageFolder[SftConfig].open("sft", config)
    stored = folder.config
    with ExitStack() as parts:
        parts.enter_context(folder.resumable())
        sandbox = None
        if stored.programs and stored.check_programs and folder.result is None:
            sandbox = parts.enter_context(borrow_sandbox(stored.sandbox, stored.sandbox_options))
        result = carry_out(folder, stored.source.load(), sandbox, console)
    loss = (
        f"loss on {result['measured_on']} {result['held_out_loss_before']:.3f} → "
        f"{result['held_out_loss']:.3f}"
    )
    console.print(f"{loss}, best after {result['best_step']} steps", highlight=False)
    before, after = result["plans_before"], result["plans_after"]
    if before and after:
        for name, what in (("parse_rate", "plans read"), ("acceptance", "plans accepted")):
            low, high = after[f"{name}_ci95"] or (0, 1)
            console.print(
                f"{what}: {before[name]} → {after[name]} (95 % {low:.2f} to {high:.2f})",
                highlight=False,
            )
    console.print(f"model: {result['model']}", highlight=False, soft_wrap=True)
    return result
