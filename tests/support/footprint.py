"""What this process and its sandboxes occupy on the host, to find what a program left."""

from __future__ import annotations

import ctypes
import os
import threading
from contextlib import closing, suppress
from dataclasses import dataclass, fields
from pathlib import Path

from cppo_sandboxes import engine
from docker.errors import APIError

from cppo_env.errors import SandboxError
from tests.support.processes import own_containers

MARK = "hostile_leak"
"""Hostile programs give this name to the files, processes and keys that they try to leave."""
MARKED_SLEEP = b"sleep\x001007"
PUBLIC_FOLDERS = ("/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run/lock", "/", "/var/crash")
SYSTEM_V_KEYS = (0x484F5354, 0x484F5355)
MQ_UNLINK = 241
IPC_RMID = 0


@dataclass(frozen=True)
class Footprint:
    """Sets of names, so that what is new can be told."""

    workers: frozenset[str]
    """Processes and containers of this process, numbered, since worn-out ones are replaced."""
    processes: frozenset[str]
    """Processes anywhere on the machine that carry the mark."""
    inside: frozenset[str]
    """A name for each process below the workers: the n-th of that name."""
    files: frozenset[str]
    """Marked or core files in public folders, and everything in the workers' scratch folders."""
    objects: frozenset[str]
    """Marked System V objects."""
    descriptors: frozenset[str]
    """Numbered from 0, so that only their count matters."""
    threads: frozenset[str]

    @classmethod
    def take(cls) -> Footprint:
        """Look at the host now."""
        children = _children(os.getpid())
        containers = _own_containers()
        return cls(
            workers=_numbered(["child" for _ in children] + ["container" for _ in containers]),
            processes=frozenset(_marked_processes()),
            inside=_numbered([*_descendants(children), *_container_processes(containers)]),
            files=frozenset([*_marked_files(), *_scratch_files(children)]),
            objects=frozenset(_marked_objects()),
            descriptors=_numbered("descriptor" for _ in os.listdir("/proc/self/fd")),
            threads=_numbered("thread" for _ in threading.enumerate()),
        )

    def beyond(self, before: Footprint) -> list[str]:
        """What is here that was not there before, for people."""
        return [
            f"new {field.name}: {', '.join(sorted(new)[:5])}"
            for field in fields(self)
            if (new := getattr(self, field.name) - getattr(before, field.name))
        ]


def remove_leaks() -> None:
    """Remove the files, processes and kernel objects that carry the mark."""
    for entry in _marked_processes():
        with suppress(ProcessLookupError):  # it has ended by itself
            os.kill(int(entry.split()[0]), 9)
    for path in map(Path, _marked_files()):
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink(missing_ok=True)
    libc = ctypes.CDLL(None)
    for key in SYSTEM_V_KEYS:
        libc.shmctl(libc.shmget(key, 0, 0), IPC_RMID, None)
        libc.msgctl(libc.msgget(key, 0), IPC_RMID, None)
        libc.semctl(libc.semget(key, 1, 0), 0, IPC_RMID)
    libc.syscall(MQ_UNLINK, MARK.encode())


def _numbered(names) -> frozenset[str]:
    seen: dict[str, int] = {}
    for name in names:
        seen[name] = seen.get(name, 0) + 1
    return frozenset(
        f"{name} #{number + 1}" for name, count in seen.items() for number in range(count)
    )


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""  # the process has ended


def _children(pid: int) -> list[int]:
    return [
        int(word)
        for task in _tasks(pid)
        for word in _read(f"/proc/{pid}/task/{task}/children").split()
    ]


def _tasks(pid: int) -> list[str]:
    try:
        return os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []


def _descendants(pids: list[int]) -> list[str]:
    found = list(pids)
    for pid in found:  # grows while it is walked
        found.extend(_children(pid))
    return ["process" for _ in found]


def _marked_processes() -> list[str]:
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        command = _read(f"/proc/{name}/comm").decode("utf-8", "replace").strip()
        if command.startswith(MARK) or _read(f"/proc/{name}/cmdline").startswith(MARKED_SLEEP):
            found.append(f"{name} {command}")
    return found


def _own_containers() -> list[str]:
    """Containers labelled as this process's; none where no engine answers."""
    try:
        client, containers = own_containers()
    except SandboxError:
        return []
    client.close()
    return [container.id for container in containers]


def _container_processes(containers: list[str]) -> list[str]:
    if not containers:
        return []
    with closing(engine.connect()) as client:
        try:
            return ["process" for name in containers for _ in client.api.top(name)["Processes"]]
        except APIError:
            return []  # one of them is on its way out


def _marked_files() -> list[str]:
    found = []
    for folder in dict.fromkeys([*PUBLIC_FOLDERS, os.path.expanduser("~"), os.getcwd()]):
        for name in os.listdir(folder) if os.path.isdir(folder) else ():
            if name.startswith(MARK) or name == "core" or name.startswith("core."):
                found.append(os.path.join(folder, name))
    return found


def _scratch_files(workers: list[int]) -> list[str]:
    """Everything in the scratch folders of local workers, which run in the folder above."""
    found = []
    for pid in workers:
        try:
            scratch = Path(os.readlink(f"/proc/{pid}/cwd")) / "scratch"
            found += [str(path) for path in scratch.iterdir()]
        except OSError:
            continue  # not a worker, or it has ended
    return found


def _marked_objects() -> list[str]:
    lines = [
        line.split()
        for kind in ("shm", "msg", "sem")
        for line in _read(f"/proc/sysvipc/{kind}").decode().splitlines()
    ]
    return [words[0] for words in lines if words[0] in map(str, SYSTEM_V_KEYS)]
