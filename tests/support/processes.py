"""The processes and containers that sandboxes start."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from cppo_sandboxes import engine
from cppo_sandboxes.host.owners import LABEL, owner


def children(pid: int) -> list[int]:
    with contextlib.suppress(FileNotFoundError):
        tasks = os.listdir(f"/proc/{pid}/task")
        return [
            int(word)
            for task in tasks
            for word in Path(f"/proc/{pid}/task/{task}/children").read_text().split()
        ]
    return []


def descendants(pid: int) -> list[int]:
    found = children(pid)
    for child in found:  # grows while it is walked
        found.extend(children(child))
    return found


def in_own_process(function: Callable[..., None], *values: str) -> None:
    """Call a test module's function where no open pool of another test starts processes."""
    name = function.__name__
    command = f"from {function.__module__} import {name}; {name}(*{values!r})"
    subprocess.run([sys.executable, "-c", command], check=True, timeout=120)


def described(pid: int) -> str:
    """What a process is, for the message of a failed test."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
        return " ".join(
            [*Path(f"/proc/{pid}/stat").read_text().split()[1:4], *(word[:80] for word in words)]
        )
    except FileNotFoundError:
        return "has just ended"


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def container_labels(pid: int) -> list[str]:
    client = engine.connect()
    with client.api:
        boxes = client.containers.list(all=True, filters={"label": LABEL}, ignore_removed=True)
        return [box.labels[LABEL] for box in boxes if box.labels[LABEL].split(":")[-2] == str(pid)]


def own_containers():
    client = engine.connect()
    return client, client.containers.list(
        all=True, filters={"label": f"{LABEL}={owner()}"}, ignore_removed=True
    )


def containers_left():
    """Containers of this process that stay after its sandbox was closed.

    The engine may still be removing one that had stopped by itself.
    """
    deadline = time.monotonic() + 10
    while True:
        client, containers = own_containers()
        client.close()
        if not containers or time.monotonic() > deadline:
            return containers
        time.sleep(0.1)
