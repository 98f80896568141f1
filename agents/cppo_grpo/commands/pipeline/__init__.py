"""`cppo pipeline`: the whole recipe, stage by stage."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cppo_env.claims import claimed
from cppo_env.errors import CppoError
from cppo_grpo.recipe.pipeline import PipelineConfig

if TYPE_CHECKING:
    from rich.console import Console

    from cppo_grpo.commands.pipeline.plan import Planned
    from cppo_grpo.commands.pipeline.state import State


def pipeline(config: PipelineConfig) -> dict[str, Any]:
    """Carry out the whole recipe: SFT, gate, warm-up, audit, joint training, evaluation."""
    from cppo_grpo.commands.pipeline.plan import check_plan, make_plan
    from cppo_grpo.commands.pipeline.report import write_report
    from cppo_grpo.commands.pipeline.state import State, files_of
    from cppo_grpo.runs.progress import main_console

    console = main_console()
    plan = make_plan(config)
    # Stages store where they find each other's files, and may go on from another folder.
    root = (config.run or Path("runs") / f"{datetime.now():%Y%m%d-%H%M%S}-pipeline").absolute()
    check_plan(plan, root)
    for one in plan:
        files_of(one)  # one that is missing ends the command before the first stage begins
    state = State(root)
    if config.dry_run:
        from cppo_grpo.commands.pipeline.dry import dry_run

        return dry_run(plan, config, state, console)
    _say(console, f"pipeline in {root}: {', '.join(one.name for one in plan)}")
    root.mkdir(parents=True, exist_ok=True)
    try:
        with claimed(root):
            for position in range(len(plan)):
                _stage(plan, position, config, state, console)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"what was done is kept; go on with the same command and --run {root}"
        ) from None
    except CppoError as error:
        if state.stages:
            error.result = write_report(plan, config, state, failed=str(error))
        raise
    result = write_report(plan, config, state)
    _say(console, f"report: {root / 'report.html'}")
    return result


def _stage(
    plan: list[Planned], position: int, config: PipelineConfig, state: State, console: Console
) -> None:
    """Carry out one stage, unless it is done already, of the same settings and inputs.

    Raises:
        CppoError: it failed, or what it found ends the pipeline.
    """
    from cppo_grpo.commands.pipeline.times import later
    from cppo_grpo.runs.progress import within

    one = plan[position]
    if state.lost(one.name):
        _say(console, f"{one.name} begins anew: what it made is not there any more; see replaced/")
        state.forget(one.name)
    facts = state.facts(one, config.policies if one.name == "evaluation" else None)
    if changed := state.changed(one, facts):
        _say(console, f"{one.name} begins anew: {', '.join(changed)} changed; see replaced/")
    state.begin(one, facts)
    title = f"[{position + 1}/{len(plan)}] {one.name}"
    result = state.stages[one.name]["result"]
    if result is not None:
        _say(console, f"{title}: done already")
    else:
        behind = later(plan, position + 1, state, state.root)
        _say(console, f"{title}; after it {behind}" if position + 1 < len(plan) else title)
        with within(title, behind.seconds):
            result = _timed(one, config, state, console)
    if one.name == "audit" and result["audit"]["decision"] == "no-go":
        raise CppoError(
            "audit: no-go, the planner's reward is too rare to learn from; train the stages before "
            "it for longer, take easier problems, or --skip '[audit]'"
        )


def _timed(one: Planned, config: PipelineConfig, state: State, console: Console) -> dict[str, Any]:
    from cppo_grpo.commands.pipeline.steps import carry_out_stage

    started, result = time.monotonic(), None
    try:
        result = carry_out_stage(one, config, state.root, console)
        return result
    finally:
        state.end(one.name, time.monotonic() - started, result)


def _say(console: Console, text: str) -> None:
    console.print(text, highlight=False, soft_wrap=True, markup=False)
