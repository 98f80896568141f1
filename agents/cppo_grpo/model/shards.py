"""A policy in shards: made without weights, sharded, and filled with this process's rows."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.distributed.tensor import DTensor
from transformers import PreTrainedModel

from cppo_grpo.model.policy import Policy, inner_model
from cppo_grpo.model.weights import own_rows


def sharded_policy(
    measured: Policy, shard: Callable[[Policy], None], device: torch.device
) -> Policy:
    """A policy with the weights of another, of which this process holds its shards only.

    No full copy is made on the way.

    Args:
        measured: holds the full weights.
        shard: turns the weights of a policy into shards.
        device: holds the shards.
    """
    source = inner_model(measured.model)
    model = _without_weights(source)
    policy = Policy.like(measured, model)
    shard(policy)
    policy.to_empty(device=device)
    model.tie_weights()
    with torch.no_grad():
        full = dict(source.named_parameters(remove_duplicate=False))
        for name, weight in model.named_parameters():
            local = weight.to_local() if isinstance(weight, DTensor) else weight
            local.copy_(own_rows(full[name], weight))
    _copy_buffers(source, model)
    return policy


def _without_weights(source: PreTrainedModel) -> PreTrainedModel:
    """The same architecture on the meta device, in training precision."""
    with torch.device("meta"):
        made: Any = type(source)(copy.deepcopy(source.config))
    made.generation_config = source.generation_config
    return made.to(source.dtype).train(source.training)


def _copy_buffers(source: nn.Module, target: nn.Module) -> None:
    """Buffers are small and whole; some, such as rotary frequencies, are in no file."""
    modules = dict(target.named_modules())
    for name, buffer in source.named_buffers():
        owner, _, own = name.rpartition(".")
        modules[owner]._buffers[own] = buffer.clone()
