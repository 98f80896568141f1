"""Who started a container, so that the next start can remove what a killed process left behind."""

from __future__ import annotations

import os
from pathlib import Path

LABEL = "cppo-sandbox.owner"


def owner() -> str:
    """This process: machine and pid namespace, pid, start time."""
    return f"{_host()}:{os.getpid()}:{_start_time(os.getpid())}"


def is_dead(label: str) -> bool:
    """Whether the owner has ended; those of other machines or pid namespaces count as alive."""
    host, _, rest = label.rpartition(":")[0].rpartition(":")
    pid, start = rest, label.rpartition(":")[2]
    return host == _host() and pid.isdigit() and _start_time(int(pid)) != start


def _host() -> str:
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot}/{os.readlink('/proc/self/ns/pid')}"


def _start_time(pid: int) -> str:
    """Clock ticks from boot to the start of a process; empty if it does not exist."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[19]
    except OSError:
        return ""
