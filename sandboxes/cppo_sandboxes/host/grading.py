"""The host's part of a verdict: what the process did, and whether its answer is right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cppo_env.rendering import printable
from cppo_env.types import Problem, ProgramOutput, Report, TestReport, Verdict
from cppo_sandboxes.host.checks import IsRight
from cppo_sandboxes.host.faults import told
from cppo_sandboxes.host.rules import name_of
from cppo_sandboxes.worker import frames
from cppo_sandboxes.worker.pipes import last_words

_MESSAGE_CHARACTERS = 500
_LIMIT_VERDICTS = {
    frames.ENDED_CPU: (Verdict.TLE, "CPU time limit exceeded"),
    frames.ENDED_WALL: (Verdict.TLE, "wall-clock limit exceeded"),
    frames.ENDED_MEMORY: (Verdict.MLE, "memory limit exceeded"),
    frames.ENDED_OUTPUT: (Verdict.OLE, "output limit exceeded"),
}


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """What one run of a program did, as seen by the worker."""

    how: int
    """One of `frames.ENDED_*`."""
    number: int
    """Exit code or signal."""
    cpu_s: float
    wall_s: float
    memory_bytes: int
    answer: bytes
    """Standard output or, for call-based problems, the returned value as JSON."""
    stderr: bytes
    """The end of standard error, for people."""


def needs_checker(problem: Problem, outcome: RunOutcome) -> bool:
    """Whether the program has an answer to compare."""
    return _failure(problem, outcome) is None


def grade(problem: Problem, index: int, outcome: RunOutcome, is_right: IsRight) -> TestReport:
    """The report of one test.

    A checker that raises gives IE: it or the problem's data are at fault.
    """
    verdict, message = _failure(problem, outcome) or _comparison(problem, index, is_right)
    return TestReport(
        verdict, outcome.cpu_s, outcome.wall_s, outcome.memory_bytes, printable(message)
    )


def _failure(problem: Problem, outcome: RunOutcome) -> tuple[Verdict, str] | None:
    if outcome.how in _LIMIT_VERDICTS:
        return _LIMIT_VERDICTS[outcome.how]
    if outcome.how == frames.ENDED_SIGNAL:
        return Verdict.RE, f"killed by signal {outcome.number}"
    if outcome.number:
        said = last_words(outcome.stderr).decode("utf-8", "replace")
        return Verdict.RE, said[:_MESSAGE_CHARACTERS] or f"exit code {outcome.number}"
    if problem.entry_point is not None and not outcome.answer:
        return Verdict.WA, "the program ended without returning a value"
    return None


def _comparison(problem: Problem, index: int, is_right: IsRight) -> tuple[Verdict, str]:
    try:
        right = is_right()
    except BaseException as error:  # a plug-in's or the data's fault; other tests can be judged
        what = f"checker {name_of(problem)} on test {index + 1} of {problem.id!r}"
        return Verdict.IE, told(error, what)
    return (Verdict.AC, "") if right else (Verdict.WA, "wrong answer")


def summarise(tests: Sequence[TestReport], output: ProgramOutput | None = None) -> Report:
    """A program's report: the verdict of its first failing test, else IE if any, else AC.

    Args:
        tests: the tests that ran.
        output: what it wrote on the first that it failed.
    """
    unjudged = None
    for index, test in enumerate(tests):
        if test.verdict is Verdict.IE:
            unjudged = unjudged or test
        elif test.verdict is not Verdict.AC:
            return Report(test.verdict, tuple(tests), f"test {index + 1}: {test.message}", output)
    return (
        Report(Verdict.IE, tuple(tests), unjudged.message)
        if unjudged
        else Report(Verdict.AC, tuple(tests))
    )
