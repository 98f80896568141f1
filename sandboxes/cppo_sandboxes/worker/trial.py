"""One test of a program while it runs: what it has used, what it has written, whether it has to be ended."""

from __future__ import annotations

import os
import time

from . import frames
from .pipes import Capture

QUICK_S = 0.02
"""A test that takes longer is watched: its pipes are drained and its CPU time is read."""
WATCH_S = 0.02
TREE_S = 0.25
"""How often the CPU time of the program's children is added up."""
IDLE_AFTER_S = 0.5
IDLE_SHARE = 0.1
OVERLOAD = 4
"""On a machine with too much to do, a program may take so many times its wall-clock limit."""
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Trial:
    """A test from its start to its report.

    Args:
        task: the task of the host.
        memory_bytes: the program's limit, and what its process had before it ran.
        own_s: CPU time that its process had used before the test began.
        watch_at_once: not only if it takes long.
    """

    def __init__(self, task, memory_bytes, own_s, watch_at_once):
        self._task, self._own_s = task, own_s
        self._quick_s = 0.0 if watch_at_once else QUICK_S
        self.memory_bytes = memory_bytes
        self.started = time.monotonic()
        self.orphans_s = 0.0
        """CPU time of its orphans that have ended."""
        self.capture = Capture()
        self.watched = False
        self.ended_by = None
        """Why we have killed it (ENDED_*)."""
        self.idle = False
        """Whether it has run for a while and used next to no CPU."""
        self._tree_at, self._children_s = TREE_S, 0.0

    def elapsed_s(self):
        """Seconds since it began."""
        return time.monotonic() - self.started

    def timeout_s(self):
        """When to look at it again."""
        if not self.watched:
            return max(0.0, self._quick_s - self.elapsed_s())
        return max(0.001, min(WATCH_S, self._task["wall_s"] - self.elapsed_s()))

    def takes_long(self):
        """Whether it is time to watch it."""
        return self.watched or self.elapsed_s() >= self._quick_s

    def cpu_s(self, process_s):
        """What it has used in all, if its process and the children that this has waited for have used so much."""
        return max(0.0, process_s - self._own_s) + self.orphans_s

    def excess(self, pid, fence):
        """Which limit (ENDED_*) the living process and its children are beyond; None if they are within all."""
        task, elapsed_s = self._task, self.elapsed_s()
        try:
            cpu_s = time.clock_gettime(
                (~pid << 3) | 2
            )  # of another process, see clock_getcpuclockid(3)
        except OSError:
            return None  # it has just ended
        cpu_s -= self._own_s
        if _resident_bytes(pid) > self.memory_bytes:
            return frames.ENDED_MEMORY
        if elapsed_s > self._tree_at:
            self._tree_at = elapsed_s + TREE_S
            self._children_s = fence.children_cpu_s(pid)
        busy_s = cpu_s + self._children_s + self.orphans_s
        if busy_s > task["cpu_s"]:
            return frames.ENDED_CPU
        wall_s = task["wall_s"]
        if elapsed_s >= wall_s and (
            elapsed_s - _queued_s(pid) >= wall_s or elapsed_s > OVERLOAD * wall_s
        ):
            return frames.ENDED_WALL
        if elapsed_s > IDLE_AFTER_S and busy_s + _queued_s(pid) < IDLE_SHARE * elapsed_s:
            self.idle = True
        return None


def _resident_bytes(pid):
    """What a living process has in memory."""
    fields = read(f"/proc/{pid}/statm").split()
    return int(fields[1]) * PAGE_BYTES if fields else 0


def _queued_s(pid):
    """Seconds that a process has waited for a core; not its fault, so not charged to its wall clock."""
    fields = read(f"/proc/{pid}/schedstat").split()
    return int(fields[1]) / 1e9 if fields else 0.0


def read(path):
    """A small file of /proc; empty where its process has ended."""
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read()
    except OSError:
        return b""
