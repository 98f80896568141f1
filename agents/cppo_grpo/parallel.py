"""Several processes: each plays its share of a batch and computes its share of each update.

Start them with `torchrun --nproc-per-node N -m cppo_env train …`; the collectives are accelerate's.
Rollouts are gathered, so every process holds the whole batch and knows its totals. The loss
(`cppo_grpo.loss`) is a sum whose weights know these totals, so the gradients of the processes add
up to the gradient of a single process, however uneven the shares. Every process then takes the same
step. Sampling depends on a prompt's place in the whole batch, so the rollout does not depend on the
number of processes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from numpy.typing import NDArray
from torch import nn
from torch.distributed.tensor import DTensor

from cppo_grpo.interrupts import Interrupt, held_back
from cppo_grpo.launcher import launched_processes

if TYPE_CHECKING:
    from accelerate import Accelerator

T = TypeVar("T")

CPU = torch.device("cpu")

PATIENCE = timedelta(days=1)
"""How long a process waits for the others, which may be running programs. If one fails, the
launcher ends them all."""


class Processes:
    """The processes of a run, seen from one of them. `Processes()` is a single process."""

    def __init__(self, accelerator: Accelerator | None = None) -> None:
        self._accelerator = accelerator
        self._interrupt = Interrupt()

    @classmethod
    def launched(cls) -> Processes:
        """The processes of a launcher such as `torchrun`, or a single one without a launcher.

        They compute on CPUs where there are fewer accelerators than processes.
        """
        if launched_processes() == 1:
            return cls()
        from accelerate import Accelerator, InitProcessGroupKwargs

        here = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
        cpu = not torch.accelerator.is_available() or torch.accelerator.device_count() < here
        return cls(Accelerator(cpu=cpu, kwargs_handlers=[InitProcessGroupKwargs(timeout=PATIENCE)]))

    @property
    def count(self) -> int:
        """Number of processes."""
        return self._accelerator.num_processes if self._accelerator else 1

    @property
    def on_this_machine(self) -> int:
        """Number of processes on this machine."""
        return int(os.environ.get("LOCAL_WORLD_SIZE", "1")) if self._accelerator else 1

    @property
    def first_here(self) -> bool:
        """Whether this is the first one of this machine."""
        return self._accelerator is None or self._accelerator.is_local_main_process

    @property
    def rank(self) -> int:
        """The number of this process, counted from 0."""
        return self._accelerator.process_index if self._accelerator else 0

    @property
    def main(self) -> bool:
        """Whether this process writes the run folder."""
        return self._accelerator is None or self._accelerator.is_main_process

    @property
    def device(self) -> torch.device:
        """The device of this process."""
        return (
            self._accelerator.device
            if self._accelerator
            else torch.accelerator.current_accelerator(True) or CPU
        )

    def share(self, items_P: NDArray[Any]) -> NDArray[Any]:
        """This process's share: a contiguous slice; sizes differ by at most one."""
        first, end = (rank * len(items_P) // self.count for rank in (self.rank, self.rank + 1))
        return items_P[first:end]

    def gather(self, item: T) -> list[T]:
        """The values of all processes, in order. Every process must call this."""
        if self._accelerator is None:
            return [item]
        from accelerate.utils import gather_object

        return gather_object([item])

    def shard(self, module: nn.Module, layers: Iterable[nn.Module]) -> None:
        """Keep only this process's part of every weight (FSDP2).

        Each layer is gathered while it computes. This is torch's own `fully_shard`: accelerate
        shards on accelerators only, and by modules that are called, which the output embedding
        never is (`chunked_head` reads its weight).

        Args:
            module: from now on all processes must call it equally often; its backward pass sums
                their gradients.
            layers: the parts that are gathered one by one.
        """
        if self._accelerator is None:
            return
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import FSDPModule, fully_shard

        mesh = init_device_mesh(self.device.type, (self.count,))
        for part in [*layers, module]:
            fully_shard(part, mesh=mesh)
        for part in module.modules():
            if isinstance(part, FSDPModule):
                part.set_gradient_divide_factor(1.0)
                part.set_force_sum_reduction_for_comms(True)  # gloo has no other

    def sum_gradients(self, module: nn.Module) -> None:
        """Replace every gradient by its sum over the processes.

        A weight without a gradient in any process keeps none. Gradients of shards are sums already.
        """
        if self._accelerator is None:
            return
        weights = [
            weight
            for weight in module.parameters()
            if weight.requires_grad and not isinstance(weight, DTensor)
        ]
        everywhere = self.gather([weight.grad is not None for weight in weights])
        for weight, had in zip(weights, zip(*everywhere, strict=True), strict=True):
            if any(had):
                mine = torch.zeros_like(weight) if weight.grad is None else weight.grad
                total: Any = self._accelerator.reduce(mine, reduction="sum")
                weight.grad = total

    @contextmanager
    def interrupted_together(self) -> Iterator[None]:
        """Delay a Ctrl-C until `agree`, so no process leaves while another waits for it."""
        if self._accelerator is None:
            yield
            return
        with held_back() as self._interrupt:
            yield

    def agree(self) -> None:
        """Continue together, or stop together.

        Raises:
            KeyboardInterrupt: in every process, if any of them was interrupted.
        """
        if any(self.gather(self._interrupt.pressed)):
            raise KeyboardInterrupt

    def close(self) -> None:
        """Leave the process group."""
        if self._accelerator is not None:
            self._accelerator.end_training()
