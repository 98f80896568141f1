"""Checkers that came with the data, run in workers that no judged program ever enters.

All answers that wait for one job's checker become one job of a second pool: the checker is the
program, and each answer is a test. A Python checker first sees many answers in one process, see
`checks_together`. A C++ checker is compiled once; its binary is kept by content and copied for each
job. Equal answers to one test are checked once.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from hashlib import blake2b
from typing import Any, Protocol

from cppo_env.checkers.bounds import FACTOR
from cppo_env.types import CheckerProgram, Job, Limits, Problem, Report, TestCase, Verdict
from cppo_sandboxes.host import checks_together
from cppo_sandboxes.host.batch import JobBatch, TestSet, Work
from cppo_sandboxes.host.checker_files import Files, Prepared, bundle, files, prepare, verdict_of
from cppo_sandboxes.host.checks import CheckerFailed, IsRight
from cppo_sandboxes.host.grading import RunOutcome
from cppo_sandboxes.languages import Language
from cppo_sandboxes.worker import frames

LIMITS = Limits(cpu_s=10.0, wall_s=30.0, memory_bytes=1 << 30, output_bytes=1 << 20)
"""What a checker may use for one answer."""
FLOOD_BYTES = 1 << 20
"""Answers longer than this are wrong unread, unless the test is long itself: see `_floods`."""
BINARIES = 256
"""Compiled checkers that are kept; the oldest is forgotten first."""
KNOWN = 1 << 16
"""Answers whose verdicts are remembered; the oldest is forgotten first."""
_COPY = Language(
    "binary", "program.bin", "", compile=("cp", "{source}", "{binary}"), run=("{binary}",)
)
Case = tuple[TestCase, bytes]
"""A test, and the answer to it."""
Done = Callable[[list[IsRight]], object]


class Runs(Protocol):
    """The part of a pool that is needed here."""

    def begin(self, batch: JobBatch) -> None:
        """Work on a batch; it says itself when it is done."""
        ...

    def close(self) -> None:
        """End all workers."""
        ...


class _Cases(TestSet):
    """The files of some tests, as the inputs of a checker."""

    def __init__(self, problem: Problem, inputs: Sequence[bytes]) -> None:
        super().__init__(problem)
        self._inputs = inputs

    def input(self, index: int) -> bytes:
        return self._inputs[index]


class _Run(Work):
    """A checker at work: what it did in each test, uninterpreted."""

    def __init__(self, job: Job, tests: TestSet, batch: _CheckBatch) -> None:
        super().__init__(job, tests, batch, 0)
        self.language, self._source = batch.prepared.row, batch.prepared.source
        self._together = batch.prepared.together
        self.outcomes: list[RunOutcome] = []

    @property
    def ran(self) -> int:
        return len(self.outcomes)

    def task(self, stop: int) -> dict[str, Any]:
        return {**super().task(stop), "source": self._source, "together": self._together}

    def add(self, index: int, outcome: RunOutcome) -> None:
        if self.over or index != self.ran:
            return
        self.outcomes.append(self.whole(outcome))
        if not self.left:
            self.finish(Report(Verdict.AC))


class _CheckBatch(JobBatch):
    """One checker and its cases."""

    def __init__(
        self,
        name: str,
        prepared: Prepared,
        inputs: Sequence[bytes],
        done: Callable[[_CheckBatch], object],
        limits: Limits,
    ) -> None:
        self.prepared, self._inputs, self._when_done = prepared, inputs, done
        self.work: _Run
        tests = [TestCase("", "")] * len(inputs)
        is_text = prepared.row.compile is None
        text = prepared.source.decode("utf-8", "replace") if is_text else "-"
        problem = Problem(f"checker {name}", "", tests, limits=limits)
        super().__init__([Job(problem, text, stop_early=False)])

    def tests_of(self, job: Job) -> TestSet:
        return _Cases(job.problem, self._inputs)

    def work_of(self, job: Job, tests: TestSet, position: int) -> Work:
        self.work = _Run(job, tests, self)
        return self.work

    def _settle(self, position: int, report: Report) -> None:
        super()._settle(position, report)
        self._when_done(self)

    @property
    def refused(self) -> bool:
        """Whether the compiler found an error in it."""
        report = self.reports[0]
        return report is not None and report.verdict is Verdict.CE and "error" in report.message

    @property
    def failure(self) -> str | None:
        """Why it has no outcomes."""
        report = self.reports[0]
        if report is None or report.verdict is Verdict.AC:
            return None
        if report.verdict is Verdict.CE:
            return f"it does not compile: {report.message}"
        return report.message or "it could not be run"


@dataclass(slots=True)
class _Binary:
    """A checker that is compiled, or is being."""

    content: bytes = b""
    failure: str = ""
    waiting: list[Callable[[_Binary], None]] | None = field(
        default_factory=list[Callable[["_Binary"], None]]
    )
    """What to do once it is there; None when it is."""


class ProgramChecks:
    """The checkers of all jobs of a pool.

    Args:
        pool: makes the second pool, when the first checker needs it.
    """

    def __init__(self, pool: Callable[[], Runs]) -> None:
        self._make = pool
        self._pool: Runs | None = None
        self._lock = threading.Lock()
        self._binaries: OrderedDict[CheckerProgram, _Binary] = OrderedDict()
        self._known: dict[bytes, bool] = {}
        """What checkers have said, by `_key`."""

    def start(self, program: CheckerProgram, cases: Sequence[Case], done: Done) -> None:
        """Check answers; `done` gets one result for each, in another thread or at once."""
        keys = [b"" if _floods(*case) else _key(program, *case) for case in cases]
        known = [self._known.get(key) if key else False for key in keys]
        unknown = [n for n, is_right in enumerate(known) if is_right is None]

        def finished(said: list[IsRight]) -> None:
            results = [partial(bool, is_right) for is_right in known]
            for n, is_right in zip(unknown, said, strict=True):
                results[n] = partial(self._remember, keys[n], is_right)
            done(results)

        if unknown:
            self._start(program, [cases[n] for n in unknown], finished)
        else:
            finished([])

    def _remember(self, key: bytes, is_right: IsRight) -> bool:
        """A result, which equal answers will get as well; failures are not remembered."""
        self._known[key] = right = is_right()
        if len(self._known) > KNOWN:
            del self._known[next(iter(self._known))]
        return right

    def _start(self, program: CheckerProgram, cases: Sequence[Case], done: Done) -> None:
        try:
            prepared = prepare(program)
        except CheckerFailed as error:
            done([_raising(str(error))] * len(cases))
            return
        # Here, so that data that cannot be written to files fail the job that asks.
        shown = [files(program, test.input, test.output, answer) for test, answer in cases]
        if prepared.row.compile is not None:
            self._with_binary(
                program, prepared, lambda binary: self._run_binary(program, binary, shown, done)
            )
        elif len(cases) > 1:
            self._run_together(program, prepared, shown, done)
        else:
            self._run(program, prepared, shown, done)

    def close(self) -> None:
        """End the workers of the checkers."""
        if self._pool is not None:
            self._pool.close()

    def _begin(self, batch: JobBatch) -> None:
        with self._lock:
            if self._pool is None:
                self._pool = self._make()
        self._pool.begin(batch)

    def _run_together(
        self, program: CheckerProgram, prepared: Prepared, shown: Sequence[Files], done: Done
    ) -> None:
        """Show a Python checker many cases in one process, and those left open one by one."""
        groups = list(checks_together.groups(shown))
        results: list[IsRight | None] = [None] * len(shown)

        def finished(batch: _CheckBatch) -> None:
            outcomes = [] if batch.failure else batch.work.outcomes
            for group, outcome in zip(groups, outcomes, strict=False):
                for n, one in zip(
                    group, checks_together.outcomes(outcome, len(group)), strict=True
                ):
                    results[n] = None if one is None else _said(program, one)
            still_open = [n for n, is_right in enumerate(results) if is_right is None]

            def complete(said: list[IsRight]) -> None:
                for n, is_right in zip(still_open, said, strict=True):
                    results[n] = is_right
                done([is_right for is_right in results if is_right is not None])

            if still_open:
                self._run(program, prepared, [shown[n] for n in still_open], complete)
            else:
                complete([])

        together = Prepared(prepared.row, _bytes(program.source), together=True)
        inputs = [checks_together.bundle([shown[n] for n in group]) for group in groups]
        limits = checks_together.LIMITS
        self._begin(_CheckBatch(program.name, together, inputs, finished, limits))

    def _run(
        self, program: CheckerProgram, prepared: Prepared, shown: Sequence[Files], done: Done
    ) -> None:
        inputs = [bundle(parts) for parts in shown]

        def finished(batch: _CheckBatch) -> None:
            if (failure := batch.failure) is not None:
                done([_raising(failure)] * len(inputs))
            else:
                done([_said(program, outcome) for outcome in batch.work.outcomes])

        self._begin(_CheckBatch(program.name, prepared, inputs, finished, LIMITS))

    # ---- C++ ----

    def _run_binary(
        self, program: CheckerProgram, binary: _Binary, shown: Sequence[Files], done: Done
    ) -> None:
        if binary.failure:
            done([_raising(binary.failure)] * len(shown))
        else:
            self._run(program, Prepared(_COPY, binary.content), shown, done)

    def _with_binary(
        self, program: CheckerProgram, prepared: Prepared, then: Callable[[_Binary], None]
    ) -> None:
        """Do something once the checker is compiled; compile it, if nobody has."""
        with self._lock:
            binary = self._binaries.get(program)
            new = binary is None
            if binary is None:
                binary = self._binaries[program] = _Binary()
            ready = binary.waiting is None
            if binary.waiting is not None:
                binary.waiting.append(then)
        if new:
            self._compile(program, prepared, binary)
        elif ready:
            then(binary)

    def _compile(self, program: CheckerProgram, prepared: Prepared, binary: _Binary) -> None:
        """Have a worker compile it and print what came out."""

        def finished(batch: _CheckBatch) -> None:
            failure = batch.failure
            if failure is None:
                outcome = batch.work.outcomes[0]
                binary.content = outcome.answer
                if outcome.how != frames.ENDED_EXIT or outcome.number or not outcome.answer:
                    failure = "its compiled form cannot be read"
            binary.failure = failure or ""
            with self._lock:
                waiting, binary.waiting = binary.waiting or [], None
                if len(self._binaries) > BINARIES:
                    self._forget()
                if failure and not batch.refused:  # the machine's doing: try it again
                    self._binaries.pop(program, None)
            for then in waiting:
                then(binary)

        printing = replace(prepared, row=replace(prepared.row, run=("/bin/cat", "{binary}")))
        limits = replace(LIMITS, output_bytes=64 << 20)
        self._begin(_CheckBatch(program.name, printing, [b""], finished, limits))

    def _forget(self) -> None:
        """Drop the oldest binary that nobody waits for."""
        for program, binary in self._binaries.items():
            if binary.waiting is None:
                del self._binaries[program]
                return


def _floods(test: TestCase, answer: bytes) -> bool:
    """Whether an answer is so long that reading it could cost a checker its limits."""
    return len(answer) > FLOOD_BYTES + FACTOR * (len(test.input) + len(test.output))


def _key(program: CheckerProgram, test: TestCase, answer: bytes) -> bytes:
    """A digest of all that a checker is given, and of the checker."""
    digest = _begun(program).copy()
    for part in (_bytes(test.input), _bytes(test.output), answer):
        digest.update(b"%d:" % len(part))
        digest.update(part)
    return digest.digest()


@lru_cache(maxsize=BINARIES)
def _begun(program: CheckerProgram) -> blake2b:
    parts = _bytes(program.language), _bytes(program.source)
    return blake2b(b"%d:%d:" % (len(parts[0]), len(parts[1])) + b"".join(parts), digest_size=16)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _said(program: CheckerProgram, outcome: RunOutcome) -> IsRight:
    return lambda: verdict_of(program, outcome)


def _raising(reason: str) -> IsRight:
    def failed() -> bool:
        raise CheckerFailed(reason)

    return failed
