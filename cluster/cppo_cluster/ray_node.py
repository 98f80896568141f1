"""The actor on each Ray node: it starts a judge beside itself, and passes batches on."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from multiprocessing import Pipe
from typing import Any

import ray

from cppo_cluster.versions import require_version


class Node:
    """Passes batches to the judge of its node; ends with it, so that Ray starts both anew.

    Args:
        sandbox: name of the sandbox, see `make_sandbox`.
        options: its options.
        stores: problem sets that lie on the node.
        version: of the driver's cppo-env.

    Raises:
        RuntimeError: this node has another version, or cannot start the sandbox.
    """

    def __init__(
        self, sandbox: str, options: Mapping[str, Any], stores: Sequence[str], version: str
    ) -> None:
        require_version(version)
        self._connection, theirs = Pipe()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "cppo_cluster.node_host", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._numbers = itertools.count()
        self._open: dict[int, Future[bytes]] = {}
        self._lock = threading.Lock()
        niceness = os.getpriority(os.PRIO_PROCESS, os.getppid())  # of Ray on this node
        self._connection.send((niceness, sandbox, dict(options), list(stores)))
        said: dict[str, str] | str = self._connection.recv()
        if isinstance(said, str):
            raise RuntimeError(said)
        self._facts = said
        threading.Thread(target=self._listen, daemon=True).start()

    def facts(self) -> dict[str, str]:
        """What the sandbox says of itself, and the process that it runs in."""
        return self._facts

    def processes(self) -> tuple[int, int]:
        """The ids of this process and of the judge's."""
        return os.getpid(), self._process.pid

    def run(self, jobs: Sequence[Any], problems: Mapping[str, list[Any]]) -> bytes:
        """What the judge answers to a batch, pickled (`node_host.Answer`).

        Args:
            jobs: see `node_host.SentJob`.
            problems: name → a reference to the contents, of those that the driver has not sent yet;
                in a list, so that Ray does not fetch it before it is asked for.
        """
        sent = {name: ray.get(reference) for name, [reference] in problems.items()}
        future: Future[bytes] = Future()
        with self._lock:
            number = next(self._numbers)
            self._open[number] = future
            self._connection.send((number, sent, jobs))
        return future.result()

    def _listen(self) -> None:
        try:
            while True:
                number, answer = self._connection.recv()
                self._open.pop(number).set_result(answer)
        except (EOFError, OSError):
            os._exit(1)  # a new actor gets a new judge; calls of this one are lost, and told so
