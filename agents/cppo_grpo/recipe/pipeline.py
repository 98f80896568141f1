"""The settings of `cppo pipeline`, and those of its stages that follow from them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cppo_env.commands.evaluate import EvalConfig
from cppo_env.errors import UsageError
from cppo_env.machine import check_side_by_side
from cppo_env.plugins import suggest
from cppo_grpo.config import NOT_STORED, TrainConfig
from cppo_grpo.ranges import at_least_1
from cppo_grpo.recipe.gate import GateTrainConfig, LabelConfig
from cppo_grpo.recipe.sft import SftConfig

KINDS: dict[str, type] = {
    "sft": SftConfig,
    "labels": LabelConfig,
    "gate": GateTrainConfig,
    "warm_up": TrainConfig,
    "audit": TrainConfig,
    "joint": TrainConfig,
    "evaluation": EvalConfig,
}
"""The stages in their order, and whose settings each one has."""

TRAINED = ("warm_up", "audit", "joint")
"""Stages that are runs of `cppo train`."""

JUDGED = (*TRAINED, "evaluation")
"""Stages whose plans the pipeline's judge rules on."""

ALWAYS: dict[str, dict[str, Any]] = {
    "warm_up": {"plan_only": True, "reward": "validity"},
    "audit": {"steps": 0, "audit_steps": 25, "problems_per_step": 4, "tuples": 4},
    "evaluation": {"agent": "transformers"},
}
"""What a stage is by itself; its own settings may say otherwise."""

DECIDED = {
    "sft": ("model",),
    "labels": ("output",),
    "evaluation": ("options.model", "options.planner", "options.solver"),
    **dict.fromkeys(TRAINED, ("model", "judge", "judge_options")),
}
"""Settings of stages that the pipeline decides."""


@dataclass(frozen=True, slots=True)
class PipelineConfig:
    """Settings of the whole recipe (docs/pipeline.md). Each stage takes those of its command."""

    run: Path | None = field(default=None, metadata={"topic": "the pipeline"})
    """Folder of the pipeline. What it holds of an earlier call is used again, as far as settings
    and inputs are the same. Default: a new one under `runs/`."""
    skip: tuple[str, ...] = ()
    """Stages to leave out. The next ones take what the stages before them made, or `model`."""
    processes: int = 1
    """Processes that share warm-up, audit and joint training."""
    dry_run: bool = False
    """Check all settings, plan the memory of supervised training, warm-up, audit and joint
    training, and do nothing."""
    assume: str | None = None
    """Devices that `dry_run` plans for, such as h100x8. Default: those found here."""
    model: str | None = field(default=None, metadata={"topic": "what the stages share"})
    """Folder or hub name of the model to start from. Default: supervised training makes a tiny
    one."""
    judge: str = "format*verbaliser"
    """Judge of warm-up, audit, joint training and evaluation. `verbaliser` is the gate that the
    pipeline trains, unless `judge_options` name a model for it."""
    judge_options: dict[str, Any] = field(default_factory=dict[str, Any])
    """Options of the judge."""
    shared: dict[str, Any] = field(default_factory=dict[str, Any])
    """Settings of every stage that has them, such as env, k and seed; a stage's own ones come
    first. The evaluation takes no shared `split`: it plays the held-out problems."""
    sft: dict[str, Any] = field(
        default_factory=dict[str, Any], metadata={"topic": "the stages, in their order"}
    )
    """Supervised training: settings of `cppo sft`."""
    labels: dict[str, Any] = field(default_factory=dict[str, Any])
    """Labels for the gate: settings of `cppo gate label`."""
    gate: dict[str, Any] = field(default_factory=dict[str, Any])
    """The gate: settings of `cppo gate train`. With `labels`, a file, the stage of that name has
    to be skipped."""
    warm_up: dict[str, Any] = field(default_factory=dict[str, Any])
    """The planner's warm-up under R = J: settings of `cppo train`."""
    audit: dict[str, Any] = field(default_factory=dict[str, Any])
    """The audit of the reward's density: settings of `cppo train`. A no-go ends the pipeline."""
    joint: dict[str, Any] = field(default_factory=dict[str, Any])
    """Joint CPPO: settings of `cppo train`."""
    evaluation: dict[str, Any] = field(default_factory=dict[str, Any])
    """The evaluation: settings of `cppo eval`."""
    policies: tuple[str, ...] = ("sft", "joint")
    """What is evaluated: MODEL, PLANNER+SOLVER, either with :STRATEGY behind it (docs/pipeline.md).
    A model is that of a stage, or "base"."""

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages that are not skipped, in their order.

        Raises:
            UsageError: `skip` names no stage, or all of them.
        """
        for name in self.skip:
            if name not in KINDS:
                raise UsageError(f"skip: got {name!r}; {suggest(name, [*KINDS])}")
        kept = tuple(name for name in KINDS if name not in self.skip)
        if not kept:
            raise UsageError("skip: got all stages; leave one of them out")
        return kept

    def settings_of(self, stage: str) -> dict[str, Any]:
        """The settings of a stage, without what earlier stages hand on to it.

        Raises:
            UsageError: a setting is unknown, or the pipeline decides it.
        """
        own: dict[str, Any] = getattr(self, stage)
        known = [one.name for one in dataclasses.fields(KINDS[stage])]
        for name, value in _names(own):
            if name in (*DECIDED.get(stage, ()), *NOT_STORED):
                raise UsageError(
                    f"{stage}.{name}: got {value!r}, but the pipeline decides it; leave it out"
                )
            if "." not in name and name not in known:
                raise UsageError(f"{stage}.{name}: unknown; {suggest(name, known)}")
        shared = {name: value for name, value in self.shared.items() if name in known}
        if stage == "evaluation":
            shared.pop("split", None)
        if stage in JUDGED:
            shared |= {"judge": self.judge, "judge_options": self.judge_options}
        return {**ALWAYS.get(stage, {}), **shared, **own}

    def check(self) -> None:
        """Refuse settings that no stage knows.

        Raises:
            UsageError: names the setting.
        """
        at_least_1(self, "processes")
        if not self.dry_run:
            check_side_by_side("processes", self.processes, anywhere=16)
        known = {one.name for kind in KINDS.values() for one in dataclasses.fields(kind)}
        for name, value in self.shared.items():
            if name in ("model", "judge", "judge_options", *NOT_STORED):
                raise UsageError(
                    f"shared.{name}: got {value!r}; give it to the pipeline or to a stage"
                )
            if name not in known:
                raise UsageError(f"shared.{name}: no stage has it; {suggest(name, sorted(known))}")


def _names(settings: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Names and values; those of the agent's options as well."""
    for name, value in settings.items():
        yield name, value
        if name == "options" and isinstance(value, dict):
            yield from ((f"options.{key}", one) for key, one in value.items())  # pyright: ignore[reportUnknownVariableType]
