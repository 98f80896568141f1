"""Run a command in several processes, as `torchrun` does; the waiting process needs no torch."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from cppo_env.errors import CppoError

GRACE_S = 15.0
"""Time for the other processes to end once one has ended."""

PR_SET_PDEATHSIG = 1


def launched_processes() -> int:
    """How many processes a launcher such as `torchrun` has started."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def run_together(count: int, arguments: Sequence[str]) -> dict[str, Any]:
    """Run `cppo ARGUMENTS` in several processes that share its work; returns its result.

    The first process talks to the user; the others are silent. A SIGINT or SIGTERM to this process
    reaches all of them, and they end when it ends.

    Raises:
        CppoError: one of the others failed.
        SystemExit: the first one failed, and has printed why.
    """
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cppo-together-")))
        result = folder / "result.json"
        environment = os.environ | rendezvous(count)
        processes: list[subprocess.Popen[bytes]] = []
        stack.callback(_end, processes)
        stack.enter_context(_forwarding_signals(processes))
        for rank in range(count):
            said = stack.enter_context((folder / f"{rank}.log").open("wb")) if rank else None
            processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", "cppo_env", *arguments, f"--json={result}"],
                    env=environment | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
                    stdout=said,
                    stderr=said,
                    # A Ctrl-C reaches them once, from here.
                    start_new_session=True,
                    preexec_fn=end_with_the_launcher,
                )
            )
        if rank := _failed_before_the_first(processes):
            lines = (folder / f"{rank}.log").read_text(errors="replace").split("\n")
            last = next((line for line in reversed(lines) if line.strip()), "it said nothing")
            raise CppoError(f"process {rank} of {count} failed: {last}")
        if code := processes[0].returncode:
            raise SystemExit(code if code > 0 else 128 - code)  # as a shell tells a signal
        return json.loads(result.read_text())


def rendezvous(count: int) -> dict[str, str]:
    """The environment variables by which the processes find each other."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return {
        "WORLD_SIZE": str(count),
        "LOCAL_WORLD_SIZE": str(count),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
    }


def _failed_before_the_first(processes: Sequence[subprocess.Popen[bytes]]) -> int:
    """Wait for the first process; returns the rank of another that failed before it, or 0."""
    first = processes[0]
    while first.poll() is None:
        for rank, process in enumerate(processes):
            if process.poll():
                # What ends all of them, such as a setting that cannot work, the first one says.
                with contextlib.suppress(subprocess.TimeoutExpired):
                    first.wait(GRACE_S)
                return rank if process.returncode != first.returncode else 0
        time.sleep(0.05)
    return 0


@contextlib.contextmanager
def _forwarding_signals(processes: Sequence[subprocess.Popen[bytes]]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def forward(number: int, frame: object) -> None:
        for process in processes:
            process.send_signal(number)

    before = {one: signal.signal(one, forward) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Wait for the processes to end; kill one that hangs or has lost another."""
    deadline = time.monotonic() + (0 if any(one.poll() for one in processes) else GRACE_S)
    for end in (lambda _: None, subprocess.Popen.terminate, subprocess.Popen.kill):
        for process in processes:
            if process.poll() is None:
                end(process)
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
        deadline = time.monotonic() + GRACE_S


def end_with_the_launcher() -> None:
    """In a new process: end when the one that started it ends, however it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
