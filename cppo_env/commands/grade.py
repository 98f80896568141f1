"""`cppo grade`: one program on one problem."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cppo_env.assembly import find_problem
from cppo_env.engine import no_program
from cppo_env.errors import UsageError
from cppo_env.parsing import read_program
from cppo_env.parsing.python_source import facts
from cppo_env.problems import load_problems
from cppo_env.rendering import printable
from cppo_env.sandboxing import grade as grade_program
from cppo_env.types import MIB, Problem, Report, Verdict

SHOWN = 30
"""Tests that are printed; the JSON result holds them all."""


@dataclass(frozen=True)
class GradeConfig:
    """Options of `cppo grade`."""

    program: Path
    """File that holds the Python program, or a model's answer with the program in it."""
    problem: str = ""
    """Id of the problem; needed unless the set holds only one."""
    problems: str = "samples"
    """Path of the problems (any published layout) or name of a problem set."""
    split: str | None = None
    """Part of the problem set."""
    sandbox: str = "auto"
    """Where the program runs: auto, docker, local, or another plug-in's name."""
    stop_early: bool = False
    """Stop at the first test that fails."""


def grade(config: GradeConfig) -> dict[str, Any]:
    """Judge a program on the hidden tests of a problem; it is read from the text as in `env.step`."""
    try:
        text = config.program.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"program: {config.program} is not UTF-8 (byte {error.start}); save it as UTF-8"
        ) from None
    problems = load_problems(
        config.problems, **({} if config.split is None else {"split": config.split})
    )
    problem = problems[
        find_problem(problems, config.problem) if config.problem or len(problems) != 1 else 0
    ]
    program = read_program(text)
    report = (
        _without_program(text)
        if program is None
        else grade_program(problem, program, sandbox=config.sandbox, stop_early=config.stop_early)
    )
    _show(problem, report)
    return {"problem_id": problem.id, "n_tests": len(problem.tests), **dataclasses.asdict(report)}


def _without_program(text: str) -> Report:
    """The report on a file without a program, with the syntax error of one that was meant to be one."""
    report, found = no_program(text), facts(text)
    if found.error and "```" not in text:
        return replace(report, message=f"{report.message}; as Python: {found.error}")
    return report


def _show(problem: Problem, report: Report) -> None:
    console = Console()
    colour = "green" if report.verdict is Verdict.AC else "red"
    console.print(
        f"[bold {colour}]{report.verdict.value}[/] {problem.id}: {report.verdict.name}",
        highlight=False,
    )
    if report.message:
        console.print(printable(report.message), markup=False, highlight=False)
    table = Table("test", "verdict", "CPU s", "wall s", "MiB", "message")
    for number, test in enumerate(report.tests[:SHOWN], start=1):
        figures = f"{test.cpu_s:.3f}", f"{test.wall_s:.3f}", f"{test.memory_bytes / MIB:.1f}"
        table.add_row(str(number), test.verdict.value, *figures, Text(printable(test.message)))
    console.print(table)
    passed = sum(test.verdict is Verdict.AC for test in report.tests)
    console.print(f"{passed} of {len(problem.tests)} tests passed, {len(report.tests)} ran")
