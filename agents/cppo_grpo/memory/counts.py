"""The parameters of a model, and what an optimizer keeps and takes for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from transformers import AutoModelForCausalLM, PretrainedConfig

from cppo_grpo.config import TrainConfig
from cppo_grpo.memory.shapes import text_config
from cppo_grpo.memory.simulation import FLOAT32
from cppo_grpo.model.lora import add_adapter
from cppo_grpo.model.weights import trainable_weights

EIGHT_BIT_FROM = 4096
"""Parameters of a weight from which bitsandbytes holds its moments in 8 bits."""
EIGHT_BIT_BLOCK = 256
"""Values that share a float32 scale."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Parameters of a model."""

    total: int
    trained: int
    largest_trained: int
    short_trained: int
    """Of the trained ones, those in weights that an 8-bit optimizer keeps in float32."""


def count_parameters(shape: PretrainedConfig, config: TrainConfig) -> Counts:
    """The parameters of a model, and those that the run trains."""
    with torch.device("meta"):
        model: Any = AutoModelForCausalLM.from_config(text_config(shape), dtype=torch.float32)
    if config.lora_rank:
        model = add_adapter(model, config)
    trained = [weight.numel() for weight in trainable_weights(model).values()]
    total = sum(weight.numel() for weight in model.parameters())
    short = sum(count for count in trained if count < EIGHT_BIT_FROM)
    return Counts(total, sum(trained), max(trained), short)


def state_bytes(counts: Counts, config: TrainConfig) -> int:
    """The optimizer's states: two moments of each trained parameter."""
    short = counts.trained if config.optimizer == "adamw" else counts.short_trained
    coded = counts.trained - short
    return 2 * (FLOAT32 * short + coded + FLOAT32 * coded // EIGHT_BIT_BLOCK)


def temporary_bytes(counts: Counts, config: TrainConfig, cpu: bool, shards: int) -> int:
    """What an optimizer step takes beside gradients and states.

    On a CPU AdamW takes the weights one by one, on a GPU all at once unless their states visit it.
    In 8 bits one kernel does it all on a GPU; on a CPU both moments of a weight are unpacked.
    """
    each = FLOAT32 * counts.largest_trained
    if config.optimizer == "adamw8bit":
        return 5 * each if cpu else 0
    if cpu:
        return 2 * each
    return 2 * each if config.optimizer_states == "cpu" else FLOAT32 * counts.trained // shards
