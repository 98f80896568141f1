"""The state of every random generator of a process, in the form that checkpoints store.

The draws of a run follow from (seed, step); those of plug-ins may not.
"""

from __future__ import annotations

import random
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor

CPU, ACCELERATOR = "torch_random_state", "torch_accelerator_random_state"


def torch_states() -> dict[str, Tensor]:
    """The states of torch: the CPU's, and the accelerator's if one is in use."""
    states = {CPU: torch.get_rng_state()}
    if torch.accelerator.is_available():
        states[ACCELERATOR] = torch.get_device_module().get_rng_state()
    return states


def restore_torch(tensors: dict[str, Tensor]) -> None:
    """Move the states of `torch_states` from `tensors` to the generators of torch."""
    torch.set_rng_state(tensors.pop(CPU))
    state = tensors.pop(ACCELERATOR, None)
    if state is not None and torch.accelerator.is_available():
        torch.get_device_module().set_rng_state(state)


def other_states() -> dict[str, Any]:
    """The states of Python's `random` and NumPy's global generator, as JSON."""
    name, keys, *rest = np.random.get_state()
    return {"python": random.getstate(), "numpy": [name, np.asarray(keys).tolist(), *rest]}


def restore_others(states: dict[str, Any]) -> None:
    """Set the states of `other_states`."""
    version, keys, gauss = states["python"]
    random.setstate((version, tuple(keys), gauss))
    np.random.set_state(tuple(states["numpy"]))


@contextmanager
def kept_states() -> Generator[None]:
    """Whatever the block draws, the generators go on as if it had not."""
    tensors, others = torch_states(), other_states()
    try:
        yield
    finally:
        restore_torch(tensors)
        restore_others(others)
