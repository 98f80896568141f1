"""The memory of the devices of a run: those found here, or those that it is planned for."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import torch

from cppo_env.errors import UsageError
from cppo_env.plugins import suggest

GIB = 2**30

SIZES = {
    "h200": 141e9, "h100": 80 * GIB, "a100": 80 * GIB, "a100-40": 40 * GIB, "l40s": 48e9,
    "a6000": 48 * GIB, "l4": 24e9, "rtx5090": 32 * GIB, "rtx4090": 24 * GIB,
}  # fmt: skip
"""Bytes of one device, as its vendor states them."""

RESERVED = 0.05
"""Share of a GPU that its driver, the kernels' workspaces and gaps between tensors take."""


@dataclass(frozen=True, slots=True)
class Devices:
    """Devices of one kind."""

    name: str
    count: int
    bytes_each: int
    """Memory of one that a run may fill."""


def assumed(text: str) -> Devices:
    """The devices of a text such as "h100x8" or "cpu:32", which is a CPU with 32 GiB.

    Raises:
        UsageError: it names none.
    """
    if found := re.fullmatch(r"cpu:(\d+)", text):
        return Devices("cpu", 1, int(found[1]) * GIB)
    found = re.fullmatch(r"([\w-]+?)(?:x(\d+))?", text.lower())
    if found is None or found[1] not in SIZES or found[2] == "0":
        hint = suggest(found[1] if found else text, list(SIZES))
        raise UsageError(f"assume: got {text!r}, expected NAMExCOUNT or cpu:GIB; {hint}")
    return Devices(found[1], int(found[2] or 1), int(SIZES[found[1]] * (1 - RESERVED)))


def found_here() -> Devices:
    """The accelerators of this machine, or its free main memory."""
    if torch.cuda.is_available():
        sizes = [
            torch.cuda.get_device_properties(i).total_memory
            for i in range(torch.cuda.device_count())
        ]
        name = torch.cuda.get_device_name(0)
        return Devices(name, len(sizes), int(min(sizes) * (1 - RESERVED)))
    return Devices("cpu", 1, _free_memory())


def _free_memory() -> int:
    """What the machine has left, or the control group if that is less."""
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    lines = Path("/proc/meminfo").read_text().splitlines() if Path("/proc/meminfo").exists() else []
    for line in lines:
        if line.startswith("MemAvailable:"):
            free = int(line.split()[1]) * 1024
    limit, used = (Path("/sys/fs/cgroup") / name for name in ("memory.max", "memory.current"))
    if limit.exists() and (text := limit.read_text().strip()) != "max":
        free = min(free, int(text) - int(used.read_text()))
    return free
