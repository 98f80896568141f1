"""The state of every random generator of a process, in forms that checkpoints hold.

The draws of a run follow from (seed, step); what plug-ins draw may not.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch
from torch import Tensor

CPU, ACCELERATOR = "torch_random_state", "torch_accelerator_random_state"


def torch_states() -> dict[str, Tensor]:
    """Those of torch: of the CPU, and of the accelerator in use if there is one."""
    states = {CPU: torch.get_rng_state()}
    if torch.accelerator.is_available():
        states[ACCELERATOR] = torch.get_device_module().get_rng_state()
    return states


def restore_torch(tensors: dict[str, Tensor]) -> None:
    """Take what `torch_states` gave out of `tensors` and set it; an accelerator's state needs an accelerator."""
    torch.set_rng_state(tensors.pop(CPU))
    state = tensors.pop(ACCELERATOR, None)
    if state is not None and torch.accelerator.is_available():
        torch.get_device_module().set_rng_state(state)


def other_states() -> dict[str, Any]:
    """Those of Python's `random` and of NumPy's global generator, as JSON."""
    name, keys, *rest = np.random.get_state()
    return {"python": random.getstate(), "numpy": [name, np.asarray(keys).tolist(), *rest]}


def restore_others(states: dict[str, Any]) -> None:
    """Set what `other_states` gave."""
    version, keys, gauss = states["python"]
    random.setstate((version, tuple(keys), gauss))
    np.random.set_state(tuple(states["numpy"]))
