"""What a local worker sees: private namespaces with the interpreter and compilers, no user files.

Its programs find what they find in a container of the Docker sandbox: the system's files,
read-only, a private `/tmp`, `/proc` and `/dev`, no other process, no network. They do not see the
judge's packages, the user's files, or the machine's sockets and locks.
"""

from __future__ import annotations

import ctypes
import errno
import os
import subprocess
import sys

from .landlock import DEVICES

NEWNS, NEWIPC, NEWUSER, NEWPID, NEWNET = 0x20000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
RDONLY, NOSUID, NODEV, NOEXEC, REMOUNT, NOATIME = 1, 2, 4, 8, 32, 1024
BIND, REC, PRIVATE, RELATIME = 4096, 16384, 1 << 18, 1 << 21
MNT_DETACH = 2
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
ST_RELATIME = 4096
KEPT = NOSUID | NODEV | NOEXEC | NOATIME | 2048
"""Mount flags that another user namespace must not lift; `statvfs` uses the same bits."""
MIB = 1 << 20

SYSTEM = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc/alternatives"),
    *("/etc/ld.so.cache", "/etc/localtime", "/sys/devices/system/cpu"),
    *(f"/etc/java-{version}-openjdk" for version in (11, 17, 21, 25)),
)
LINKS = {
    "/dev/fd": "/proc/self/fd",
    "/dev/stdin": "/proc/self/fd/0",
    "/dev/stdout": "/proc/self/fd/1",
    "/dev/stderr": "/proc/self/fd/2",
    "/var/tmp": "/tmp",
}
FILES = {
    "/etc/hosts": "127.0.0.1 localhost\n",
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
    "/etc/group": "root:x:0:\nnogroup:x:65534:\n",
}
FOLDERS = {
    "/tmp": f"mode=1777,size={192 * MIB},nr_inodes=16384",
    "/dev/shm": f"mode=1777,size={64 * MIB},nr_inodes=16384",
    "/box": f"mode=0755,size={192 * MIB},nr_inodes=16384",
    "/cppo": f"mode=0711,size={320 * MIB}",
}
PLACES = {
    "store": "/cppo/store",
    "sources": "/cppo/sources",
    "scratch": ["/box/work", "/tmp", "/dev/shm"],
    "shared": [],
    "remove": "",
}
"""Where a worker keeps its things in a container, and here."""
MASKED = (
    *("/dev/pts", "/proc/acpi", "/proc/asound", "/proc/buddyinfo", "/proc/diskstats"),
    *("/proc/interrupts", "/proc/kcore", "/proc/key-users", "/proc/keys", "/proc/latency_stats"),
    *("/proc/loadavg", "/proc/locks", "/proc/pagetypeinfo", "/proc/pressure", "/proc/sched_debug"),
    *("/proc/schedstat", "/proc/scsi", "/proc/slabinfo", "/proc/softirqs", "/proc/stat"),
    *("/proc/sys/fs", "/proc/timer_list", "/proc/timer_stats", "/proc/vmallocinfo"),
    *("/proc/vmstat", "/proc/zoneinfo", "/sys/devices/virtual/powercap", "/sys/firmware"),
)
"""Counters of the whole machine would tell programs of different workers about each other, and the
number of terminals is limited."""


def build(libc, root: str, visible: list[str], hidden: list[str]) -> None:
    """Make `root`, an empty folder, the root of this process's mount namespace.

    Args:
        libc: the C library.
        root: the folder.
        visible: folders to show, read-only, with the system's.
        hidden: folders below these that stay empty.

    Raises:
        OSError: something is not allowed here.
    """
    if not FOLDERS.keys().isdisjoint(visible):
        raise OSError(errno.EEXIST, "the interpreter lies in a folder that programs write to")
    tree = _Tree(libc, root)
    tree.mount(None, "/", None, REC | PRIVATE)
    tree.mount("tmpfs", root, "tmpfs", NOSUID | NODEV, "mode=0755,size=1m")
    for path, options in FOLDERS.items():
        os.makedirs(root + path)
        tree.mount("tmpfs", root + path, "tmpfs", NOSUID | NODEV | NOATIME, options)
    shelters = {top for path in visible for folder in FOLDERS if (top := _top(folder, path))}
    for top in shelters:
        os.mkdir(root + top)
        tree.mount("tmpfs", root + top, "tmpfs", NOSUID | NODEV, "mode=0755,size=64k")
    shown: list[str] = []
    for path in [*SYSTEM, *sorted(visible)]:
        if not any(path == other or path.startswith(f"{other}/") for other in shown):
            shown.append(path)
            tree.show(path)
    for top in shelters:
        tree.seal(root + top)
    for path in hidden:
        if os.path.isdir(root + path):
            tree.mount("tmpfs", root + path, "tmpfs", RDONLY | NOSUID | NODEV, "mode=0755,size=4k")
    for path, text in FILES.items():
        os.makedirs(os.path.dirname(root + path), exist_ok=True)
        with open(root + path, "w") as file:
            file.write(text)
    for name in DEVICES:
        tree.show(f"/dev/{name}")
    for path, target in LINKS.items():
        os.makedirs(os.path.dirname(root + path), exist_ok=True)
        if not os.path.exists(root + path):  # the interpreter may lie there
            os.symlink(target, root + path)
    os.makedirs(f"{root}/proc")
    tree.mount("proc", f"{root}/proc", "proc", NOSUID | NODEV | NOEXEC)
    for path in MASKED:
        tree.mask(path)
    os.chdir(root)
    if libc.syscall(PIVOT_ROOT[os.uname().machine], b".", b".") != 0:
        raise OSError(ctypes.get_errno(), "pivot_root")
    if libc.umount2(b".", MNT_DETACH) != 0:
        raise OSError(ctypes.get_errno(), "umount2")
    os.chdir("/")
    tree.mount(None, "/", None, REMOUNT | BIND | RDONLY | NOSUID | NODEV)


def _top(folder: str, path: str) -> str:
    """The entry of a folder that holds a path, such as /tmp/a for /tmp/a/b; empty if none does."""
    if not path.startswith(f"{folder}/"):
        return ""
    return f"{folder}/{path.removeprefix(f'{folder}/').split('/')[0]}"


def starts_python() -> bool:
    """Whether the worker's interpreter can start from what is visible here."""
    command = [sys.executable, "-I", "-S", "-c", ""]
    return subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode == 0


class _Tree:
    """Mounts below a folder."""

    def __init__(self, libc, root: str) -> None:
        self._libc, self._root = libc, root

    def mount(self, source, target: str, kind, flags: int, options: str = "") -> None:
        """Mount something, or change a mount, as `man 2 mount` says."""
        words = [None if word is None else word.encode() for word in (source, target, kind)]
        if self._libc.mount(*words, ctypes.c_ulong(flags), options.encode() or None) != 0:
            raise OSError(ctypes.get_errno(), f"mount {target}")

    def show(self, path: str) -> None:
        """Show a file, folder or link of the machine at the same place, read-only."""
        there = self._root + path
        if not os.path.lexists(path):
            return
        os.makedirs(os.path.dirname(there), exist_ok=True)
        if os.path.islink(path) and path in SYSTEM and os.path.isdir(path):
            os.symlink(os.readlink(path), there)
            return
        if os.path.isdir(path):
            os.makedirs(there, exist_ok=True)
        else:
            open(there, "x").close()
        self.mount(path, there, None, BIND | REC)
        if not path.startswith("/dev/"):
            self.seal(there)

    def seal(self, there: str) -> None:
        """Make what is mounted at a place read-only."""
        status = os.statvfs(there).f_flag
        kept = status & KEPT | (RELATIME if status & ST_RELATIME else 0)
        self.mount(None, there, None, REMOUNT | BIND | RDONLY | NOSUID | NODEV | kept)

    def mask(self, path: str) -> None:
        """Leave nothing to read at a place."""
        there = self._root + path
        if os.path.isdir(there):
            self.mount("tmpfs", there, "tmpfs", RDONLY | NOSUID | NODEV, "size=4k")
        elif os.path.exists(there):
            self.mount("/dev/null", there, None, BIND)
