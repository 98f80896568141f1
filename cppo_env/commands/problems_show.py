"""`cppo problems show`: one problem, as people read it."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cppo_env.problems import load_problems, summarise
from cppo_env.problems.layouts.cues import judge_cues
from cppo_env.problems.readable import readable
from cppo_env.problems.validation.known_programs import programs_of
from cppo_env.problems.views import indexed
from cppo_env.types import MIB, CheckerProgram, Problem, TestCase

EXAMPLE_CHARS = 400


@dataclass(frozen=True)
class ShowConfig:
    """Options of `cppo problems show`."""

    id: str
    """The problem's id."""
    problems: str = "samples"
    """Path (any published layout, a store or a keep-list) or name of a problem set."""
    tests: bool = False
    """Also show the first hidden tests."""
    raw: bool = False
    """Show the statement as agents see it: its maths as LaTeX."""


def show(config: ShowConfig) -> dict[str, Any]:
    """Print one problem: statement, limits, examples, counts."""
    problems = indexed(load_problems(config.problems))
    problem = problems[problems.index(config.id)]
    console = Console()
    statement = problem.statement if config.raw else readable(problem.statement)
    console.print(Panel(Text(statement), title=Text(problem.id)))
    if problem.starter_code.strip():
        console.print(Panel(Text(problem.starter_code), title="starter code"))
    console.print(_facts(problem))
    examples = list(problem.public_tests)
    if config.tests:
        examples = [problem.tests[index] for index in range(min(3, len(problem.tests)))]
    for number, test in enumerate(examples[:3], start=1):
        console.print(
            Panel(_example(test), title=f"{'test' if config.tests else 'example'} {number}")
        )
    return {
        **asdict(summarise(problem)),
        "statement": problem.statement,
        "starter_code": problem.starter_code,
        "entry_point": problem.entry_point,
        "limits": asdict(problem.limits),
        "checker": _checker(problem, "(a function)"),
        "references": len(problem.references),
        "wrong": len(problem.wrong),
        "cues": list(judge_cues(problem.statement)),
        "losses": list(problem.metadata.get("losses", ())),
    }


def _facts(problem: Problem) -> Table:
    limits = problem.limits
    table = Table(show_header=False, box=None)
    rows = {
        "program": f"function {problem.entry_point}"
        if problem.entry_point
        else "standard input to standard output",
        "limits": f"{limits.cpu_s:g} s CPU, {limits.wall_s:g} s wall clock, "
        f"{limits.memory_bytes / MIB:.0f} MiB",
        "tests": f"{len(problem.tests)}, of which {len(problem.public_tests)} public",
        "checker": _checker(problem, "a function"),
        "known programs": _known_programs(problem),
        **{
            key: str(problem.metadata.get(key) or "")
            for key in ("dataset", "split", "difficulty", "platform", "url")
        },
        "date": str(problem.metadata.get("date") or "")[:10],
        "statement": _warnings(problem),
    }
    for name, value in rows.items():
        if value:
            table.add_row(name, Text(value))
    return table


def _checker(problem: Problem, otherwise: str) -> str:
    if isinstance(problem.checker, CheckerProgram):
        return problem.checker.name
    return problem.checker if isinstance(problem.checker, str) else otherwise


def _known_programs(problem: Problem) -> str:
    counts = Counter((known.language, known.right) for known in programs_of(problem))
    parts = [
        f"{count} {'right' if right else 'wrong'} in {language}"
        for (language, right), count in counts.items()
    ]
    return ", ".join(parts) or "none"


def _warnings(problem: Problem) -> str:
    cues, losses = judge_cues(problem.statement), problem.metadata.get("losses", ())
    parts = [f"speaks of {' and '.join(cues)}"] if cues else []
    parts += [f"lost as plain text: {', '.join(losses)}"] if losses else []
    return "; ".join(parts)


def _example(test: TestCase) -> Text:
    def shortened(text: str) -> str:
        return (
            text
            if len(text) <= EXAMPLE_CHARS
            else f"{text[:EXAMPLE_CHARS]}… ({len(text)} characters)"
        )

    return Text(f"{shortened(test.input).rstrip()}\n→\n{shortened(test.output).rstrip()}")
