"""Control groups: the kernel's account of what all processes of a program have used.

In a container the engine made the group, which also holds the hub. A worker that is an ordinary
process makes one for its programs if it may. Without a group `usage.Usage` adds up processes.
"""

from __future__ import annotations

import os
import time

ROOT = "/sys/fs/cgroup"
KINDS = ("cpu", "cpuacct", "memory")
"""The relevant hierarchies of version 1; "cpu" shares the cores fairly between groups."""
PREFIX = "cppo-sandbox-"
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
STALE_S = 60.0
"""A group without members may be one that a worker is just making, but only for this long."""


class Group:
    """What a group has used, read by one system call where that is enough.

    Args:
        cpu, memory: folders of the group. Version 1 has one hierarchy for each, version 2 one for
        all.
        holds_hub: whether the hub is a member.
    """

    def __init__(self, cpu, memory, holds_hub):
        self.holds_hub = holds_hub
        self._unified = cpu == memory
        names = ("cpu.stat", "memory.current", "memory.events") if self._unified else (
            "cpuacct.usage", "memory.usage_in_bytes", "memory.oom_control"
        )  # fmt: skip
        self._cpu = os.open(f"{cpu}/{names[0]}", os.O_RDONLY)
        self._memory = os.open(f"{memory}/{names[1]}", os.O_RDONLY)
        self._details = os.open(f"{memory}/memory.stat", os.O_RDONLY)
        self._events = _descriptor(f"{memory}/{names[2]}")

    def cpu_s(self):
        """CPU seconds of all members so far, including those never waited for."""
        data = os.pread(self._cpu, 256, 0)
        return int(data.split(None, 2)[1]) / 1e6 if self._unified else int(data) / 1e9

    def memory_bytes(self):
        """Everything charged to the group, including what the kernel could drop at once."""
        return int(os.pread(self._memory, 64, 0))

    def cache_bytes(self):
        """Contents of disk files: charged to nobody, since the kernel can drop them."""
        fields = dict(line.split() for line in os.pread(self._details, 1 << 16, 0).splitlines())
        names = (b"file", b"shmem") if self._unified else (b"total_cache", b"total_shmem")
        return int(fields[names[0]]) - int(fields[names[1]])

    def oom_kills(self):
        """How many members the kernel has killed for lack of memory; None if it does not say."""
        if self._events is None:
            return None
        fields = dict(line.split() for line in os.pread(self._events, 1 << 12, 0).splitlines())
        return fields.get(b"oom_kill")


class OwnGroup(Group):
    """A group that this worker makes for its zygotes and their forks.

    What it needs is opened at once: the hub may leave the mount namespace later.

    Args:
        parents: kind of account → folder that holds the group's.
        name: of the group's folders.
    """

    def __init__(self, parents, name):
        super().__init__(f"{parents['cpuacct']}/{name}", f"{parents['memory']}/{name}", False)
        self._name = name
        self._parents, self._members = [], []
        for parent in dict.fromkeys(parents.values()):
            self._parents.append(os.open(parent, os.O_RDONLY | os.O_DIRECTORY))
            self._members.append(os.open(f"{parent}/{name}/cgroup.procs", os.O_WRONLY))

    def add(self, pid):
        """Make a process a member, and so all that it forks later."""
        for members in self._members:
            os.write(members, b"%d" % pid)

    def remove(self):
        """Remove the group once it has no members."""
        for parent in self._parents:
            try:
                os.rmdir(self._name, dir_fd=parent)
            except OSError:
                pass  # a killed process is still on its way out: a later worker removes it


def containers_group(limit_bytes):
    """This container's group, recognised by the requested memory limit; None if there is none."""
    own = _own_paths()
    for path in (own.get("memory", ""), ""):
        if _limit(f"{ROOT}/memory{path}/memory.limit_in_bytes") == limit_bytes // PAGE_BYTES:
            cpu = own.get("cpuacct", "") if path else ""
            return _opened(f"{ROOT}/cpuacct{cpu}", f"{ROOT}/memory{path}")
    for path in (own.get("", ""), ""):
        if _limit(f"{ROOT}{path}/memory.max") == limit_bytes // PAGE_BYTES:
            return _opened(f"{ROOT}{path}", f"{ROOT}{path}")
    return None


def own_group():
    """A new group below this process's; None if it may not make one that counts memory."""
    own = _own_paths()
    if "memory" in own and "cpuacct" in own:
        # Where hierarchies are mounted together, one of the names is a link.
        found = {kind: f"{ROOT}/{kind}{own[kind]}" for kind in KINDS if kind in own}
        parents = {kind: os.path.realpath(path) for kind, path in found.items()}
    else:
        parents = dict.fromkeys(KINDS, _counting_parent(own.get("", "")))
    name = f"{PREFIX}{os.getpid()}-{time.monotonic_ns()}"
    folders = [f"{parent}/{name}" for parent in dict.fromkeys(parents.values())]
    try:
        for parent in dict.fromkeys(parents.values()):
            _remove_stale(parent)
        for folder in folders:
            os.mkdir(folder)
        return OwnGroup(parents, name)
    except OSError:
        for folder in folders:
            try:
                os.rmdir(folder)
            except OSError:
                pass  # it was not made
        return None


def _counting_parent(path):
    """The nearest version 2 group from a path upwards that counts its members' memory."""
    while path:
        try:
            with open(f"{ROOT}{path}/cgroup.subtree_control") as file:
                if "memory" in file.read().split():
                    break
        except OSError:
            pass  # beyond what this namespace shows
        path = os.path.dirname(path).rstrip("/")
    return f"{ROOT}{path}"


def _opened(cpu, memory):
    try:
        return Group(cpu, memory, holds_hub=True)
    except OSError:
        return None


def _descriptor(path):
    try:
        return os.open(path, os.O_RDONLY)
    except OSError:
        return None


def _own_paths():
    """Hierarchy (empty for version 2) → this process's path in it."""
    found = {}
    with open("/proc/self/cgroup") as file:
        for line in file:
            _, names, path = line.rstrip("\n").split(":", 2)
            for name in names.split(","):
                found[name] = "" if path == "/" else path
    return found


def _limit(path):
    try:
        with open(path) as file:
            text = file.read().strip()
    except OSError:
        return None
    return int(text) // PAGE_BYTES if text.isdigit() else None


def _remove_stale(parent):
    """Remove the groups of killed workers; one that has members refuses."""
    for name in os.listdir(parent):
        path = f"{parent}/{name}"
        if name.startswith(PREFIX):
            try:
                if time.time() - os.stat(path).st_mtime > STALE_S:
                    os.rmdir(path)
            except OSError:
                pass
