"""Carry out a run, write its report and return its figures; for `cppo train` and `cppo run`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cppo_grpo.commands.sandboxes import sandbox_of
from cppo_grpo.config import TrainConfig

if TYPE_CHECKING:
    from rich.console import Console

    from cppo_grpo.parallel import Processes
    from cppo_grpo.runs.folder import Run


def carry_out(command: str, config: TrainConfig, console: Console) -> dict[str, Any]:
    """Train, write the report, say where everything is, and return the figures.

    Of several launched processes only the main one returns; each gets a share of the cores for its
    sandbox.

    Raises:
        CppoError: its audit said no-go, and it was to train.
        KeyboardInterrupt: the run was interrupted; it has printed how to resume.
    """
    from cppo_agents.models.loading import load_config
    from cppo_sandboxes.cached import CachedSandbox
    from cppo_sandboxes.selftest import require_trust

    from cppo_env.errors import CppoError
    from cppo_env.sandboxing import borrow_sandbox
    from cppo_grpo.parallel import Processes
    from cppo_grpo.reports.run import write_report
    from cppo_grpo.stages.training import train as carry_out_training

    if config.model is not None:
        load_config(config.model)  # before a sandbox is started and tested
    processes = Processes.launched()
    run = open_run(config, processes)
    try:
        with (
            sandbox_of(run.config, processes) as (sandbox, options),
            borrow_sandbox(sandbox, options, cache=False) as box,
        ):
            name = type(box).__name__.removesuffix("Sandbox").lower()
            trusted = config.allow_untrusted_sandbox or run.config.allow_untrusted_sandbox
            if processes.first_here and not trusted:
                require_trust(box)
            console.print(
                f"run folder {run.path}, programs run in the sandbox [bold]{name}[/]",
                highlight=False,
            )
            carry_out_training(run, CachedSandbox(box), console, processes)
    except BaseException as error:
        if config.resume is None:
            run.forget()
        if isinstance(error, KeyboardInterrupt) and processes.main:
            raise KeyboardInterrupt(_kept(run, command)) from None
        raise
    processes.close()
    if not processes.main:
        raise SystemExit(0)
    result = summary(run) | {"sandbox": name}
    console.print(f"report: {write_report(run)}", highlight=False, soft_wrap=True)
    if run.config.steps and any(row["decision"] == "no-go" for row in run.log.rows("audit")):
        raise CppoError(
            "audit: no-go, so nothing was trained; take easier problems or a better start, or "
            "begin a run with --audit_steps 0",
            result=result,
        )
    return result


def _kept(run: Run, command: str) -> str:
    """What an interrupted run has saved, and how to resume it."""
    if not run.path.exists():
        return "nothing had begun"
    if not run.reference.exists():
        kept = "the warm start had not ended and begins anew"
    elif steps := len(run.log.rows("joint")):
        kept = f"what was learnt in {steps} steps is kept"
    else:
        kept = "the model that CPPO starts from is kept, no step had ended"
    return f"{kept}; go on with: cppo {command} --resume {run.path}"


def open_run(config: TrainConfig, processes: Processes) -> Run:
    """The run, opened by the main process; the others receive its folder."""
    from cppo_grpo.runs.folder import Run

    opened = Run.open(config) if processes.main else None
    path: Any = processes.gather(opened and opened.path)[0]  # the main process's, never None
    return opened or Run.find(path, writable=False)


def summary(run: Any) -> dict[str, Any]:
    """The results of a run, from its metrics."""
    from cppo_grpo.runs.log import time_shares

    joint, warm = run.log.rows("joint"), run.log.rows("warm_start")
    overlapped_s, total_s = (
        sum(row[name] for row in joint) for name in ("seconds_overlapped", "seconds")
    )
    result: dict[str, Any] = {
        "run": str(run.path),
        "seed": run.config.seed,
        "steps": len(joint),
        "train_seconds": sum(row["seconds"] for row in warm + joint),
        "warm_start_seconds": sum(row["seconds"] for row in warm),
        "time_shares": time_shares(joint),
        "overlapped_share": overlapped_s / max(total_s, 1e-9),
    }
    if recorded := run.recorded:
        result["provenance"] = recorded[-1]
    for row in run.log.rows("audit"):
        result["audit"] = {name: value for name, value in row.items() if name != "stage"}
    if during := run.log.rows("eval"):
        best = max(during, key=lambda row: row[run.config.decisive_figure])
        result["best_step"], result["best_pass_at_k"] = best["step"], best["pass_at_k"]
        result["evaluations"] = [
            {name: row[name] for name in ("step", "pass_at_k", "ci95", "episodes")}
            for row in during
        ]
    for when in ("before", "after"):
        for row in run.log.rows(when):
            result[f"pass_at_k_{when}"], result[f"ci95_{when}"] = row["pass_at_k"], row["ci95"]
            result[f"validity_{when}"], result[f"episodes_{when}"] = (
                row["validity"],
                row["episodes"],
            )
    return result
