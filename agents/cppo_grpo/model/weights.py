"""The full weights of a policy: adapters merged, shards gathered.

If a policy is sharded, all processes must call these functions together.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributed.tensor import DTensor, distribute_tensor

from cppo_grpo.model.policy import inner_model


@torch.no_grad()
def full_weights(model: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """All weights by their transformers names, one by one; adapters are merged into copies."""
    inner = inner_model(model)
    adapted: dict[str, Any] = {
        name: module
        for name, module in inner.named_modules()
        if hasattr(module, "get_delta_weight")
    }
    for name, weight in inner.named_parameters():
        owner = next((owner for owner in adapted if name.startswith(f"{owner}.")), None)
        if owner is None:
            yield name, whole(weight)
        elif name.startswith(f"{owner}.base_layer."):
            kind = name.removeprefix(f"{owner}.base_layer.")
            deltas = [
                adapted[owner].get_delta_weight(one) for one in adapted[owner].active_adapters
            ]
            yield (
                f"{owner}.{kind}",
                whole(sum(deltas, weight.detach()) if kind == "weight" else weight),
            )


def state_to_save(model: nn.Module) -> dict[str, Tensor]:
    """What transformers saves: `full_weights` in host memory and float32, persistent buffers."""
    inner = inner_model(model)
    parameters = dict(inner.named_parameters(remove_duplicate=False))
    buffers = {
        name: tensor for name, tensor in inner.state_dict().items() if name not in parameters
    }
    return {name: weight.detach().cpu().float() for name, weight in full_weights(model)} | buffers


def save_whole(model: nn.Module, folder: Path, state: dict[str, Tensor]) -> None:
    """Write a `state_to_save` as transformers does, whatever type the model is held in."""
    inner = inner_model(model)
    inner.save_pretrained(folder, state_dict=state)
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"dtype": "float32"}, indent=2))


def trainable_weights(model: nn.Module) -> dict[str, nn.Parameter]:
    """The trained weights: all of a plain model, or only the adapter's."""
    return {name: weight for name, weight in model.named_parameters() if weight.requires_grad}


def whole(tensor: Tensor) -> Tensor:
    """The full tensor, gathered if this process holds a shard."""
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def shard_like(full: Tensor, weight: Tensor) -> Tensor:
    """This process's shard of a full tensor, laid out like the given weight."""
    if not isinstance(weight, DTensor):
        return full
    return distribute_tensor(full.to(weight.device), weight.device_mesh, weight.placements)


def own_rows(full: Tensor, weight: Tensor) -> Tensor:
    """The rows of a full tensor that this process holds of the given weight; no copy is made."""
    if not isinstance(weight, DTensor):
        return full
    rows, mesh = len(full), weight.device_mesh
    each = -(-rows // mesh.size())
    return full[min(mesh.get_local_rank() * each, rows) :][: len(weight.to_local())]
