"""What takes memory on a device, and when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from cppo_grpo.memory.devices import Devices

Phase = Literal["warm start", "sampling", "judging", "update", "optimizer step", "averaging"]
PHASES: tuple[Phase, ...] = get_args(Phase)
"""What a run does at one time or another."""
When = Phase | Literal["always", "training"]
"""A phase; all of them ("always"), or all behind the warm start ("training")."""


@dataclass(frozen=True, slots=True)
class Part:
    """Something that takes memory on each device."""

    name: str
    bytes: int
    when: When


def in_all(parts: Iterable[Part], processes: int) -> tuple[Part, ...]:
    """The parts that take anything, in all of these processes."""
    return tuple(Part(one.name, one.bytes * processes, one.when) for one in parts if one.bytes)


@dataclass(frozen=True, slots=True)
class Needs:
    """What something needs on each of some devices; on a CPU, in all processes."""

    devices: Devices
    parts: tuple[Part, ...]

    def at(self, when: When) -> int:
        """Bytes of a phase on each device; 0 if there is none of that name."""
        if not any(part.when == when for part in self.parts):
            return 0
        also = ("always",) if when == "warm start" else ("always", "training")
        return sum(part.bytes for part in self.parts if part.when in (when, *also))

    @property
    def peak(self) -> int:
        """Bytes on a device in the worst phase."""
        return max(self.at(when) for when in PHASES)

    @property
    def fits(self) -> bool:
        """Whether a device holds it."""
        return self.peak <= self.devices.bytes_each
