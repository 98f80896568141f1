"""Carry out one stage: the command that a user would give, on the pipeline's folder."""

from __future__ import annotations

import dataclasses
import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from cppo_env.atomic import write_atomically
from cppo_env.commands.evaluate import evaluate
from cppo_env.errors import CppoError
from cppo_env.judges.product import factors
from cppo_grpo.commands import gate
from cppo_grpo.commands.launch import carry_out
from cppo_grpo.commands.pipeline.plan import GATE, Planned, policies
from cppo_grpo.commands.sft import sft
from cppo_grpo.config import TrainConfig
from cppo_grpo.interrupts import uninterrupted
from cppo_grpo.launcher import run_together
from cppo_grpo.recipe.gate import GateTrainConfig
from cppo_grpo.recipe.pipeline import PipelineConfig
from cppo_grpo.recipe.sft import SftConfig

SHOWN = (
    *("pass_at_k", "ci95", "tuple_success", "validity", "reward", "n_problems", "n_episodes"),
    *("void", "verdicts", "unreadable_plans", "no_program", "tokens", "tests_per_s"),
)
"""Figures of an evaluation that the report has."""


def carry_out_stage(
    one: Planned, config: PipelineConfig, root: Path, console: Console
) -> dict[str, Any]:
    """Carry out a stage, or go on with it; returns its figures.

    Raises:
        CppoError: the stage failed, or its gate was refused.
    """
    try:
        return STEPS[one.name](one, config, root, console)
    finally:
        with uninterrupted():  # Python loses a Ctrl-C in a callback of what is collected
            gc.collect()  # a model on a GPU would be in the way of the next stage
            if torch.cuda.is_available():
                torch.cuda.empty_cache()


def _sft(one: Planned, config: PipelineConfig, root: Path, console: Console) -> dict[str, Any]:
    path = root / one.name
    return sft(SftConfig(resume=path) if _begun(path) else one.config(root, run=path))


def _labels(one: Planned, config: PipelineConfig, root: Path, console: Console) -> dict[str, Any]:
    (root / one.name).mkdir(exist_ok=True)
    labels = one.config(root)
    labels.output.unlink(missing_ok=True)  # of a call that ended before it was noted
    return gate.label(labels)


def _gate(one: Planned, config: PipelineConfig, root: Path, console: Console) -> dict[str, Any]:
    path = root / one.name
    labels = Path(one.config(root).labels)
    settings = (
        GateTrainConfig(labels, resume=path, given=frozenset())
        if _begun(path)
        else one.config(root, run=path)
    )
    try:
        return gate.train(settings)
    except CppoError as error:
        options = dict(factors(config.judge, config.judge_options)).get(GATE, {})
        if error.result is None:
            raise
        if not options.get("allow_refused"):
            raise CppoError(
                f"{error}; train a better one (settings of labels and gate), or give "
                f"judge_options.{'' if config.judge == GATE else GATE + '.'}allow_refused=true",
                result=error.result,
            ) from None
        console.print(f"{error}; allow_refused=true goes on", soft_wrap=True, markup=False)
        return error.result


def _train(one: Planned, config: PipelineConfig, root: Path, console: Console) -> dict[str, Any]:
    path = root / one.name
    settings: TrainConfig = one.config(root, run=path)
    resumed = (path / "reference").exists()
    if config.processes == 1:
        if resumed:
            settings = TrainConfig(
                resume=path, sandbox=settings.sandbox, sandbox_options=settings.sandbox_options
            )
        return carry_out("train", settings, console)
    told = [f"--resume={path}"]
    if not resumed:
        file = root / f"{one.name}.json"
        write_atomically(file, settings.to_json())
        told = [f"--config={file}", f"--run={path}"]
    return run_together(config.processes, ["train", *told])


def _evaluation(
    one: Planned, config: PipelineConfig, root: Path, console: Console
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for policy in policies(config):
        console.print(f"policy {policy.name}", highlight=False, markup=False)
        settings = one.config(root, run=root / one.name / policy.name.replace(":", "-"))
        options = {**settings.options, **policy.options(root, config.model)}
        result = evaluate(dataclasses.replace(settings, options=options))
        found[policy.name] = {name: result[name] for name in SHOWN}
    return found


def _begun(path: Path) -> bool:
    return (path / "config.json").exists()


STEPS: dict[str, Callable[[Planned, PipelineConfig, Path, Console], dict[str, Any]]] = {
    "sft": _sft,
    "labels": _labels,
    "gate": _gate,
    "warm_up": _train,
    "audit": _train,
    "joint": _train,
    "evaluation": _evaluation,
}
