"""The processes of a running test, seen repeatedly from outside: files of /proc stay open."""

from __future__ import annotations

import os
import time

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")


class Tree:
    """A process and all its descendants, including orphans.

    Args:
        orphans: gives the ids of those that the hub has adopted.
    """

    def __init__(self, orphans):
        self._orphans = orphans
        self._known = {}

    def look(self, main):
        """The living processes, with what changed since the last look."""
        before, self._known = self._known, {}
        pending = [main, *self._orphans()]
        for pid in pending:  # grows while it is walked
            process = before.pop(pid, None) or _opened(pid)
            if process is None or pid in self._known:
                continue
            try:
                pending.extend(process.look())
            except OSError:  # it has ended
                before[pid] = process
                continue
            self._known[pid] = process
        for process in before.values():
            process.close()
        return list(self._known.values()), list(before.values())

    def close(self):
        """Forget them."""
        for process in self._known.values():
            process.close()
        self._known = {}


class Process:
    """One process: its usage so far, and its waiting time since the last look."""

    def __init__(self, pid):
        self.pid = pid
        self.cpu_s = self.children_s = self.inherited_s = self.queued_s = 0.0
        self._tasks = {}
        self._folder = f"/proc/{pid}/task"
        self._stat, self._statm = _open_both(f"/proc/{pid}/stat", f"/proc/{pid}/statm")

    def look(self):
        """Read it; returns the ids of its children.

        Raises:
            OSError: it has ended.
        """
        # Of another process, see clock_getcpuclockid(3).
        self.cpu_s = time.clock_gettime((~self.pid << 3) | 2)
        fields = os.pread(self._stat, 1024, 0).rpartition(b") ")[2].split()
        before_s, self.children_s = self.children_s, (int(fields[13]) + int(fields[14])) / TICKS
        self.inherited_s = self.children_s - before_s
        self.queued_s = 0.0
        children, tasks = [], {}
        for name in os.listdir(self._folder):
            task = self._tasks.pop(name, None) or _task(f"{self._folder}/{name}")
            if task is not None:
                tasks[name] = task
                self.queued_s += task.look(children)
        for task in self._tasks.values():
            task.close()
        self._tasks = tasks
        return children

    def resident_bytes(self):
        """Its memory, including what it shares with others."""
        try:
            return int(os.pread(self._statm, 128, 0).split()[1]) * PAGE_BYTES
        except OSError:
            return 0

    def own_bytes(self):
        """Its memory with its part of what it shares, or all of that if the parts are hidden."""
        try:
            with open(f"/proc/{self.pid}/smaps_rollup", "rb") as file:
                for line in file:
                    if line.startswith(b"Pss:"):
                        return int(line.split()[1]) << 10
        except OSError:
            pass
        return self.resident_bytes()

    def nameless_files(self):
        """(device, inode) → bytes of its open files without a name, such as files in memory."""
        found = {}
        folder = f"/proc/{self.pid}/fd"
        try:
            for name in os.listdir(folder):
                status = os.stat(f"{folder}/{name}")
                if not status.st_nlink:
                    found[status.st_dev, status.st_ino] = status.st_blocks * 512
        except OSError:
            pass  # it has ended, or hides them
        return found

    def close(self):
        """Close the files."""
        for fd in (self._stat, self._statm):
            os.close(fd)
        for task in self._tasks.values():
            task.close()


class _Task:
    def __init__(self, path):
        self._schedule, self._children = _open_both(f"{path}/schedstat", f"{path}/children")
        self._queued_ns = 0

    def look(self, children):
        """Add its children to a list; returns seconds of waiting for a core since the last look."""
        try:
            fields = os.pread(self._schedule, 128, 0).split()
            children.extend(map(int, os.pread(self._children, 1 << 16, 0).split()))
        except OSError:
            return 0.0
        before, self._queued_ns = self._queued_ns, int(fields[1]) if len(fields) > 1 else 0
        return (self._queued_ns - before) / 1e9

    def close(self):
        os.close(self._schedule)
        os.close(self._children)


def _opened(pid):
    try:
        return Process(pid)
    except OSError:
        return None


def _task(path):
    try:
        return _Task(path)
    except OSError:
        return None


def _open_both(first, second):
    one = os.open(first, os.O_RDONLY)
    try:
        return one, os.open(second, os.O_RDONLY)
    except OSError:
        os.close(one)
        raise
