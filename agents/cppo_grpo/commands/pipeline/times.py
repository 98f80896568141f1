"""How long the later stages of a pipeline will take, as far as that is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cppo_grpo.commands.pipeline.plan import Planned
from cppo_grpo.commands.pipeline.state import State
from cppo_grpo.config import TrainConfig
from cppo_grpo.recipe.pipeline import TRAINED

UPDATE = 2.0
"""Time of a step with its update, in that of its rollout alone."""


@dataclass(frozen=True, slots=True)
class Later:
    """The stages behind the one at work."""

    seconds: float
    """Of those whose time is known."""
    unknown: tuple[str, ...]
    """The others."""

    def __str__(self) -> str:
        """For the display."""
        known = [f"{self.seconds / 60:.0f} min"] if self.seconds else []
        return " and ".join([*known, ", ".join(self.unknown)] if self.unknown else known)


def later(plan: Sequence[Planned], position: int, state: State, root: Path) -> Later:
    """The stages from a position on: what they took in an earlier call, or what tokens cost so far.

    Tokens are those that a stage of training may sample at most.
    """
    done = [
        one for one in plan[:position] if one.name in TRAINED and state.stages[one.name]["seconds"]
    ]
    spent = sum(state.stages[one.name]["seconds"] for one in done)
    speed = sum(_work(one.config(root)) for one in done) / spent if done else 0.0
    seconds, unknown = 0.0, list[str]()
    for one in plan[position:]:
        known = state.stages.get(one.name, {})
        if before := known.get("seconds_before") or known.get("seconds"):
            seconds += before
        elif one.name in TRAINED and speed:
            seconds += _work(one.config(root)) / speed
        else:
            unknown.append(one.name)
    return Later(seconds, tuple(unknown))


def _work(config: TrainConfig) -> float:
    programs = 0 if config.plan_only else config.k * config.max_tokens_solve
    episodes = config.problems_per_step * config.tuples * (config.max_tokens_plan + programs)
    return episodes * (config.audit_steps + UPDATE * config.steps)
