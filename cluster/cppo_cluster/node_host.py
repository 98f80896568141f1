"""The judge of a Ray node: a sandbox in a process of its own, which Ray knows nothing of.

A sandbox forks, and a process of Ray must not be forked: its threads and connections would leak.
Messages are pickled and come over a pipe, from the actor that started this process.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from cppo_sandboxes.host.faults import told

from cppo_cluster.shelf import Shelf, UnknownProblem
from cppo_env.errors import CppoError
from cppo_env.protocols import Sandbox
from cppo_env.provenance import described
from cppo_env.sandboxing import borrow_sandbox
from cppo_env.types import Job, Problem, Report, Verdict

SentJob = tuple[str, str, str, bool]
"""Name of the problem, program, language, whether to stop early."""
Answer = tuple[list[str], list[Report]]
"""The names of problems that are not here; if there are none, the reports.

A report of IE may be this node's fault, such as a full disk: another node is asked then.
"""


def serve(connection: Connection) -> None:
    """Answer batches until the pipe is closed."""
    niceness, name, options, stores = connection.recv()
    # Ray's workers are at niceness 15: beside any other work, programs would hardly run.
    with contextlib.suppress(PermissionError):  # docs/cluster.md says what to do without root
        os.setpriority(os.PRIO_PROCESS, 0, niceness)
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
    problems: dict[str, Problem] = {}
    missing: list[str] = []
    reports: list[Report | None] = [None] * len(jobs)
    for name in {job[0] for job in jobs}:
        try:
            if name in sent:
                shelf.put(name, sent[name])
            problems[name] = shelf[name]
        except UnknownProblem:
            missing.append(name)
        except Exception as error:  # this problem's fault; the other jobs still run
            void = Report(Verdict.IE, message=told(error, "the node cannot take the problem"))
            reports = [
                void if job[0] == name else one for job, one in zip(jobs, reports, strict=True)
            ]
    if missing:
        return missing, []
    left = [place for place, report in enumerate(reports) if report is None]
    try:
        judged = sandbox.run([Job(problems[jobs[place][0]], *jobs[place][1:]) for place in left])
    except Exception as error:  # a plug-in's; else whoever asked would wait for ever
        judged = [Report(Verdict.IE, message=told(error, "the sandbox failed"))] * len(left)
    found = iter(judged)
    return [], [next(found) if report is None else report for report in reports]


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])))
