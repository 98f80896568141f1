"""A sandbox that runs equal programs on equal tests once, and can start on them before it is asked."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Self

from cppo_env.protocols import Sandbox
from cppo_env.provenance import sandbox_facts
from cppo_env.types import Job, Problem, Report, TestReport, Verdict

_VERSION = b"1"


class CachedSandbox:
    """Remembers reports by content: program, language, tests, limits, checker, entry point, starter code, early stop.

    IE is never remembered. A job that another thread or another place of the same batch is running
    already is waited for, not run again. Problems whose checker is a callable without a name are
    run each time.

    Args:
        inner: the sandbox that runs what is not known; closed with this one.
        entries: reports kept in memory; the least recently used one goes first.
        folder: where reports are kept on disk too, without a bound; they outlive this process. Only
            share folders with people who may decide your verdicts.
    """

    def __init__(
        self, inner: Sandbox, *, entries: int = 100_000, folder: Path | None = None
    ) -> None:
        self._inner, self._entries, self._folder = inner, entries, folder
        self._known: OrderedDict[str, Report] = OrderedDict()
        self._running: dict[str, Future[Report]] = {}
        self._lock = threading.Lock()
        self._ahead = ThreadPoolExecutor(1, thread_name_prefix="cppo-sandbox-ahead")
        self._prefetched: Future[None] | None = None
        self._queued: list[Job] = []
        self._calls, self._busy_since, self._busy_s = 0, 0.0, 0.0
        self.hits = 0
        """Jobs answered without running a program; one that was prefetched counts in `misses`, then here."""
        self.misses = 0
        """Jobs that were run."""
        self.tests = 0
        """Tests that these jobs were run on."""
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    @property
    def facts(self) -> Mapping[str, str]:
        """What the sandbox inside says of itself."""
        return sandbox_facts(self._inner)

    def run(self, jobs: Sequence[Job], /) -> list[Report]:
        """One report for each job, in order."""
        if self._prefetched is not None:
            # Batches that run at the same time make the workers change problems all the time, which
            # costs more.
            wait([self._prefetched])
        return self._run(jobs)

    def _run(self, jobs: Sequence[Job]) -> list[Report]:
        # All of them before the first claim: reading tests may fail, and whoever waits for a claim
        # must not hang.
        digests = {
            id(problem): _problem_digest(problem)
            for problem in {id(job.problem): job.problem for job in jobs}.values()
        }
        waiting: list[Future[Report]] = []
        mine: list[tuple[str, Job, Future[Report]]] = []
        for job in jobs:
            key = _key(job, digests[id(job.problem)])
            future, new = self._claim(key)
            waiting.append(future)
            if new:
                mine.append((key, job, future))
        try:
            with self._working():
                reports = self._inner.run([job for _, job, _ in mine]) if mine else []
            with self._lock:
                self.tests += sum(len(report.tests) for report in reports)
            for (key, _, future), report in zip(mine, reports, strict=True):
                self._settle(key, future, report)
        finally:
            for key, _, future in mine:
                if not future.done():  # the inner sandbox raised: those who wait must not hang
                    self._settle(
                        key, future, Report(Verdict.IE, message="the sandbox failed on this batch")
                    )
        return [future.result() for future in waiting]

    def prefetch(self, jobs: Sequence[Job], /) -> None:
        """Start on jobs that `run` will be asked for later, in a thread and in order; `run` waits for them.

        What is handed in while others run is one batch afterwards, so that jobs that come one by
        one use all workers.
        """
        rememberable = [job for job in jobs if _checker_name(job.problem) is not None]
        if rememberable:
            with self._lock:
                self._queued += rememberable
            self._prefetched = self._ahead.submit(self._run_queued)

    def _run_queued(self) -> None:
        with self._lock:
            jobs, self._queued = self._queued, []
        if jobs:
            self._run(jobs)

    @property
    def busy_s(self) -> float:
        """Wall time in which programs were run."""
        with self._lock:
            return self._busy_s + (time.perf_counter() - self._busy_since if self._calls else 0.0)

    def close(self) -> None:
        """Close the inner sandbox."""
        self._ahead.shutdown(cancel_futures=True)
        self._prefetched = None  # nobody may wait for what was cancelled
        self._inner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextlib.contextmanager
    def _working(self) -> Iterator[None]:
        with self._lock:
            self._busy_since = self._busy_since if self._calls else time.perf_counter()
            self._calls += 1
        try:
            yield
        finally:
            with self._lock:
                self._calls -= 1
                self._busy_s += 0.0 if self._calls else time.perf_counter() - self._busy_since

    def _claim(self, key: str) -> tuple[Future[Report], bool]:
        """The report of a key, known or to come, and whether the caller has to run it."""
        with self._lock:
            report = self._look_up(key) if key else None
            if report is not None:
                self.hits += 1
                future: Future[Report] = Future()
                future.set_result(report)
                return future, False
            if key and key in self._running:
                self.hits += 1
                return self._running[key], False
            self.misses += 1
            future = Future()
            if key:
                self._running[key] = future
            return future, True

    def _look_up(self, key: str) -> Report | None:
        report = self._known.get(key)
        if report is None and self._folder is not None:
            report = _read(self._folder / key[:2] / key)
            if report is not None:
                self._keep(key, report)
        elif report is not None:
            self._known.move_to_end(key)
        return report

    def _settle(self, key: str, future: Future[Report], report: Report) -> None:
        with self._lock:
            if key:
                del self._running[key]
                if report.verdict is not Verdict.IE and all(
                    test.verdict is not Verdict.IE for test in report.tests
                ):
                    self._keep(key, report)
                    if self._folder is not None:
                        _write(self._folder / key[:2] / key, report)
        future.set_result(report)

    def _keep(self, key: str, report: Report) -> None:
        self._known[key] = report
        self._known.move_to_end(key)
        while len(self._known) > self._entries:
            self._known.popitem(last=False)


def _key(job: Job, problem: bytes | None) -> str:
    """The name of a job's content; empty if it must not be remembered."""
    if problem is None:
        return ""
    digest = hashlib.sha256(problem)
    _feed(digest.update, job.program, job.language, str(job.stop_early))
    return digest.hexdigest()


def _checker_name(problem: Problem) -> str | None:
    checker = problem.checker
    if not callable(checker):
        return checker
    name = getattr(checker, "__qualname__", "")
    if not name or "<" in name:
        return None  # a lambda or a closure: its content cannot be told
    return f"{checker.__module__}:{name}"


def _problem_digest(problem: Problem) -> bytes | None:
    checker = _checker_name(problem)
    if checker is None:
        return None
    digest = hashlib.sha256(_VERSION)
    _feed(
        digest.update,
        checker,
        repr(problem.entry_point),
        problem.starter_code,
        repr(problem.limits),
    )
    for test in problem.tests:
        _feed(digest.update, test.input, test.output)
    return digest.digest()


def _feed(update: Callable[[bytes], object], *texts: str) -> None:
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        update(len(data).to_bytes(8, "little"))
        update(data)


class _Unpickler(pickle.Unpickler):
    """Reads reports and nothing else."""

    def find_class(self, module_name: str, global_name: str) -> type:
        """The classes that a report consists of."""
        for allowed in (Report, TestReport, Verdict):
            if (module_name, global_name) == (allowed.__module__, allowed.__qualname__):
                return allowed
        raise pickle.UnpicklingError(f"a report holds no {module_name}.{global_name}")


def _read(path: Path) -> Report | None:
    try:
        with path.open("rb") as file:
            return _Unpickler(file).load()
    except (OSError, pickle.UnpicklingError, EOFError, ValueError, AttributeError):
        return None  # absent, or cut off: the program is run again


def _write(path: Path, report: Report) -> None:
    """Write in one step, so that no reader sees half of it. A full disk is no reason to lose a verdict."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        partial = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
        partial.write_bytes(pickle.dumps(report))
        partial.replace(path)
