"""What a batch becomes before it travels: its problems by name, and what cannot travel told."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

from cppo_sandboxes.host.faults import told

from cppo_cluster.wire import encode_problem, name_of
from cppo_env.types import Job, Problem, Report, Verdict

REMEMBERED = 4096
"""Problems whose names are remembered."""


class Names:
    """The names of problems. Thread-safe."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, tuple[Problem, str]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, jobs: Sequence[Job]) -> list[str | Report]:
        """The name of each job's problem, or the report of a job that cannot travel."""
        names: dict[int, str | Report] = {}
        found: list[str | Report] = []
        for job in jobs:
            key = id(job.problem)
            if key not in names:
                names[key] = self._name(job.problem)
            name = names[key]
            if not isinstance(job.program, str):  # pyright: ignore[reportUnnecessaryIsInstance] - the caller may not type-check
                message = f"the program is {type(job.program).__name__}, expected text"
                name = Report(Verdict.IE, message=message)
            found.append(name)
        return found

    def _name(self, problem: Problem) -> str | Report:
        with self._lock:
            known = self._known.get(id(problem))
        if known is not None and known[0] is problem:
            return known[1]
        try:
            if callable(problem.checker):
                encode_problem(problem)  # says so
            name = name_of(problem)
        except Exception as error:  # anyone's problems; the other jobs still run
            return Report(Verdict.IE, message=told(error, "the job cannot be sent"))
        with self._lock:
            self._known[id(problem)] = problem, name
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return name
