"""What all sandboxes based on the worker share."""

from __future__ import annotations

import atexit
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Self

from cppo_env.errors import SandboxError, UsageError
from cppo_env.machine import check_side_by_side, cores
from cppo_env.protocols import Sandbox
from cppo_env.types import Job, Report, Verdict
from cppo_sandboxes.host.batch import JobBatch
from cppo_sandboxes.host.lending import borrow, give_back
from cppo_sandboxes.host.link import Link
from cppo_sandboxes.host.pool import SPARE_FACTOR, Pool
from cppo_sandboxes.languages import SELF_TEST, TIERS, Language, language

MIB = 1 << 20
ISOLATION = ("shared", "strict")
"""Whether programs of one problem may run in the same worker."""
MEMORY_SHARE = 0.8
"""The share of the machine's memory that all workers together may use."""
PROCESSES = 128
"""Processes and threads that a program may have."""
_CLOSED = Report(Verdict.IE, message="the sandbox has been closed; make a new one")


class WorkerSandbox:
    """Runs jobs on a pool of workers, shared by equal sandboxes of one process."""

    def __init__(
        self,
        key: tuple[object, ...],
        launch: Callable[[], Link],
        size: int,
        most: int,
        isolation: str = "shared",
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        if isolation not in ISOLATION:
            raise UsageError(f"isolation={isolation!r} is not known; give one of {ISOLATION}")
        self._strict, self._settings = isolation == "strict", dict(settings or {})
        self._pool: Pool | None = borrow(
            (type(self).__name__, size, *key), lambda: Pool(launch, size, most)
        )
        self.facts = {"name": type(self).__name__.removesuffix("Sandbox").lower()}
        """What it is, for the record of a run."""
        self._proven: set[str] = set()
        """Compiled languages whose self-test has passed."""
        atexit.register(self.close)
        try:
            self._pool.wait_for_first()
        except BaseException:
            self.close()
            raise

    def run(self, jobs: Sequence[Job], /) -> list[Report]:
        """One report for each job, in order; infrastructure failures are IE. Thread-safe."""
        reports = self._run(jobs)
        for position, (job, report) in enumerate(zip(jobs, reports, strict=True)):
            if report.verdict is Verdict.CE:
                reports[position] = self._believed(job, report)
        return reports

    def run_each(
        self,
        jobs: Sequence[Job],
        tell: Callable[[int, Report], object],
        wanted: Callable[[], bool],
        /,
    ) -> None:
        """What `run` does, with each report told when it is there. Thread-safe.

        Jobs that have not begun get IE once they are not wanted.
        """
        later: list[tuple[int, Report]] = []

        def settled(position: int, report: Report) -> None:
            if report.verdict is Verdict.CE:  # to believe it may take a program
                later.append((position, report))
            else:
                tell(position, report)

        told = self._run(jobs, settled, wanted)
        for position, report in enumerate(told):
            if report is _CLOSED:
                tell(position, report)
        for position, report in later:
            tell(position, self._believed(jobs[position], report))

    def _believed(self, job: Job, error: Report) -> Report:
        """A compile error; IE if the compiler rejects a right program as well."""
        if self._compiles(language(job.language)):
            return error
        message = f"the {job.language} compiler also rejects a right program: {error.message}"
        return Report(Verdict.IE, message=message)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as its settings, because workers cannot be; the copy starts its own."""
        return partial(type(self), **self._settings), ()

    def cached(self) -> Sandbox:
        """A `CachedSandbox` around this one."""
        from cppo_sandboxes.cached import CachedSandbox

        return CachedSandbox(self)

    def _compiles(self, row: Language) -> bool:
        """Whether the compiler works, so that its compile error can be believed."""
        if row.compile is not None and row.name not in self._proven:
            report = self._run([Job(SELF_TEST, row.self_test, row.name)])[0]
            if report.verdict is not Verdict.AC:
                return False
            self._proven.add(row.name)
        return True

    def _run(
        self,
        jobs: Sequence[Job],
        settled: Callable[[int, Report], object] = lambda position, report: None,
        wanted: Callable[[], bool] = lambda: True,
    ) -> list[Report]:
        batch = JobBatch(jobs, strict=self._strict, settled=settled)
        if self._pool is not None and not batch.done.is_set():
            self._pool.run(batch, wanted)
        return [report or _CLOSED for report in batch.reports]

    def close(self) -> None:
        """Free processes and containers that no other sandbox of this process uses."""
        pool, self._pool = self._pool, None
        if pool is not None:
            atexit.unregister(self.close)
            give_back(pool)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def check_workers(wanted: int | None) -> None:
    """Refuse a number of workers that this machine cannot carry.

    Raises:
        UsageError: it is not a whole number of 1 or more, or too large.
    """
    if wanted is not None:
        check_side_by_side("workers", wanted, anywhere=64)


def worker_options(**options: Any) -> dict[str, Any]:
    """Options of a worker (see `worker.hub`), with the defaults that both sandboxes share."""
    return {
        "uid": random.SystemRandom().randrange(1 << 20, 1 << 30) & ~1,
        "processes": PROCESSES,
        "memory_bytes": 0,
        "file_bytes": 64 * MIB,
        "tiers": (*TIERS[:2], TIERS[1] + TIERS[2]),
        "paths": (),
        "shared": [],
        "remove": "",
        "confine": "",  # or "filter" (system calls), or "all"
        "native": "",
        "hidden": [],
        **options,
    }


def workers_for(wanted: int | None, total_bytes: int, each_bytes: int) -> tuple[int, int]:
    """How many workers to run, and how many at most while programs sleep.

    Args:
        wanted: the user's number; None for one per core, or fewer if memory is short.
        total_bytes: memory of the machine; 0 if unknown.
        each_bytes: what one worker may use of it.

    Raises:
        SandboxError: the machine has too little memory for the wanted number.
    """
    fitting = int(MEMORY_SHARE * total_bytes) // each_bytes
    most = max(1, fitting) if total_bytes else SPARE_FACTOR * (wanted or cores())
    gib, share = total_bytes / (1 << 30), f"{MEMORY_SHARE:.0%}"
    if wanted is not None and wanted > most:
        raise SandboxError(
            f"{wanted} workers of {each_bytes >> 20} MiB do not fit into {share} "
            f"of the machine's {gib:.1f} GiB; "
            f"give at most {most} workers, or a smaller memory_bytes"
        )
    if wanted is None and cores() > most:
        print(
            f"the sandbox has {most} workers for {cores()} cores, "
            f"because {each_bytes >> 20} MiB for each do not fit into {share} "
            f"of the machine's {gib:.1f} GiB; a smaller memory_bytes gives more",
            file=sys.stderr,
            flush=True,
        )
    return wanted or min(cores(), most), most
