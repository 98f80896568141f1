"""A sandbox that runs equal programs on equal tests once, and can start on them early."""

from __future__ import annotations

import contextlib
import hashlib
import json
import marshal
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import asdict
from functools import partial
from pathlib import Path
from types import FunctionType
from typing import Any, Literal, Self, get_args

from cppo_env.atomic import write_atomically
from cppo_env.errors import UsageError
from cppo_env.protocols import Sandbox
from cppo_env.provenance import sandbox_facts
from cppo_env.types import (
    CheckerProgram,
    Job,
    Problem,
    ProgramOutput,
    Report,
    TestReport,
    Verdict,
)
from cppo_sandboxes.determinism import is_deterministic

_VERSION = b"3"
_CHECKSUM = hashlib.sha256
Remember = Literal["deterministic", "all"]


class CachedSandbox:
    """Remembers reports by content: program, language, tests, limits, checker, entry point.

    Starter code and early stopping count as content as well. IE is never remembered, nor is TLE by
    the wall clock, which may be the machine's fault. A job already running for another thread or
    another place of the batch is awaited, not run again. Problems whose checker is not a plain
    stateless function run each time.

    Args:
        inner: the sandbox that runs unknown jobs; closed with this one.
        remember: "deterministic": a program that might behave differently next time (see
            `is_deterministic`) runs once per attempt, as pass@k assumes. "all": attempts with the
            same text share one verdict.
        entries: reports kept in memory; the least recently used is dropped first.
        folder: also keep reports on disk here, without a bound; they outlive this process. Only
            share folders with people who may decide your verdicts.
    """

    def __init__(
        self,
        inner: Sandbox,
        *,
        remember: Remember = "deterministic",
        entries: int = 100_000,
        folder: Path | None = None,
    ) -> None:
        if remember not in get_args(Remember):
            raise UsageError(f"remember: got {remember!r}, expected 'deterministic' or 'all'")
        self._inner, self._entries, self._folder = inner, entries, folder
        self._make = partial(type(self), inner, remember=remember, entries=entries, folder=folder)
        self._remember = remember
        self._known: OrderedDict[str, Report] = OrderedDict()
        self._running: dict[str, Future[Report]] = {}
        self._attempts: dict[str, deque[Future[Report]]] = {}
        """Content → what was prefetched of attempts that are not shared; each is given out once."""
        self._lock = threading.Lock()
        self._ahead = ThreadPoolExecutor(1, thread_name_prefix="cppo-sandbox-ahead")
        self._prefetched: Future[None] | None = None
        self._queued: list[Job] = []
        self._calls, self._busy_since, self._busy_s = 0, 0.0, 0.0
        self.hits = 0
        """Jobs answered without running; a prefetched one counts in `misses`, then here."""
        self.misses = 0
        """Jobs that were run."""
        self.tests = 0
        """Tests that these jobs were run on."""
        self.damaged = 0
        """Files of `folder` that could not be read, and were run again."""
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as its settings and the inner sandbox; reports in memory stay behind."""
        return self._make, ()

    @property
    def facts(self) -> Mapping[str, str]:
        """What the inner sandbox reports about itself."""
        return sandbox_facts(self._inner)

    def run(self, jobs: Sequence[Job], /) -> list[Report]:
        """One report for each job, in order."""
        if self._prefetched is not None:
            # Concurrent batches make the workers change problems all the time, which
            # costs more.
            wait([self._prefetched])
        return self._run(jobs)

    def _run(self, jobs: Sequence[Job], *, ahead: bool = False) -> list[Report]:
        keys = self._keys(jobs)
        waiting: list[Future[Report]] = []
        mine: list[tuple[str, Job, Future[Report]]] = []
        try:
            for job, (key, shared) in zip(jobs, keys, strict=True):
                claimed, future, new = self._claim(key, shared=shared, ahead=ahead)
                waiting.append(future)
                if new:
                    mine.append((claimed, job, future))
            with self._working():
                reports = self._inner.run([job for _, job, _ in mine]) if mine else []
            with self._lock:
                self.tests += sum(len(report.tests) for report in reports)
            for (key, job, future), report in zip(mine, reports, strict=True):
                self._settle(key, future, report, keep=_is_lasting(job, report))
        finally:
            for key, _, future in mine:
                if not future.done():  # something was raised: those who wait must not hang
                    failed = Report(Verdict.IE, message="the sandbox failed on this batch")
                    self._settle(key, future, failed, keep=False)
        return [future.result() for future in waiting]

    def _keys(self, jobs: Sequence[Job]) -> list[tuple[str, bool]]:
        """Each job's content key (empty if unknown), and whether equal jobs share a report."""
        problems = {id(job.problem): job.problem for job in jobs}
        digests = {number: _problem_digest(problem) for number, problem in problems.items()}
        keys = [_key(job, digests[id(job.problem)]) for job in jobs]
        every = self._remember == "all"
        return [
            (key, bool(key) and (every or is_deterministic(job.program, job.language)))
            for job, key in zip(jobs, keys, strict=True)
        ]

    def prefetch(self, jobs: Sequence[Job], /) -> None:
        """Start on jobs that `run` will be asked for, in a thread and in order; `run` awaits them.

        Jobs handed in while others run form the next batch, so jobs that arrive one by one use all
        workers.
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
            self._run(jobs, ahead=True)

    @property
    def busy_s(self) -> float:
        """Wall time in which programs ran."""
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
    def _working(self) -> Generator[None]:
        with self._lock:
            self._busy_since = self._busy_since if self._calls else time.perf_counter()
            self._calls += 1
        try:
            yield
        finally:
            with self._lock:
                self._calls -= 1
                self._busy_s += 0.0 if self._calls else time.perf_counter() - self._busy_since

    def _claim(self, key: str, *, shared: bool, ahead: bool) -> tuple[str, Future[Report], bool]:
        """The key to settle, the known or pending report, and whether to run the job."""
        with self._lock:
            found = self._find(key) if shared else None if ahead else self._take_attempt(key)
            if found is not None:
                self.hits += 1
                return "", found, False
            self.misses += 1
            future: Future[Report] = Future()
            if shared:
                self._running[key] = future
            elif ahead:
                self._attempts.setdefault(key, deque()).append(future)
            return key if shared else "", future, True

    def _find(self, key: str) -> Future[Report] | None:
        if (report := self._look_up(key)) is None:
            return self._running.get(key)
        future: Future[Report] = Future()
        future.set_result(report)
        return future

    def _take_attempt(self, key: str) -> Future[Report] | None:
        attempts = self._attempts.get(key)
        while attempts:
            future = attempts.popleft()
            if not attempts:
                del self._attempts[key]
            if not future.done() or future.result().verdict is not Verdict.IE:
                return future
        return None

    def _look_up(self, key: str) -> Report | None:
        report = self._known.get(key)
        if report is None and self._folder is not None:
            try:
                report = _read_entry(self._folder / key[:2] / key)
            except ValueError:
                self.damaged += 1
            if report is not None:
                self._keep(key, report)
        elif report is not None:
            self._known.move_to_end(key)
        return report

    def _settle(self, key: str, future: Future[Report], report: Report, *, keep: bool) -> None:
        with self._lock:
            if key:
                del self._running[key]
                if keep:
                    self._keep(key, report)
                    if self._folder is not None:
                        _write(self._folder / key[:2] / key, report)
        future.set_result(report)

    def _keep(self, key: str, report: Report) -> None:
        self._known[key] = report
        self._known.move_to_end(key)
        while len(self._known) > self._entries:
            self._known.popitem(last=False)


def _is_lasting(job: Job, report: Report) -> bool:
    """Whether a rerun would give the same report, on a busier or idler machine."""
    for test in (report, *report.tests):
        if test.verdict is Verdict.IE:
            return False
        if isinstance(test, TestReport) and test.verdict is Verdict.TLE:
            return test.cpu_s > job.problem.limits.cpu_s
    return report.verdict is not Verdict.TLE or bool(report.tests)


def _key(job: Job, problem: bytes | None) -> str:
    """The key of a job's content; empty if it must not be remembered."""
    if problem is None or not isinstance(job.program, str):  # pyright: ignore[reportUnnecessaryIsInstance] - the inner sandbox will say so
        return ""
    digest = hashlib.sha256(problem)
    _feed(digest.update, job.program, job.language, str(job.stop_early))
    return digest.hexdigest()


def _checker_name(problem: Problem) -> str | None:
    """Identifies a checker: its name, or a plain function's code; None if it has state."""
    checker = problem.checker
    if isinstance(checker, CheckerProgram):
        return f"{checker.language}:{checker.source}"
    if not callable(checker):
        return checker
    if not isinstance(checker, FunctionType) or "<" in checker.__qualname__:
        return None  # a method of an object with settings, a lambda, a closure
    code = hashlib.sha256(marshal.dumps(checker.__code__)).hexdigest()
    return f"{checker.__module__}:{checker.__qualname__}:{code}"


def _problem_digest(problem: Problem) -> bytes | None:
    """The digest of a problem's content; None if unknown. Custom tests may raise anything."""
    try:
        checker = _checker_name(problem)
        if checker is None:
            return None
        digest = hashlib.sha256(_VERSION)
        parts = checker, repr(problem.entry_point), problem.starter_code, repr(problem.limits)
        _feed(digest.update, *parts, repr(problem.metadata.get("integer_keys")))
        for test in problem.tests:
            _feed(digest.update, test.input, test.output)
    except Exception:  # the inner sandbox will say what is wrong with it
        return None
    return digest.digest()


def _feed(update: Callable[[bytes], object], *texts: str) -> None:
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        update(len(data).to_bytes(8, "little"))
        update(data)


def _read_entry(path: Path) -> Report | None:
    """The report in a file; None if there is no such file.

    Raises:
        ValueError: the file is damaged.
    """
    try:
        data = path.read_bytes()
    except OSError:
        return None
    size = _CHECKSUM().digest_size
    if _CHECKSUM(data[size:]).digest() != data[:size]:
        raise ValueError(f"{path} is damaged")
    try:
        values = json.loads(data[size:])
        tests = [TestReport(Verdict(one.pop("verdict")), **one) for one in values["tests"]]
        wrote = values.get("output")  # entries of older versions have none
        output = ProgramOutput(**wrote) if wrote else None
        return Report(Verdict(values["verdict"]), tuple(tests), values["message"], output)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path} was written by another version") from error


def _write(path: Path, report: Report) -> None:
    """Keep a report. A full disk must not lose a verdict."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        data = json.dumps(asdict(report)).encode()
        write_atomically(path, _CHECKSUM(data).digest() + data)
