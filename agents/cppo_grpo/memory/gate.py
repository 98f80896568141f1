"""The memory of a gate: a model that stays beside the policy and reads its plans."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import torch
from cppo_agents.judges.verbaliser import BATCH_SIZE, DTYPE, VERBALISER, answer_logits
from cppo_agents.models.check import context_of

from cppo_env.judges.product import factors
from cppo_grpo.config import TrainConfig
from cppo_grpo.memory.counts import count_parameters
from cppo_grpo.memory.devices import Devices
from cppo_grpo.memory.fake import Key, fake, fill, key_of, shapes_only
from cppo_grpo.memory.parts import Part
from cppo_grpo.memory.shapes import period, shape_of
from cppo_grpo.memory.tracking import AliveBytes


def gate_parts(
    judge: str, options: Mapping[str, Any], devices: Devices, *, plans: int, tokens: int
) -> list[Part]:
    """What the gate of a run takes on the run's devices, if it has one there.

    Args:
        judge: the judge's name, or a product.
        options: its options.
        devices: those of the run.
        plans: that are ruled on at a time.
        tokens: of a problem and a plan; longer ones than the gate's context are not read.
    """
    own = dict(factors(judge, options)).get(VERBALISER)
    if own is None or (own.get("device") == "cpu" and devices.name != "cpu"):
        return []
    shape, dtype = shape_of(own["model"]), str(own.get("dtype", DTYPE))
    count = count_parameters(shape, TrainConfig()).total
    read = _reading(
        key_of(shape, period(shape)),
        min(int(own.get("batch_size", BATCH_SIZE)), plans),
        min(tokens, context_of(shape) or tokens),
        dtype,
    )
    return [
        Part("gate", count * getattr(torch, dtype).itemsize, "always"),
        Part("reading plans", read, "judging"),
    ]


@cache
def _reading(key: Key, plans: int, tokens: int, dtype: str) -> int:
    """Peak bytes of reading some plans, beside the weights; layers take their memory in turn."""
    model = shapes_only(key.part).to(getattr(torch, dtype)).eval()
    with fake(), torch.no_grad():
        fill(model)
        with AliveBytes([*model.parameters(), *model.buffers()]) as own:
            answer_logits(model, [[0] * tokens] * plans, (0, 1))
    return own.peak
