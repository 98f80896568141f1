"""The CPPO learner: split-region GRPO on batches of two-step episodes.

    from cppo_grpo import Run, TrainConfig, train

Names are loaded on first use, so that listing the commands imports no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cppo_grpo import advantages as advantages
    from cppo_grpo import loss as loss
    from cppo_grpo.algorithms import Advantages as Advantages
    from cppo_grpo.algorithms import Algorithm as Algorithm
    from cppo_grpo.algorithms import EpisodeRewards as EpisodeRewards
    from cppo_grpo.algorithms import Options as Options
    from cppo_grpo.config import TrainConfig as TrainConfig
    from cppo_grpo.learner.credit import SequenceAdvantages as SequenceAdvantages
    from cppo_grpo.learner.credit import compute_advantages as compute_advantages
    from cppo_grpo.learner.learner import Learner as Learner
    from cppo_grpo.loss import policy_loss as policy_loss
    from cppo_grpo.model.policy import Policy as Policy
    from cppo_grpo.reports.run import write_report as write_report
    from cppo_grpo.rollouts.agent import PolicyAgent as PolicyAgent
    from cppo_grpo.rollouts.play import play as play
    from cppo_grpo.rollouts.values import Rollout as Rollout
    from cppo_grpo.runs.folder import Run as Run
    from cppo_grpo.samplers import Completion as Completion
    from cppo_grpo.samplers import Sampler as Sampler
    from cppo_grpo.samplers import SamplingParams as SamplingParams
    from cppo_grpo.stages.metrics import rollout_metrics as rollout_metrics
    from cppo_grpo.stages.start import make_policy_agent as make_policy_agent
    from cppo_grpo.stages.start import starting_point as starting_point
    from cppo_grpo.stages.training import train as train

_NAMES = {
    "algorithms": ("Advantages", "Algorithm", "EpisodeRewards", "Options"),
    "config": ("TrainConfig",),
    "learner.credit": ("SequenceAdvantages", "compute_advantages"),
    "learner.learner": ("Learner",),
    "loss": ("policy_loss",),
    "model.policy": ("Policy",),
    "rollouts.agent": ("PolicyAgent",),
    "rollouts.play": ("play",),
    "rollouts.values": ("Rollout",),
    "runs.folder": ("Run",),
    "reports.run": ("write_report",),
    "samplers": ("Completion", "Sampler", "SamplingParams"),
    "stages.metrics": ("rollout_metrics",),
    "stages.start": ("make_policy_agent", "starting_point"),
    "stages.training": ("train",),
}
_HOME = {name: module for module, names in _NAMES.items() for name in names}
_MODULES = ("advantages", "loss")

__all__ = [*_HOME, *_MODULES]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
