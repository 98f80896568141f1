"""Checkpoints: atomic, verified when read, pruned.

checkpoints/step-000050/
    weights.safetensors      the trained weights; frozen ones stay in the run's `reference/`
    optimizer.safetensors    AdamW's moments, and the random states of torch
    state.json               step (and with it the schedule), data cursor, settings, random states
                             of all libraries, versions, git commit, SHA-256 of the files above
checkpoints/best/            the same, of the best evaluation during training
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file  # pyright: ignore[reportUnknownVariableType] - typed in part
from torch import Tensor, nn

from cppo_env.errors import CppoError, UsageError
from cppo_env.provenance import change_of, commit, digests_of, versions
from cppo_grpo.model.weights import shard_like, trainable_weights, whole
from cppo_grpo.runs.atomic import whole_folder
from cppo_grpo.runs.random_states import other_states, restore_others, restore_torch, torch_states

logger = logging.getLogger(__name__)

WEIGHTS, OPTIMIZER, STATE = "weights.safetensors", "optimizer.safetensors", "state.json"

BEST = "best"
"""Name of the checkpoint of the best evaluation during training."""


def save_checkpoint(
    folder: Path,
    step: int,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    cursor: Mapping[str, Any],
    keep: int,
    *,
    config: Mapping[str, Any] | None = None,
    best: bool = False,
    writable: bool = True,
) -> None:
    """Write the checkpoint after `step` steps atomically, then delete all but the newest `keep`.

    An intact checkpoint of that step stays: this process wrote it, or resumed from it. Later ones
    are deleted as well, because the run has gone back before them. `cursor` is the position in the
    data as JSON (`Sampler.state()`). `config` holds the settings of the run, so that a checkpoint
    is complete by itself. With `best` it replaces the best checkpoint, and no other is deleted. All
    processes call this; one of them writes.
    """
    weights = {
        name: whole(weight.detach()).contiguous()
        for name, weight in trainable_weights(model).items()
    }
    tensors = _optimizer_tensors(optimizer)
    if not writable:
        return
    facts = {"step": step, "cursor": cursor, "config": config}
    if best:
        _write(folder / BEST, facts, weights, tensors)
        return
    target = folder / f"step-{step:06d}"
    if fault_of(target) is not None:
        _write(target, facts, weights, tensors)
    found = _found(folder)
    newest = found.index(target)
    for other in found[:newest] + found[newest + keep :]:
        shutil.rmtree(other)


def _write(
    target: Path, facts: dict[str, Any], weights: dict[str, Tensor], tensors: dict[str, Tensor]
) -> None:
    with whole_folder(target) as partial:
        save_file(weights, partial / WEIGHTS)
        save_file(tensors, partial / OPTIMIZER)
        state = {
            **facts,
            "random_states": other_states(),
            "sha256": digests_of(partial, (WEIGHTS, OPTIMIZER)),
            "versions": versions(),
            "git_commit": commit(),
        }
        (partial / STATE).write_text(json.dumps(state) + "\n")


def newest_checkpoint(folder: Path) -> Path | None:
    """The newest intact checkpoint; warns about damaged ones and skips them."""
    for checkpoint in _found(folder):
        fault = fault_of(checkpoint)
        if fault is None:
            return checkpoint
        logger.warning("checkpoint %s is damaged (%s); the one before is used", checkpoint, fault)
    return None


def best_checkpoint(folder: Path) -> Path:
    """The checkpoint of the best evaluation during training.

    Raises:
        CppoError: it is lost or damaged.
    """
    best = folder / BEST
    if fault := fault_of(best):
        raise CppoError(
            f"{best}: {fault}; keep the weights of the last step instead: resume with "
            "--final_weights last"
        )
    return best


def load_checkpoint(
    checkpoint: Path, model: nn.Module, optimizer: torch.optim.Optimizer
) -> tuple[int, Mapping[str, Any]]:
    """Restore weights, optimizer and random states; returns the step count and the data cursor.

    Raises:
        UsageError: the checkpoint belongs to a model of another shape, or to a version that stored
            less.
    """
    state = json.loads((checkpoint / STATE).read_text())
    if lacking := [name for name in ("cursor", "random_states") if name not in state]:
        raise UsageError(
            f"{checkpoint}: it holds no {lacking[0]}, so an older version wrote it; go on with "
            "that version, or "
            "start a new run from the model"
        )
    load_weights(checkpoint, model)
    _restore_optimizer(optimizer, load_file(checkpoint / OPTIMIZER))
    restore_others(state["random_states"])
    changed = [
        f"{name} {old} → {new}"
        for name, new in versions().items()
        if (old := state["versions"].get(name)) != new
    ]
    if changed:
        logger.warning(
            "%s was written by other versions (%s): last digits may differ",
            checkpoint,
            ", ".join(changed),
        )
    return state["step"], state["cursor"]


def load_weights(checkpoint: Path, model: nn.Module) -> int:
    """Restore the trained weights; returns the step count.

    Raises:
        UsageError: the checkpoint belongs to a model of another shape.
    """
    stored = load_file(checkpoint / WEIGHTS)
    own = trainable_weights(model)
    for name in own.keys() | stored.keys():
        if name not in own or name not in stored or own[name].shape != stored[name].shape:
            raise UsageError(
                f"{checkpoint}: its weight {name!r} does not fit this model; resume with the same "
                "model"
            )
    with torch.no_grad():
        for name, weight in own.items():
            weight.copy_(shard_like(stored[name], weight))
    return json.loads((checkpoint / STATE).read_text())["step"]


def _found(folder: Path) -> list[Path]:
    """Finished checkpoints, newest first."""
    return sorted(folder.glob("step-*"), reverse=True)


def fault_of(checkpoint: Path) -> str | None:
    """The damage to the files of a checkpoint, if any."""
    try:
        return change_of(checkpoint, json.loads((checkpoint / STATE).read_text())["sha256"])
    except (OSError, ValueError, KeyError) as error:
        return str(error)


def _optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    tensors: dict[str, Tensor] = {}
    seen: set[int] = set()
    for index, weight in enumerate(_weights(optimizer)):
        for name, value in optimizer.state.get(weight, {}).items():
            tensor = whole(torch.as_tensor(value)).contiguous()
            # A file holds no tensor twice, and the weights share the table of an 8-bit code.
            shared = tensor.data_ptr() in seen
            tensors[f"{index}.{name}"] = tensor.clone() if shared else tensor
            seen.add(tensor.data_ptr())
    return tensors | torch_states()


def _restore_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    restore_torch(tensors)
    weights = _weights(optimizer)
    moments: dict[int, dict[str, Any]] = {}
    for key, tensor in tensors.items():
        index, _, name = key.partition(".")
        # Moments are laid out as their weight is; the count of steps is a number.
        own: Any = shard_like(tensor, weights[int(index)]) if tensor.ndim else tensor
        if tensor.dtype == torch.int64:
            own = int(tensor)
        moments.setdefault(int(index), {})[name] = own
    optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})


def _weights(optimizer: torch.optim.Optimizer) -> list[Tensor]:
    return [weight for group in optimizer.param_groups for weight in group["params"]]
