"""`cppo solve`: one problem, for a person: a plan, K programs, and the one that passes."""

from __future__ import annotations

import dataclasses
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from rich.columns import Columns
from rich.console import Console, Group
from rich.panel import Panel
from rich.syntax import Syntax
from rich.text import Text

from cppo_env.atomic import write_atomically
from cppo_env.commands.failures import FailedTest, public_failures
from cppo_env.errors import CppoError, UsageError
from cppo_env.evaluation.result import evaluate
from cppo_env.records import EpisodeRecord
from cppo_env.rendering import printable
from cppo_env.roles import run_jobs
from cppo_env.sandboxing import borrow_sandbox
from cppo_env.types import Job, Problem, TestCase, Verdict

PANEL = 46
"""Columns of a program, at least; panels stand side by side where the terminal is wide enough."""
_BLOCK = re.compile(r"^(?:[^\n`]*)\n+```[^\n]*\n(.*?)^```\s*$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class SolveConfig:
    """Options of `cppo solve`."""

    statement: Path
    """File of the statement."""
    examples: Path | None = None
    """File of examples: JSON, a list of objects with input and output; or a folder of pairs NAME.in
    and NAME.out. Default: the fenced blocks of the statement under Input and Output."""
    agent: str = "chat"
    """Who solves it: chat, transformers, vllm, another plug-in's name, or ./FILE.py:CLASS."""
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    """Options of the agent, such as --options.model=NAME --options.base_url=http://localhost:8000/v1."""
    output: Path = Path("solution.py")
    """Where the first program that passes every example is written."""
    overwrite: bool = False
    """Replace the output if it exists."""
    k: int = 4
    """Methods of the plan, and programs."""
    seed: int = 0
    """Seed of the agent."""
    sandbox: str = "auto"
    """Where the programs run: auto, docker, local, or another plug-in's name."""
    sandbox_options: dict[str, Any] = field(default_factory=dict[str, Any])
    """Options of the sandbox."""


def solve(config: SolveConfig) -> dict[str, Any]:
    """Solve one problem: plan, write K programs, run the examples, and keep one that passes."""
    if config.output.exists() and not config.overwrite:
        raise UsageError(f"output: {config.output} exists; give another file, or --overwrite true")
    if not config.output.parent.is_dir():
        raise UsageError(f"output: there is no folder {config.output.parent}; make it first")
    problem = _problem(config)
    console = Console()
    with borrow_sandbox(config.sandbox, config.sandbox_options, cache=False) as sandbox:
        played = evaluate(
            config.agent,
            problems=[problem],
            k=config.k,
            sandbox=sandbox,
            seed=config.seed,
            options=config.options,
        )
        [record] = played.records
        # The evaluation stopped each program at its first failure; a person wants to see them all.
        jobs = [
            Job(problem, program, stop_early=False) if program is not None else None
            for program in record.programs
        ]
        reports = iter(run_jobs(sandbox, [job for job in jobs if job is not None]))
        branches: list[dict[str, Any]] = [
            _branch(record, number, None)
            if job is None
            else _branch(record, number, report := next(reports))
            | {"failures": public_failures(sandbox, job, report)}
            for number, job in enumerate(jobs)
        ]
    _show(console, record, branches, len(problem.tests))
    right = [branch for branch in branches if branch["passed"] == len(problem.tests)]
    result = {
        "plan_accepted": record.accepted,
        "reason": record.reason,
        "examples": len(problem.tests),
        "branches": [
            {**one, "failures": [dataclasses.asdict(f) for f in one["failures"]]}
            for one in branches
        ],
        "output": str(config.output) if right else None,
    }
    if not right:
        raise CppoError(
            f"none of the {config.k} programs passes all {len(problem.tests)} examples",
            result=result,
        )
    write_atomically(config.output, right[0]["program"].rstrip("\n") + "\n")
    console.print(
        f"program {right[0]['letter']} passes all {len(problem.tests)} examples: {config.output}",
        soft_wrap=True,
    )
    return result


def _problem(config: SolveConfig) -> Problem:
    statement = _text(config.statement)
    if config.examples is None:
        tests = examples_in(statement)
    elif config.examples.is_dir():
        tests = _pairs(config.examples)
    else:
        tests = _listed(config.examples)
    if not tests:
        raise UsageError(
            f"examples: {config.examples or config.statement} holds none, and without one nothing "
            "tells which program is right; give --examples FILE with a JSON list of objects with "
            "input and output"
        )
    return Problem(config.statement.stem, statement, tests, public_tests=tests)


def examples_in(statement: str) -> tuple[TestCase, ...]:
    """The examples of a statement: fenced blocks under lines that say input and output, in turn."""
    waiting: str | None = None
    tests: list[TestCase] = []
    for match in _BLOCK.finditer(statement):
        title = match[0].partition("\n")[0].lower()
        if "input" in title and "output" not in title:
            waiting = match[1]
        elif "output" in title and waiting is not None:
            tests.append(TestCase(waiting, match[1]))
            waiting = None
    return tuple(tests)


def _pairs(folder: Path) -> tuple[TestCase, ...]:
    inputs = sorted(folder.glob("*.in"))
    for file in inputs:
        if not file.with_suffix(".out").exists():
            raise UsageError(f"examples: {file} has no {file.with_suffix('.out').name} beside it")
    return tuple(TestCase(_text(file), _text(file.with_suffix(".out"))) for file in inputs)


def _listed(file: Path) -> tuple[TestCase, ...]:
    try:
        found: object = json.loads(_text(file))
    except ValueError as error:
        raise UsageError(f"examples: {file} is no JSON ({error})") from error
    rows = cast(list[Any], found) if isinstance(found, list) else [found]
    tests: list[TestCase] = []
    for number, row in enumerate(rows, start=1):
        values = cast(dict[str, Any], row) if isinstance(row, dict) else {}
        given, expected = values.get("input"), values.get("output")
        if not isinstance(given, str) or not isinstance(expected, str):
            raise UsageError(
                f"examples: entry {number} of {file} is {json.dumps(row)[:60]}, expected an object "
                "with the texts input and output"
            )
        tests.append(TestCase(given, expected))
    return tuple(tests)


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not UTF-8 (byte {error.start}); save it as UTF-8") from None


def _branch(record: EpisodeRecord, number: int, report: Any) -> dict[str, Any]:
    tests = report.tests if report is not None else ()
    return {
        "letter": chr(ord("A") + number),
        "method": record.methods[number] if number < len(record.methods) else "",
        "program": record.programs[number],
        "verdict": report.verdict.value if report is not None else Verdict.CE.value,
        "message": (
            report.message if report is not None else f"no program: {record.no_program[number]}"
        ),
        "passed": sum(test.verdict is Verdict.AC for test in tests),
        "failures": list[FailedTest](),
    }


def _show(
    console: Console, record: EpisodeRecord, branches: list[dict[str, Any]], examples: int
) -> None:
    if record.accepted is False:
        why = record.why
        console.print(f"the plan was refused ({printable(why)})", markup=False, soft_wrap=True)
    across = max(1, min(len(branches), console.width // PANEL))
    panels = [_panel(branch, examples) for branch in branches]
    console.print(Columns(panels, width=console.width // across - 1, padding=(0, 1, 0, 0)))


def _panel(branch: dict[str, Any], examples: int) -> Panel:
    parts: list[Any] = [Text(printable(branch["method"] or "no method"), style="italic")]
    if branch["program"] is not None:
        parts.append(Syntax(printable(branch["program"]), "python", word_wrap=True))
    if branch["message"]:
        parts.append(Text(printable(branch["message"]), style="yellow"))
    for one in branch["failures"][:1]:
        parts.append(
            Text(
                f"example {one.test}\ninput: {printable(one.input).strip()}\n"
                f"expected: {printable(one.expected).strip()}\n"
                f"got: {printable(one.got).strip() if one.got is not None else '(nothing)'}",
                style="dim",
            )
        )
    colour = "green" if branch["verdict"] == Verdict.AC else "red"
    title = f"{branch['letter']}: {branch['verdict']}, {branch['passed']} of {examples} examples"
    return Panel(Group(*parts), title=title, border_style=colour)
