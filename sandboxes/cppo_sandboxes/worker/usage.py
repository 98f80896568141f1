"""What a test's processes have used together, from a control group or by adding them up."""

from __future__ import annotations

import time

from .tree import Tree

LOST_S = 0.05
"""CPU time that may seem lost because the kernel counts dead children in ticks."""
TOLERANCE = 0.05
"""A control group counts this much more than processes do, for the kernel's work for them."""
FILES_S = 0.1
"""How often files are added up if the group does not count them and it is cheap."""


class Baseline:
    """What a group had used before the program, apart from the hub.

    Args:
        group: the control group of the program; None if there is none.
        own_bytes: gives the hub's memory and store.
    """

    def __init__(self, group, own_bytes):
        self._group = group
        self._own_bytes = own_bytes if group is not None and group.holds_hub else lambda: 0
        self._bytes = self._cache_bytes = self._read_at = 0

    def set(self):
        """Note the current usage."""
        if self._group is not None:
            total = self._group.memory_bytes()
            if abs(total - self._read_at) > 4 << 20:
                self._read_at, self._cache_bytes = total, self._group.cache_bytes()
            self._bytes = total - self._own_bytes()

    def bytes_beyond(self, limit_bytes):
        """What was added since; exact if it seems to exceed a limit."""
        more = self._group.memory_bytes() - self._own_bytes() - self._bytes
        if more > limit_bytes:
            more -= self._group.cache_bytes() - self._cache_bytes
        return more

    def cpu_s(self):
        """CPU time of the group without the hub."""
        own_s = time.process_time() if self._group.holds_hub else 0.0
        return self._group.cpu_s() - own_s


class Usage:
    """A test's usage, as of the last look.

    Args:
        worker: the hub: `group`, `fence`, `orphans`.
        baseline: what the group had used before.
        limit_bytes: up to here memory need not be counted exactly.
        own_s: CPU time of its process before the test began.
    """

    def __init__(self, worker, baseline, limit_bytes, own_s):
        self._group, self._fence, self._baseline = worker.group, worker.fence, baseline
        self._limit_bytes, self.own_s = limit_bytes, own_s
        self.cpu_s = 0.0
        """CPU time of all its processes, the dead ones included."""
        self.waited_s = 0.0
        """How long it wanted a core and had none because others had them."""
        self.memory_bytes = 0
        """Memory of all its processes, with its files in memory."""
        self.cost_s = 0.0
        """What the last look has taken."""
        self._tree = Tree(worker.orphans)
        self._looked_at = self._free_s = 0.0
        self._before_s = None
        """What the group had used when it was looked at first, less what was counted then."""
        self._gone_s = self._back_s = self._lost_s = self._orphans_s = 0.0
        self._files_at, self._files_bytes = 0.0, 0

    def look(self, pid, elapsed_s, orphans_s):
        """Update it.

        Args:
            pid: the process of the test.
            elapsed_s: time since it began.
            orphans_s: CPU time of its awaited orphans.
        """
        started = time.monotonic()
        living, gone = self._tree.look(pid)
        if not any(process.pid == pid for process in living):
            return  # it has just ended
        counted_s = sum(process.cpu_s + process.children_s for process in living)
        counted_s += orphans_s - self.own_s
        if self._group is None:
            counted_s += self._let_go(living, gone, orphans_s)
        elif self._before_s is None:
            self._before_s = self._baseline.cpu_s() - counted_s
        before_s, self.cpu_s = self.cpu_s, max(self.cpu_s, counted_s)
        self._count_group()
        # While one of its processes ran, the others waited for the program itself. The kernel says
        # that a process has waited when that is over.
        self._free_s += max(0.0, elapsed_s - self._looked_at - (self.cpu_s - before_s))
        waited_s = min(sum(process.queued_s for process in living), self._free_s)
        self._free_s -= waited_s
        self.waited_s += waited_s
        self._looked_at = elapsed_s
        files_bytes = self._written_bytes(living, elapsed_s)
        self.memory_bytes = max(self._processes_bytes(living), files_bytes)
        self.cost_s = time.monotonic() - started

    def finish(self):
        """Update it after the end of its process, as far as its children still exist."""
        if self._before_s is not None:
            self._count_group()
            self.memory_bytes = max(self.memory_bytes, self._processes_bytes(()))

    def _count_group(self):
        """The group includes children never waited for, but also the kernel's work meanwhile."""
        if self._group is not None:
            total_s = self._baseline.cpu_s() - self._before_s
            if total_s > (1 + TOLERANCE) * self.cpu_s + LOST_S:
                self.cpu_s = total_s

    def close(self):
        """Forget its processes."""
        self._tree.close()

    def _let_go(self, living, gone, orphans_s):
        """CPU time of children that the kernel reaped itself, so nobody inherited it."""
        self._gone_s += sum(process.cpu_s + process.children_s for process in gone)
        self._back_s += sum(process.inherited_s for process in living)
        self._back_s += orphans_s - self._orphans_s
        self._orphans_s = orphans_s
        self._lost_s = max(self._lost_s, self._gone_s - self._back_s - LOST_S)
        return self._lost_s

    def _processes_bytes(self, living):
        if self._group is not None:
            return self._baseline.bytes_beyond(self._limit_bytes)
        resident = sum(process.resident_bytes() for process in living)
        if resident > self._limit_bytes:
            resident = sum(process.own_bytes() for process in living)
        return resident

    def _written_bytes(self, living, elapsed_s):
        """What the program has in files, if the group does not count that."""
        if self._group is not None and self._group.holds_hub:
            return 0
        if elapsed_s - self._files_at > max(FILES_S, 20 * self.cost_s):
            self._files_at = elapsed_s
            self._files_bytes = self._fence.written_bytes()
            if self._group is None:
                nameless = {}
                for process in living:
                    nameless.update(process.nameless_files())
                self._files_bytes += sum(nameless.values())
        return self._files_bytes
