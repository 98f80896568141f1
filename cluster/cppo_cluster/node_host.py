"""The judge of a Ray node: a sandbox in a process of its own, which Ray knows nothing of.

A sandbox forks, and a process of Ray must not be forked: its threads and connections would leak.
Messages are pickled and come over a pipe, from the actor that started this process.
"""

from __future__ import annotations

import pickle
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from cppo_cluster.shelf import Shelf, UnknownProblem
from cppo_env.errors import CppoError
from cppo_env.protocols import Sandbox
from cppo_env.provenance import described
from cppo_env.sandboxing import borrow_sandbox
from cppo_env.types import Job, Report

SentJob = tuple[str, str, str, bool]
"""Name of the problem, program, language, whether to stop early."""
Answer = tuple[list[str], list[Report]]
"""The names of problems that are not here; if there are none, the reports."""


def serve(connection: Connection) -> None:
    """Answer batches until the pipe is closed."""
    name, options, stores = connection.recv()
    with tempfile.TemporaryDirectory(prefix="cppo-node-") as folder:
        try:
            shelf = Shelf(Path(folder), stores)
            lending = borrow_sandbox(name, options, cache=False)
        except CppoError as error:
            connection.send(" ".join(str(error).split()))
            return
        with lending as sandbox:
            connection.send(described(sandbox))
            lock = threading.Lock()

            def work(number: int, problems: Mapping[str, bytes], jobs: Sequence[SentJob]) -> None:
                answer = pickle.dumps(_answer(sandbox, shelf, problems, jobs))
                with lock:
                    connection.send((number, answer))

            while True:
                try:
                    message: Any = connection.recv()
                except EOFError:
                    return
                threading.Thread(target=work, args=message, daemon=True).start()


def _answer(
    sandbox: Sandbox, shelf: Shelf, sent: Mapping[str, bytes], jobs: Sequence[SentJob]
) -> Answer:
    for name, content in sent.items():
        shelf.put(name, content)
    problems: dict[str, Any] = {}
    missing: list[str] = []
    for name in {job[0] for job in jobs}:
        try:
            problems[name] = shelf[name]
        except UnknownProblem:
            missing.append(name)
    if missing:
        return missing, []
    return [], sandbox.run(
        [Job(problems[name], text, language, stop) for name, text, language, stop in jobs]
    )


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])))
