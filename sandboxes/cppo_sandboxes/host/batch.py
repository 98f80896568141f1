"""The jobs of one `Sandbox.run`: what is still to do, what has been graded."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Container, Sequence
from dataclasses import replace
from functools import partial
from itertools import count, islice, takewhile
from signal import SIGKILL
from typing import Any

from cppo_env.plugins import checker_of
from cppo_env.rendering import printable
from cppo_env.types import (
    CheckerProgram,
    Job,
    Problem,
    ProgramOutput,
    Report,
    TestCase,
    TestReport,
    Verdict,
)
from cppo_sandboxes.host.checks import IsRight
from cppo_sandboxes.host.excerpts import excerpts
from cppo_sandboxes.host.faults import told
from cppo_sandboxes.host.grading import RunOutcome, grade, needs_checker, summarise
from cppo_sandboxes.host.rules import Rule
from cppo_sandboxes.host.signatures import call_options
from cppo_sandboxes.languages import language
from cppo_sandboxes.worker import frames

ATTEMPTS = 3
"""How often to start a program after infrastructure failures before the verdict is IE."""
OVERLOAD = 4
"""How many times its wall-clock limit a test may take at first, with the time without a core."""
DOUBTS = 3
"""How often a program may be too slow beside others before the verdict is TLE."""
_numbers = count(1)


class TestSet:
    """One problem's tests, encoded one by one; sent to a worker once, whatever shares them."""

    __test__ = False

    def __init__(self, problem: Problem) -> None:
        self.key = next(_numbers)
        self.problem = problem
        self.length = len(problem.tests)
        own = problem.checker
        self.rule = Rule(problem, own if isinstance(own, CheckerProgram) else checker_of(problem))

    def input(self, index: int) -> bytes:
        """The input of one test as the program reads it; errors of custom tests propagate."""
        return self.problem.tests[index].input.encode("utf-8", "surrogateescape")


class Work:
    """One job in progress: its program, its graded tests, its attempts."""

    def __init__(self, job: Job, tests: TestSet, batch: JobBatch, position: int) -> None:
        self.job, self.tests, self.batch, self.position = job, tests, batch, position
        self.language = language(job.language)
        self.rule = tests.rule
        self.wall_s = float(job.problem.limits.wall_s)
        self.number = 0
        """The job's number in frames; new for each attempt, so that late frames are recognised."""
        self.attempts = 0
        self.doubts = 0
        """How often it was too slow while others had the cores; after that it is judged alone."""
        self.sleeper = False
        """It has slept for long and gone on: it is given a core to itself even while it sleeps."""
        self.graded: list[TestReport] = []
        self.output: ProgramOutput | None = None
        """What it wrote on the first test that it failed."""
        self._ungraded: deque[RunOutcome] = deque()
        """What the tests after these have done, while a checker that is not ours looks at it."""
        self.complete = False
        """Nothing remains to be run, whatever the checkers say."""
        self.report: Report | None = None
        self._pieces: list[bytes] = []

    def refused(self) -> Report | None:
        """The report of a job that needs no worker: it has no tests, or no program."""
        if not self.tests.length:
            message = f"problem {self.job.problem.id!r} has no tests"
            return Report(Verdict.IE, message=message)
        if not self.job.program.strip():
            return Report(Verdict.CE, message="there is no program")
        return None

    @property
    def over(self) -> bool:
        """Whether no more tests of it need to run."""
        return self.report is not None or self.complete

    @property
    def most_wall_s(self) -> float:
        """How long a test may take while others have the cores: each doubt doubles that."""
        return OVERLOAD * self.wall_s * 2**self.doubts

    @property
    def tier(self) -> int:
        """The interpreter that its program needs."""
        return self.language.tier(
            self.job.program, call_based=self.job.problem.entry_point is not None
        )

    @property
    def ran(self) -> int:
        """Number of tests that have been run."""
        return len(self.graded) + len(self._ungraded)

    @property
    def left(self) -> int:
        """Number of tests that have not been run."""
        return self.tests.length - self.ran

    def task(self, stop: int) -> dict[str, Any]:
        """What a worker needs (see `worker.program.Program`); tests before `stop` are sent."""
        self.number = next(_numbers) & 0xFFFFFFFF
        problem, limits = self.job.problem, self.job.problem.limits
        entry = problem.entry_point
        return {
            "job": self.number,
            "key": self.tests.key,
            "start": self.ran,
            "stop": stop,
            "final": stop == self.tests.length,
            "tier": self.tier,
            "source": self.job.program.encode("utf-8", "surrogatepass"),
            "file_name": self.language.file_name,
            "compile": self.language.compile,
            "compiler": self.language.compiler,
            "run": self.language.run,
            "entry": entry,
            "call": None if entry is None else call_options(problem, entry),
            "stop_early": self.job.stop_early,
            "checked": self.rule.program is not None,
            "together": False,
            "cpu_s": limits.cpu_s,
            "wall_s": limits.wall_s,
            "most_wall_s": self.most_wall_s,
            "memory_bytes": limits.memory_bytes,
            "allowed_bytes": limits.memory_bytes + self.language.spare_bytes,
            "unused_bytes": self.language.unused_bytes,
            "output_bytes": limits.output_bytes,
        }

    def add_piece(self, index: int, piece: bytes) -> None:
        """Keep a part of a long answer."""
        if index == self.ran:
            self._pieces.append(piece)

    def add(self, index: int, outcome: RunOutcome) -> None:
        """Grade the next test, or have it graded; this may finish the job."""
        if self.over or index != self.ran:
            return
        outcome = self.whole(outcome)
        compared = needs_checker(self.job.problem, outcome)
        # Read once: it may lie on a disk.
        read_here = compared and self.rule.ours and not self._ungraded
        test = self.job.problem.tests[index] if read_here else None
        here = not compared or (test is not None and self.rule.is_quick(test))
        if self._ungraded or not here:
            self._ungraded.append(outcome)
            self.batch.held_bytes += len(outcome.answer)
            self.complete = not self.left or (self.job.stop_early and not compared)
            if len(self._ungraded) == 1:
                self.batch.check(self)
        else:
            is_right = partial(self._compare, test, outcome.answer) if test else bool
            self._grade(outcome, is_right, test.output if test else "")

    def whole(self, outcome: RunOutcome) -> RunOutcome:
        """An outcome with the parts of its answer that came before."""
        if not self._pieces:
            return outcome
        answer = b"".join([*self._pieces, outcome.answer])
        self._pieces = []
        return replace(outcome, answer=answer)

    def _compare(self, test: TestCase, answer: bytes) -> bool:
        got = answer.decode("utf-8", "surrogateescape")
        return self.rule.function(self.job.problem, test, got)

    def _grade(self, outcome: RunOutcome, is_right: IsRight, expected: str = "") -> None:
        """Grade the next test; `expected` is what its answer was compared with, if known here."""
        test = grade(self.job.problem, len(self.graded), outcome, is_right)
        self.graded.append(test)
        if self.output is None and test.verdict not in (Verdict.AC, Verdict.IE):
            self.output = excerpts(outcome.answer, outcome.stderr, expected)
        done = len(self.graded) == self.tests.length
        if done or (test.verdict is not Verdict.AC and self.job.stop_early):
            self.finish(summarise(self.graded, self.output))

    def to_check(self) -> list[tuple[TestCase, bytes]]:
        """The next answers that need a checker: a program gets all that are there."""
        problem = self.job.problem
        there = islice(self._ungraded, None if self.rule.program else 1)
        compared = takewhile(partial(needs_checker, problem), there)
        first = len(self.graded)
        return [(problem.tests[n], outcome.answer) for n, outcome in enumerate(compared, first)]

    def checked(self, results: Sequence[IsRight]) -> None:
        """Grade what a checker has looked at, and go on to the next; this may finish the job."""
        looked_at = deque(results)
        while self._ungraded and self.report is None:
            compared = needs_checker(self.job.problem, self._ungraded[0])
            if compared and not looked_at:
                return self.batch.check(self)
            outcome = self._ungraded.popleft()
            self.batch.held_bytes -= len(outcome.answer)
            self._grade(outcome, looked_at.popleft() if compared else bool)
        return None

    def doubt(self) -> bool:
        """Too slow, but others had the cores: whether to judge the test again, alone."""
        self._pieces = []
        self.doubts += 1
        return self.doubts < DOUBTS

    def compile_error(self, message: str) -> None:
        """The program does not compile."""
        self.finish(Report(Verdict.CE, message=printable(message)))

    def unable(self, message: str) -> None:
        """No worker of this sandbox can judge the program: a retry would not help."""
        self.finish(Report(Verdict.IE, tuple(self.graded), message))

    def starved(self) -> None:
        """The worker ran out of memory, which only this program can have used."""
        self._pieces = []
        bytes_ = self.job.problem.limits.memory_bytes
        self.add(self.ran, RunOutcome(frames.ENDED_MEMORY, SIGKILL, 0.0, 0.0, bytes_, b"", b""))

    def failed(self, reason: str) -> bool:
        """Count an infrastructure failure; returns whether to retry."""
        self._pieces = []
        self.attempts += 1
        if self.attempts >= ATTEMPTS:
            self.finish(Report(Verdict.IE, tuple(self.graded), reason))
        return self.report is None

    def finish(self, report: Report) -> None:
        """Set the report, once."""
        if self.report is None:
            self.report = report
            self.batch.held_bytes -= sum(len(outcome.answer) for outcome in self._ungraded)
            self._ungraded.clear()
            self.batch.finished(self)


class JobBatch:
    """All jobs of one call, grouped by problem.

    Args:
        jobs: the jobs.
        strict: give no worker two programs of one problem.
        settled: called with the position and the report of each job when it is there.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        *,
        strict: bool = False,
        settled: Callable[[int, Report], object] = lambda position, report: None,
    ) -> None:
        self._strict, self._settled = strict, settled
        self.reports: list[Report | None] = [None] * len(jobs)
        self.done = threading.Event()
        self.groups: dict[int, deque[Work]] = {}
        """Test set key → programs that no worker has yet."""
        self.waiting = 0
        """How many these are."""
        self.doubted: deque[Work] = deque()
        """Programs to be judged again while nothing else runs."""
        self.doubted_at = 0.0
        self.held_bytes = 0
        """Size of the answers that wait for a checker that is not ours."""
        self.sets: dict[int, TestSet] = {}
        self.check: Callable[[Work], None]
        """Has a checker that is not ours look at `Work.to_check`, then calls `Work.checked`."""
        self._open = len(jobs)
        by_problem: dict[int, TestSet] = {}
        for position, job in enumerate(jobs):
            try:
                tests = by_problem.get(id(job.problem)) or self.tests_of(job)
                by_problem[id(job.problem)] = tests
                work = self.work_of(job, tests, position)
                refused = work.refused()
            except (Exception, SystemExit) as error:  # anyone's problems; the other jobs still run
                refused = Report(Verdict.IE, message=told(error, "the job cannot be prepared"))
                self._settle(position, refused)
                continue
            if refused is not None:
                self._settle(position, refused)
            else:
                self.sets[tests.key] = tests
                self.groups.setdefault(tests.key, deque()).append(work)
                self.waiting += 1
        if not jobs:
            self.done.set()

    def tests_of(self, job: Job) -> TestSet:
        """The tests of a job's problem."""
        return TestSet(job.problem)

    def work_of(self, job: Job, tests: TestSet, position: int) -> Work:
        """A job to be done."""
        return Work(job, tests, self, position)

    def finished(self, work: Work) -> None:
        """A job has its report."""
        assert work.report is not None
        self._settle(work.position, work.report)

    def _settle(self, position: int, report: Report) -> None:
        self.reports[position] = report
        self._settled(position, report)
        self._open -= 1
        if not self._open:
            self.done.set()

    def put_back(self, work: Work) -> None:
        """Queue a job again, as the first of its problem."""
        self.groups.setdefault(work.tests.key, deque()).appendleft(work)
        self.waiting += 1

    def open_to(self, seen: Container[str]) -> list[int]:
        """The waiting test sets that a worker may get which has seen these problems."""
        return [key for key in self.groups if self.admits(key, seen)]

    def admits(self, key: int, seen: Container[str]) -> bool:
        """Whether a worker that has seen these problems may get a program of a test set."""
        return not self._strict or self.sets[key].problem.id not in seen

    def drop(self, work: Work) -> None:
        """Forget a job that was queued again, if it was: it has its report."""
        group = self.groups.get(work.tests.key)
        if work in self.doubted:
            self.doubted.remove(work)
        elif group is not None and work in group:
            group.remove(work)
            self.waiting -= 1
            if not group:
                del self.groups[work.tests.key]

    def judge_alone(self, work: Work) -> None:
        """Queue a job for when nothing else runs."""
        if not self.doubted:
            self.doubted_at = time.monotonic()
        self.doubted.append(work)

    def take(self, key: int) -> Work:
        """The next job of a test set."""
        group = self.groups[key]
        work = group.popleft()
        self.waiting -= 1
        if not group:
            del self.groups[key]
        return work

    def fail(self, reason: str) -> None:
        """Give all waiting jobs the verdict IE."""
        for group in list(self.groups.values()):
            for work in group:
                work.finish(Report(Verdict.IE, tuple(work.graded), reason))
        for work in self.doubted:
            work.finish(Report(Verdict.IE, tuple(work.graded), reason))
        self.groups.clear()
        self.doubted.clear()
        self.waiting = 0
