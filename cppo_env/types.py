"""The values of the flow, in the order of the flow.

    Problem → Observation → methods → Ruling → solutions → Report → rewards

Every value is frozen: a stage reads the value before it and makes the next one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypedDict

MIB = 1024 * 1024
EXCERPT_CHARS = 800
"""Characters kept of a text that a failing program wrote."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one test may use. Enforced from outside the judged process."""

    cpu_s: float = 4.0
    """CPU seconds of the program and its children; above it the verdict is TLE."""
    wall_s: float = 10.0
    """Wall-clock seconds, the backstop for programs that sleep; above it the verdict is TLE."""
    memory_bytes: int = 1024 * MIB
    """Memory of one process in bytes; above it the verdict is MLE."""
    output_bytes: int = 16 * MIB
    """Bytes written to standard output; above it the verdict is OLE."""


@dataclass(frozen=True, slots=True)
class TestCase:
    """One test.

    A stdin test holds the text fed to standard input and the text expected on standard output. A
    call-based test (`Problem.entry_point` set) holds the JSON array of arguments and the JSON value
    expected.
    """

    __test__ = False  # pytest would otherwise try to collect a class of this name

    input: str
    output: str


@dataclass(frozen=True, slots=True)
class CheckerProgram:
    """A checker that came with the data: a program, which the sandbox runs apart from all others.

    It finds input, answer and output as files, and decides about one test (docs/grading.md).
    """

    language: str
    """"python" (open-r1's `checker.py`) or "cpp17" (a checker that includes testlib.h)."""
    source: str

    @property
    def name(self) -> str:
        """What people and records call it: its language and the start of its digest."""
        digest = hashlib.sha256(self.source.encode("utf-8", "surrogatepass")).hexdigest()
        return f"{self.language} program {digest[:12]}"


@dataclass(frozen=True, slots=True)
class Problem:
    """A coding problem: what the agent may see, and what only the grader sees."""

    id: str
    statement: str
    tests: Sequence[TestCase]
    """Hidden tests. May be decoded lazily: index it, iterate it, never hold on to it."""
    starter_code: str = ""
    entry_point: str | None = None
    """Name of the function (or method of `class Solution`) to call; None for a stdin program."""
    public_tests: Sequence[TestCase] = ()
    """The examples that the statement shows."""
    limits: Limits = Limits()
    checker: str | Checker | CheckerProgram = "strict"
    """The rule that compares an answer with the expected one, its name (`cppo_env.checkers`), or a
    program that decides."""
    references: Sequence[str] = ()
    """Programs known to be right."""
    wrong: Sequence[str] = ()
    """Programs known to be wrong."""
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Other facts from the data set (difficulty, source, url, names of the references' methods)."""


Checker = Callable[[Problem, TestCase, str], bool]
"""Whether an answer is right, given problem, test and output (`cppo_env.checkers`)."""


class Observation(TypedDict):
    """What the agent sees of one episode."""

    phase: int
    """0: write K methods. 1: write K solutions."""
    problem: str
    starter_code: str
    methods: tuple[str, ...]
    """The K methods of the plan in the solve phase; K empty texts in the plan phase."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a judge says of a tuple of methods: the gate J of docs/method.md, section 3."""

    accepted: bool
    score: float
    """Probability of "Pass", or 0.0 / 1.0 from judges that only know yes and no."""
    reason: str = ""
    """One line for people; empty when accepted."""
    void: bool = False
    """The judge failed (its endpoint did not answer); this voids the episode."""


class Verdict(StrEnum):
    """The outcome of a program, or of one of its tests."""

    AC = "AC"
    """Accepted: right answer within the limits."""
    WA = "WA"
    """Wrong answer."""
    TLE = "TLE"
    """Time limit exceeded (CPU or wall clock)."""
    MLE = "MLE"
    """Memory limit exceeded."""
    OLE = "OLE"
    """Output limit exceeded."""
    RE = "RE"
    """Run-time error: an uncaught exception, a signal or a non-zero exit code."""
    CE = "CE"
    """Compile error: the program cannot be parsed, or there is no program in the answer."""
    IE = "IE"
    """Internal error: infrastructure failure. It voids the episode; it never scores 0."""


@dataclass(frozen=True, slots=True)
class Job:
    """One program to be judged on all tests of one problem."""

    problem: Problem
    program: str
    language: str = "python"
    stop_early: bool = True
    """Stop at the first test that fails; the verdict is the same, the report is shorter."""


@dataclass(frozen=True, slots=True)
class TestReport:
    """The outcome of one test."""

    __test__ = False

    verdict: Verdict
    cpu_s: float = 0.0
    wall_s: float = 0.0
    memory_bytes: int = 0
    """Peak resident memory of the program."""
    message: str = ""


@dataclass(frozen=True, slots=True)
class ProgramOutput:
    """Excerpts of what a program wrote on one test.

    On a hidden test they may repeat its input: they are for the owner of the problems, and never
    part of a prompt.
    """

    got: str = ""
    """At most `EXCERPT_CHARS` characters of the answer, from shortly before it differs from the
    expected one."""
    skipped: int = 0
    """Characters of the answer before the excerpt; up to there it is the expected one."""
    length: int = 0
    """Characters of the whole answer."""
    stderr: str = ""
    """The last characters of standard error, at most `EXCERPT_CHARS`."""


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of one job: the verdict of the first test that failed, else AC."""

    verdict: Verdict
    tests: tuple[TestReport, ...] = ()
    """The tests that ran, in order; a prefix of the problem's tests when stopped early."""
    message: str = ""
    output: ProgramOutput | None = None
    """What the program wrote on the first test that it failed; None without such a test, and from
    sandboxes that do not say."""

    @property
    def failing(self) -> int | None:
        """The first test that failed, counted from 0; IE is nobody's failure."""
        right = Verdict.AC, Verdict.IE
        return next((n for n, test in enumerate(self.tests) if test.verdict not in right), None)


@dataclass(frozen=True, slots=True)
class Episode:
    """The state of one episode; fields of later phases are empty."""

    problem: Problem
    methods: tuple[str, ...] = ()
    ruling: Ruling | None = None
    solutions: tuple[str, ...] = ()
    reports: tuple[Report, ...] = ()

    @property
    def phase(self) -> int:
        """0 before the plan, 1 after it."""
        return 0 if self.ruling is None else 1

    @property
    def validity(self) -> float:
        """The gate J: 1.0 if the judge accepted the methods, else 0.0."""
        return float(self.ruling is not None and self.ruling.accepted)

    @property
    def solver_rewards(self) -> tuple[float, ...]:
        """V_i: 1.0 for every branch that passed all tests. Not gated."""
        return tuple(float(report.verdict is Verdict.AC) for report in self.reports)

    @property
    def r_out(self) -> float:
        """R_out = max_i V_i: whether any branch passed."""
        return max(self.solver_rewards, default=0.0)

    @property
    def void(self) -> bool:
        """An infrastructure failure occurred, so the episode is excluded everywhere."""
        judge_failed = self.ruling is not None and self.ruling.void
        return judge_failed or any(report.verdict is Verdict.IE for report in self.reports)
