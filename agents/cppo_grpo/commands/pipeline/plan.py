"""The stages of a pipeline: what each one is told, and what it takes from those before it."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cppo_agents.judges.gate_folder import check_threshold, read_gate
from cppo_agents.judges.verbaliser import PAPER_THRESHOLD
from cppo_agents.judges.verbaliser import VERBALISER as GATE
from cppo_agents.strategies import STRATEGIES

from cppo_env import plugins
from cppo_env.errors import UsageError
from cppo_env.ids import environment_spec
from cppo_env.judges.product import factors
from cppo_env.plugins import suggest
from cppo_grpo.checks import check, typed
from cppo_grpo.recipe.pipeline import JUDGED, KINDS, TRAINED, PipelineConfig

BASE = "base"

POLICY = re.compile(r"(?P<planner>\w+)(\+(?P<solver>\w+))?(:(?P<strategy>[\w-]+))?")


@dataclass(frozen=True, slots=True)
class Planned:
    """One stage, before anything is made."""

    name: str
    settings: dict[str, Any]
    """Its settings, without the artefacts that it takes."""
    takes: dict[str, str] = field(default_factory=dict[str, str])
    """What it takes → the stage that makes it."""

    def config(self, root: Path, **changes: Any) -> Any:
        """Its settings with the artefacts of the pipeline in that folder.

        Raises:
            UsageError: a setting has a value of the wrong type.
        """
        values = {**self.settings, **changes}
        if self.name == "labels":
            values["output"] = Path(artefact(root, self.name))
        for what, stage in self.takes.items():
            made = artefact(root, stage)
            if what == "judge":
                values["judge_options"] = with_gate(values["judge"], values["judge_options"], made)
            elif what in ("model", "labels"):
                values[what] = made
        kind = KINDS[self.name]
        try:
            return kind(
                **{name: typed(kind, name, value, strict=False) for name, value in values.items()}
            )
        except UsageError as error:
            raise UsageError(f"{self.name}.{error}") from None
        except TypeError as error:
            raise UsageError(f"{self.name}: {error}") from None


@dataclass(frozen=True, slots=True)
class Policy:
    """Who plays an evaluation: models by the stages that made them, or "base"."""

    name: str
    planner: str
    solver: str
    strategy: str | None

    def options(self, root: Path, base: str | None) -> dict[str, Any]:
        """The agent's options."""
        planner, solver = (
            base if one == BASE else artefact(root, one) for one in (self.planner, self.solver)
        )
        models = {"model": planner} if planner == solver else {"planner": planner, "solver": solver}
        return models | ({} if self.strategy is None else {"strategy": self.strategy})


def artefact(root: Path, stage: str) -> str:
    """What a stage hands on."""
    folder = root / stage
    return str(folder / "labels.jsonl" if stage == "labels" else folder / "model")


def make_plan(config: PipelineConfig) -> list[Planned]:
    """The stages in their order.

    Raises:
        UsageError: a setting is unknown, or a stage lacks what a skipped one would have made.
    """
    for part in dataclasses.fields(config):  # an empty section of a config file is None
        typed(PipelineConfig, part.name, getattr(config, part.name), strict=False)
    config.check()
    stages = config.stages
    policy = None
    planned: list[Planned] = []
    for name in stages:
        settings, takes = config.settings_of(name), dict[str, str]()
        if name == "gate":
            takes |= _labels(settings, stages)
        if name in JUDGED and _wants_gate(settings):
            if "gate" not in stages:
                raise UsageError(
                    f"judge: got {settings['judge']!r}, but the gate is skipped; name its folder "
                    f"in judge_options ({GATE}.model), or give another judge"
                )
            takes["judge"] = "gate"
        if name == "sft" or (name in TRAINED and policy is None):
            settings["model"] = config.model
        elif name in TRAINED:
            takes["model"] = str(policy)
        if name == "evaluation":
            for one in policies(config):
                takes |= {stage: stage for stage in (one.planner, one.solver) if stage != BASE}
        if name in ("sft", "warm_up", "joint"):
            policy = name
        planned.append(Planned(name, settings, takes))
    return planned


def policies(config: PipelineConfig) -> list[Policy]:
    """Who is evaluated.

    Raises:
        UsageError: one of them is of a stage that makes no policy, or that is skipped.
    """
    known = [one for one in ("sft", "warm_up", "joint") if one in config.stages]
    known += [BASE] * (config.model is not None)
    if not config.policies:
        raise UsageError("policies: got none, expected one, or --skip '[evaluation]'")
    found: list[Policy] = []
    for name in config.policies:
        read = POLICY.fullmatch(name)
        planner = read["planner"] if read else name
        solver = (read["solver"] if read else None) or planner
        for one in (planner, solver):
            if one not in known:
                raise UsageError(f"policies: got {name!r}; {suggest(one, known)}")
        strategy = read["strategy"] if read else None
        if strategy is not None and strategy not in STRATEGIES and "agent" not in config.evaluation:
            raise UsageError(f"policies: got {name!r}; {suggest(strategy, [*STRATEGIES])}")
        found.append(Policy(name, planner, solver, strategy))
    return found


def check_plan(plan: list[Planned], root: Path) -> None:
    """Refuse settings that a stage would refuse, before the first one begins.

    Raises:
        UsageError: names stage and setting.
    """
    for one in plan:
        config = one.config(root)
        try:
            environment_spec(config.env)
            if one.name in TRAINED:
                check(config)
            elif one.name == "evaluation":
                config.episodes()
            elif one.name == "labels":
                config.check_what()  # its folder is there later
            else:
                config.check()
            if one.name in JUDGED:
                _check_judge(one.settings)
        except UsageError as error:
            dot = "." if re.match(r"[\w.]+[:=]", str(error)) else ": "
            raise UsageError(f"{one.name}{dot}{error}") from None


def _check_judge(settings: dict[str, Any]) -> None:
    """Refuse values that a judge refuses, as far as no model has to be loaded for that."""
    for name, options in factors(settings["judge"], settings["judge_options"]):
        try:
            if name == GATE:
                check_threshold(options.get("threshold", PAPER_THRESHOLD))
                if "model" in options:
                    read_gate(options["model"], allow_refused=options.get("allow_refused", False))
            elif "model" not in options:
                plugins.make("judges", name, options)
        except UsageError as error:
            raise UsageError(f"judge {name}: {error}") from None


def _labels(settings: dict[str, Any], stages: tuple[str, ...]) -> dict[str, str]:
    if ("labels" in stages) == ("labels" in settings):
        raise UsageError(
            "gate.labels: expected the stage labels, or a file here with that stage skipped; got "
            + ("both" if "labels" in settings else "neither")
        )
    return {} if "labels" in settings else {"labels": "labels"}


def _wants_gate(settings: dict[str, Any]) -> bool:
    """Whether the judge is a gate that no option names."""
    return any(
        name == GATE and "model" not in options
        for name, options in factors(settings["judge"], settings["judge_options"])
    )


def with_gate(judge: str, options: dict[str, Any], gate: str) -> dict[str, Any]:
    """The judge's options with this folder or model as its gate."""
    if judge == GATE:
        return {**options, "model": gate}
    return {**options, GATE: {**options.get(GATE, {}), "model": gate}}
