"""One running test: what it has used, what it has written, whether it must be ended."""

from __future__ import annotations

import time

from . import frames
from .pipes import Capture

QUICK_S = 0.02
"""A test that takes longer is watched: its pipes are drained and its CPU time is read."""
WATCH_S = 0.02
IDLE_AFTER_S = 0.5
IDLE_SHARE = 0.1
CONTENTION = 0.1
"""A test that waits for a core for this share of its time counts as disturbed."""
DOUBT = 2
"""A disturbed test may use its CPU time this many times over before it is surely too slow."""


class Trial:
    """A test from its start to its report.

    Args:
        task: the task of the host.
        usage: of its processes.
        memory_bytes: the program's limit, and the memory of its process before it ran.
        watch_at_once: watch from the start, not only if it takes long.
    """

    def __init__(self, task, usage, memory_bytes, watch_at_once):
        self._task, self._usage = task, usage
        self._quick_s = 0.0 if watch_at_once else QUICK_S
        self.memory_bytes = memory_bytes
        self.started = time.monotonic()
        self.orphans_s = 0.0
        """CPU time of its orphans that have ended."""
        self.capture = Capture()
        self.watched = False
        self.ended_by: int | None = None
        """Why we have killed it (ENDED_*), since `killed_at`."""
        self.killed_at = 0.0
        self.idle = False
        """Whether it has run for a while and used next to no CPU."""
        self._idle_since = (0.0, 0.0)

    def elapsed_s(self):
        """Seconds since it began."""
        return time.monotonic() - self.started

    def timeout_s(self):
        """When to look at it again."""
        elapsed_s = self.elapsed_s()
        if not self.watched:
            return max(0.0, self._quick_s - elapsed_s)
        pause_s = max(WATCH_S, 20 * self._usage.cost_s)
        return max(0.001, min(pause_s, self._task["wall_s"] - elapsed_s))

    def takes_long(self):
        """Whether it is time to watch it."""
        return self.watched or self.elapsed_s() >= self._quick_s

    def look(self, pid):
        """Update its usage."""
        self._usage.look(pid, self.elapsed_s(), self.orphans_s)

    def finish(self):
        """Update its usage after its process has ended, while its children may still exist."""
        if self.watched:
            self._usage.finish()

    def close(self):
        """Forget its processes."""
        self._usage.close()

    def cpu_s(self, process_s):
        """Its total CPU time, given that of its process and of awaited children."""
        return max(process_s - self._usage.own_s + self.orphans_s, self._usage.cpu_s, 0.0)

    def peak_bytes(self, process_bytes):
        """The peak of observed memory, given that of its process."""
        return max(process_bytes, self._usage.memory_bytes)

    def disturbed(self):
        """Whether others had the cores when it wanted them."""
        return self._usage.waited_s > CONTENTION * self.elapsed_s()

    def in_doubt(self, how, cpu_s):
        """Whether it might have kept its time limit alone on the machine."""
        slow = how == frames.ENDED_WALL or (
            how == frames.ENDED_CPU and cpu_s <= DOUBT * self._task["cpu_s"]
        )
        return slow and self.disturbed()

    def excess(self):
        """The limit (ENDED_*) that it exceeds; None if it is within all."""
        task, usage, elapsed_s = self._task, self._usage, self.elapsed_s()
        if usage.memory_bytes > self.memory_bytes:
            return frames.ENDED_MEMORY
        if usage.cpu_s > task["cpu_s"] * (DOUBT if self.disturbed() else 1):
            return frames.ENDED_CPU
        wall_s = task["wall_s"]
        if elapsed_s - usage.waited_s >= wall_s or elapsed_s > task["most_wall_s"]:
            return frames.ENDED_WALL
        self._look_whether_idle(usage.cpu_s + usage.waited_s, elapsed_s)
        return None

    def _look_whether_idle(self, wanted_s, elapsed_s):
        """Whether it wants no core, so others may have it."""
        since_s, before_s = self._idle_since
        share = (wanted_s - before_s) / max(IDLE_AFTER_S, elapsed_s - since_s)
        if self.idle and share > IDLE_SHARE:
            self.idle = False
        elif not self.idle and elapsed_s > IDLE_AFTER_S and wanted_s < IDLE_SHARE * elapsed_s:
            self.idle, self._idle_since = True, (elapsed_s, wanted_s)


def read(path):
    """A small file of /proc; empty if its process has ended."""
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read()
    except OSError:
        return b""
