"""`cppo grade`: one program on one problem."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cppo_env.assembly import find_problem
from cppo_env.commands.failures import FailedTest, public_failures
from cppo_env.engine import no_program
from cppo_env.errors import CppoError, UsageError
from cppo_env.parsing.python_source import facts
from cppo_env.problems import Problems, load_problems
from cppo_env.provenance import provenance
from cppo_env.rendering import printable
from cppo_env.roles import run_jobs
from cppo_env.sandboxing import borrow_sandbox
from cppo_env.solutions import program_of
from cppo_env.types import MIB, Job, Problem, Report, Verdict

SHOWN = 30
"""Tests printed; the JSON result holds all."""

SUFFIXES = {".cpp": "cpp17", ".cc": "cpp17", ".cxx": "cpp17"}
"""File suffix → language; all others are Python."""


@dataclass(frozen=True)
class GradeConfig:
    """Options of `cppo grade`."""

    program: Path
    """File of the program, or of a model's answer with the program in it; - reads standard input.
    """
    problem: str = ""
    """Id of the problem; needed unless the set holds only one."""
    problems: str = "samples"
    """Path of the problems (any published layout) or name of a problem set."""
    split: str | None = None
    """Part of the problem set."""
    language: str | None = None
    """python, cpp17, cpp20, java or rust. Default: cpp17 for a file .cpp, .cc or .cxx, otherwise
    python."""
    sandbox: str = "auto"
    """Where the program runs: auto, docker, local, or another plug-in's name."""
    sandbox_options: dict[str, Any] = field(default_factory=dict[str, Any])
    """Options of the sandbox, such as --sandbox_options.image=NAME."""
    stop_early: bool = False
    """Stop at the first test that fails."""


def grade(config: GradeConfig) -> dict[str, Any]:
    """Judge a program on all tests of a problem; the exit code is 0 only if it passes them."""
    text = _read_text(config.program)
    problems = load_problems(config.problems, split=config.split)
    problem = _choose(problems, config)
    language = config.language or SUFFIXES.get(config.program.suffix, "python")
    program = program_of(problem, text) if language == "python" else text
    with borrow_sandbox(config.sandbox, config.sandbox_options, cache=False) as sandbox:
        if program is None:
            report, failures = _without_program(text), list[FailedTest]()
        else:
            job = Job(problem, program, language, stop_early=config.stop_early)
            [report] = run_jobs(sandbox, [job])
            failures = public_failures(sandbox, job, report)
        result = {
            "problem_id": problem.id,
            "language": language,
            "n_tests": len(problem.tests),
            # Without what it wrote, which may repeat a hidden input.
            **{name: value for name, value in asdict(report).items() if name != "output"},
            "public_failures": [asdict(one) for one in failures],
            "provenance": provenance(problems, sandbox),
        }
    _show(problem, report, failures)
    if report.verdict is not Verdict.AC:
        raise CppoError(_summary(problem, report), result=result)
    return result


def _read_text(path: Path) -> str:
    content = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"program: {path} is not UTF-8 (byte {error.start}); save it as UTF-8"
        ) from None


def _without_program(text: str) -> Report:
    """The report on a file without a program, with the syntax error of a broken one."""
    report, found = no_program(text), facts(text)
    if found.error and "```" not in text:
        return replace(report, message=f"{report.message}; as Python: {found.error}")
    return report


def _choose(problems: Problems, config: GradeConfig) -> Problem:
    if config.problem:
        return problems[find_problem(problems, config.problem)]
    if len(problems) != 1:
        raise UsageError(
            f"problem: got none, expected the id of one of the {len(problems)} problems of "
            f"{config.problems}, such as --problem {problems.summary(0).id}; they are listed by: "
            f"cppo problems list {config.problems}"
        )
    return problems[0]


def _summary(problem: Problem, report: Report) -> str:
    """One line: the verdict, and the first test that failed."""
    failed = [i for i, test in enumerate(report.tests) if test.verdict is not Verdict.AC]
    if not failed:
        return (
            f"{report.verdict.value} on {problem.id}: {printable(report.message) or 'no test ran'}"
        )
    first, test = failed[0], report.tests[failed[0]]
    kind = "public" if problem.tests[first] in problem.public_tests else "hidden"
    said = f", {printable(test.message)}" if test.message else ""
    return (
        f"{report.verdict.value} on {problem.id}: {kind} test {first + 1} of "
        f"{len(problem.tests)} is {test.verdict.value}{said}"
    )


def _show(problem: Problem, report: Report, failures: list[FailedTest]) -> None:
    console = Console()
    colour = "green" if report.verdict is Verdict.AC else "red"
    console.print(
        f"[bold {colour}]{report.verdict.value}[/] {problem.id}: {report.verdict.name}",
        highlight=False,
    )
    if not report.tests and report.message:
        console.print(printable(report.message), markup=False, highlight=False)
    table = Table("test", "kind", "verdict", "CPU s", "wall s", "MiB", "message")
    for number, test in enumerate(report.tests[:SHOWN], start=1):
        kind = "public" if problem.tests[number - 1] in problem.public_tests else "hidden"
        figures = f"{test.cpu_s:.3f}", f"{test.wall_s:.3f}", f"{test.memory_bytes / MIB:.1f}"
        table.add_row(
            str(number), kind, test.verdict.value, *figures, Text(printable(test.message))
        )
    if report.tests:
        console.print(table)
    for one in failures:
        console.print(f"public test {one.test}", style="bold", highlight=False)
        for name in ("input", "expected", "got", "stderr"):
            if (text := getattr(one, name)) is not None:
                console.print(
                    f"  {name + ':':<10}{_indented(printable(text))}",
                    markup=False,
                    highlight=False,
                    soft_wrap=True,
                )
    passed = sum(test.verdict is Verdict.AC for test in report.tests)
    console.print(f"{passed} of {len(problem.tests)} tests passed, {len(report.tests)} ran")


def _indented(text: str) -> str:
    return text.rstrip("\n").replace("\n", "\n" + " " * 12) or "(nothing)"
