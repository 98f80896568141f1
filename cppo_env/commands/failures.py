"""What a program that failed public tests was given, should have printed, and printed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cppo_env.protocols import Sandbox
from cppo_env.roles import answers_of
from cppo_env.types import Job, Report, Verdict

MOST = 3
"""Public tests that are looked at."""

CHARS = 2000
"""Characters of a text that are kept."""

STDERR_ONLY = """\
import os, traceback
os.dup2(1, 2)
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
try:
    exec(compile({program!r}, "program.py", "exec"), {{"__name__": "__main__"}})
except Exception as error:
    traceback.print_exception(error.with_traceback(error.__traceback__.tb_next))
"""
"""Runs a Python program and prints what it writes to standard error."""


@dataclass(frozen=True, slots=True)
class FailedTest:
    """A public test that failed. Hidden tests are never shown."""

    test: int
    """Counted from 1 among all tests of the problem."""
    input: str
    expected: str
    got: str | None
    """None if there was no answer to compare."""
    stderr: str | None
    """None if it is empty or cannot be told: of C++, and of functions."""


def public_failures(sandbox: Sandbox, job: Job, report: Report) -> list[FailedTest]:
    """The first public tests that failed; each is run again for what the program wrote."""
    problem, failures = job.problem, list[FailedTest]()
    for number, (test, outcome) in enumerate(zip(problem.tests, report.tests, strict=False), 1):
        if outcome.verdict is Verdict.AC or test not in problem.public_tests:
            continue
        again = replace(job, problem=replace(problem, tests=(test,)))
        silent = problem.entry_point is not None or job.language != "python"
        jobs = [again]
        if not silent:
            jobs.append(replace(again, program=STDERR_ONLY.format(program=job.program)))
        got, stderr = [*answers_of(sandbox, jobs), None][:2]
        failures.append(
            FailedTest(
                number,
                _cut(test.input),
                _cut(test.output),
                None if got is None else _cut(got),
                _cut(stderr) if stderr else None,
            )
        )
        if len(failures) == MOST:
            break
    return failures


def _cut(text: str) -> str:
    return text if len(text) <= CHARS else f"{text[:CHARS]}… ({len(text)} characters)"
