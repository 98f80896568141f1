"""AdamW, its learning rate, and one step of it."""

from __future__ import annotations

import logging
import math
from typing import Any

import torch
from torch import nn

from cppo_env.errors import UsageError
from cppo_env.plugins import missing_extra
from cppo_grpo.choices import OptimizerKind, StatesAt
from cppo_grpo.config import TrainConfig
from cppo_grpo.learner.cpu_states import CpuStates
from cppo_grpo.model.weights import trainable_weights, whole

logger = logging.getLogger(__name__)


def make_optimizer(
    policy: nn.Module,
    lr: float,
    weight_decay: float = 0.0,
    betas: tuple[float, float] = (0.9, 0.999),
    *,
    kind: OptimizerKind = "adamw",
    states: StatesAt = "device",
) -> torch.optim.Optimizer:
    """AdamW over the trainable weights.

    Args:
        policy: its weights that need a gradient are trained.
        lr: learning rate.
        weight_decay: of AdamW.
        betas: decay rates of the two moments.
        kind: "adamw8bit" holds both moments in 8 bits (bitsandbytes).
        states: where the moments are kept between steps.

    Raises:
        MissingExtraError: 8 bits without bitsandbytes.
        UsageError: a trainable weight has 16 bits, which would round RL-sized steps to nothing.
    """
    weights = list(trainable_weights(policy).values())
    for weight in weights:
        if weight.dtype in (torch.bfloat16, torch.float16):
            raise UsageError(
                f"trainable weights are {weight.dtype}; AdamW cannot move them, load them as "
                "float32"
            )
    made: Any = optimizer_class(kind, states)
    return made(weights, lr=lr, betas=betas, weight_decay=weight_decay)


def optimizer_class(kind: OptimizerKind, states: StatesAt) -> type[torch.optim.Optimizer]:
    """The class of an optimizer, before there are any weights.

    Raises:
        MissingExtraError: 8 bits without bitsandbytes.
    """
    made: type[torch.optim.Optimizer] = torch.optim.AdamW
    if kind == "adamw8bit":
        try:
            from bitsandbytes.optim.adamw import AdamW8bit
        except ModuleNotFoundError as error:
            raise missing_extra(error, "optimizer=adamw8bit") from error
        made = AdamW8bit
    return made if states == "device" else type("AdamWWithCpuStates", (CpuStates, made), {})


def learning_rate(step: int, config: TrainConfig) -> float:
    """The learning rate of a step, from 0: linear warm-up, then linear decay to `lr_final`."""
    risen = min(1.0, (step + 1) / max(config.lr_warmup_steps, 1))
    fallen = 1.0 - (1.0 - config.lr_final) * step / max(config.steps - 1, 1)
    return config.lr * risen * fallen


def apply_gradient(optimizer: torch.optim.Optimizer, lr: float, max_norm: float) -> float | None:
    """Clip the gradient, take one step at `lr`, and return the norm before clipping.

    A gradient that is not finite would corrupt all weights: skip the step and return None.
    """
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    norm = float(whole(nn.utils.clip_grad_norm_(weights, max_norm if max_norm > 0 else math.inf)))
    if not math.isfinite(norm):
        logger.warning(
            "the gradient is not finite (norm %s); this optimizer step is left out", norm
        )
        return None
    for group in optimizer.param_groups:
        group["lr"] = lr
    optimizer.step()
    return norm
