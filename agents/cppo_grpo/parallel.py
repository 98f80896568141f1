"""Several processes: each plays its share of a batch and scores its share of every optimizer step.

Started with `torchrun --nproc-per-node N -m cppo_env train …`; the collectives are accelerate's.
What was played is gathered, so every process holds the whole batch and knows its totals. The loss
of `cppo_grpo.loss` is a sum whose weights know these totals, so the sum of the processes' gradients
is the gradient of one process that has it all, however uneven the shares. Every process then takes
the same step. Draws follow from a prompt's place in the whole batch, so what is played does not
depend on the number of processes either.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from numpy.typing import NDArray
from torch import nn
from torch.distributed.tensor import DTensor

if TYPE_CHECKING:
    from accelerate import Accelerator

T = TypeVar("T")

CPU = torch.device("cpu")

PATIENCE = timedelta(days=1)
"""How long a process waits for the others, who may be judging programs; the launcher ends them all if one fails."""


def launched_processes() -> int:
    """How many processes a launcher such as `torchrun` has started."""
    return int(os.environ.get("WORLD_SIZE", "1"))


class Processes:
    """The processes of a run, as one of them sees them; `Processes()` is a process that is alone."""

    def __init__(self, accelerator: Accelerator | None = None) -> None:
        self._accelerator = accelerator
        self._interrupted = False

    @classmethod
    def launched(cls) -> Processes:
        """Those that a launcher such as `torchrun` has started; a single one if none did."""
        if launched_processes() == 1:
            return cls()
        from accelerate import Accelerator, InitProcessGroupKwargs

        cpu = not torch.accelerator.is_available()
        return cls(Accelerator(cpu=cpu, kwargs_handlers=[InitProcessGroupKwargs(timeout=PATIENCE)]))

    @property
    def count(self) -> int:
        """How many there are."""
        return self._accelerator.num_processes if self._accelerator else 1

    @property
    def on_this_machine(self) -> int:
        """How many of them run on this machine."""
        return int(os.environ.get("LOCAL_WORLD_SIZE", "1")) if self._accelerator else 1

    @property
    def main(self) -> bool:
        """Whether this is the one that writes into the run folder."""
        return self._accelerator is None or self._accelerator.is_main_process

    @property
    def device(self) -> torch.device:
        """Where this process computes."""
        return (
            self._accelerator.device
            if self._accelerator
            else torch.accelerator.current_accelerator(True) or CPU
        )

    def share(self, items_P: NDArray[Any]) -> NDArray[Any]:
        """This process's part: neighbours, in order; the parts differ by one in size at most."""
        rank = self._accelerator.process_index if self._accelerator else 0
        return items_P[rank * len(items_P) // self.count : (rank + 1) * len(items_P) // self.count]

    def gather(self, item: T) -> list[T]:
        """What each process gave, in the order of the processes; a point that all of them reach."""
        if self._accelerator is None:
            return [item]
        from accelerate.utils import gather_object

        return gather_object([item])

    def shard(self, module: nn.Module, layers: Iterable[nn.Module]) -> None:
        """Keep only this process's part of every weight (FSDP2), and gather each layer while it computes.

        torch's own `fully_shard`: accelerate shards on accelerators only, and by modules that are
        called, which the output embedding never is (`chunked_head` reads its weight).

        Args:
            module: from now on, all processes call it equally often, and its backward pass sums
                their gradients.
            layers: its parts that are gathered one by one.
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
        """Replace every weight's gradient by the sum over the processes; none where no process has one.

        Gradients of shards are sums already.
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
                weight.grad = self._accelerator.reduce(mine, reduction="sum")

    @contextmanager
    def interrupted_together(self) -> Iterator[None]:
        """Within it, a Ctrl-C waits until `agree`: no process may leave while another waits for it."""
        if self._accelerator is None:
            yield
            return

        def remember(number: int, frame: object) -> None:
            self._interrupted = True

        before = signal.signal(signal.SIGINT, remember)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def agree(self) -> None:
        """Go on together, or not at all.

        Raises:
            KeyboardInterrupt: in every process, if any of them was interrupted.
        """
        if any(self.gather(self._interrupted)):
            raise KeyboardInterrupt

    def close(self) -> None:
        """Leave the others."""
        if self._accelerator is not None:
            self._accelerator.end_training()
