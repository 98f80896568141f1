"""`cppo problems list`: what a problem set holds."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cppo_env import plugins
from cppo_env.errors import ProblemDataError
from cppo_env.problems import Problems, load_problems
from cppo_env.problems.files import sources
from cppo_env.problems.views import Summary, indexed

NUMBERS = ("tests", "chars")
"""Columns that hold numbers."""


@dataclass(frozen=True)
class ListConfig:
    """Options of `cppo problems list`."""

    problems: str = field(default="", metadata={"positional": True})
    """Path (published layout, store or keep-list) or name of a set. Default: list the sets."""
    split: str | None = None
    """Part of the set."""
    difficulty: str | None = None
    """Difficulty, in the set's own words."""
    platform: str | None = None
    """Site that the problems come from."""
    filters: dict[str, Any] = field(default_factory=dict[str, Any])
    """Further filters, such as --filters.version=v6 --filters.start_date=2025-01-01."""
    limit: int = 30
    """Number of problems to print; the JSON result holds all."""


def list_problems(config: ListConfig) -> dict[str, Any]:
    """List the installed problem sets, or the problems of one."""
    if not config.problems:
        return _list_sets()
    named = {"split": config.split, "difficulty": config.difficulty, "platform": config.platform}
    problems = indexed(load_problems(config.problems, **{**named, **config.filters}))
    rows = [problems.summary(index) for index in range(len(problems))]
    shown = [_cells(row) for row in rows[: config.limit]]
    columns = [name for name in _cells(rows[0]) if any(cells[name] for cells in shown)]
    table = Table(title=config.problems, title_justify="left", box=None, padding=(0, 2, 0, 0))
    for name in columns:
        width = max(len(name), *(len(cells[name]) for cells in shown)) if name != "id" else 12
        table.add_column(
            name,
            justify="right" if name in NUMBERS else "left",
            no_wrap=name != "id",
            min_width=width,
        )
    for cells in shown:
        table.add_row(*(Text(cells[name]) for name in columns))
    console = Console()
    console.print(table)
    more = (
        f", {len(rows) - config.limit} of them not shown (--limit)"
        if len(rows) > config.limit
        else ""
    )
    console.print(f"{len(rows)} problem{'s' if len(rows) != 1 else ''}{more}")
    _print_refusals(console, problems)
    return {
        "problems": [asdict(row) for row in rows],
        "refused": [asdict(refusal) for refusal in problems.refused],
    }


def _cells(row: Summary) -> dict[str, str]:
    return {
        "id": row.id,
        "split": row.split or "",
        "difficulty": row.difficulty or "",
        "platform": row.platform or "",
        "date": (row.date or "")[:10],
        "tests": str(row.tests),
        "program": "function" if row.call_based else "stdin",
        "chars": str(row.statement_chars),
    }


def _print_refusals(console: Console, problems: Problems) -> None:
    if not problems.refused:
        return
    console.print(f"{len(problems.refused)} records refused:", style="yellow")
    for refusal in problems.refused[:10]:
        console.print(f"  {refusal}", markup=False, highlight=False, soft_wrap=True)


def _list_sets() -> dict[str, Any]:
    """The installed sets, and whether their data are on this machine."""
    table = Table("name", "problems", "platforms", title="problem sets")
    found: dict[str, int | None] = {}
    known = plugins.names("problems")
    for name in [*known, *(one for one in sources.imported_names() if one not in known)]:
        try:
            problems = load_problems(name)
        except ProblemDataError as error:
            found[name] = None
            table.add_row(name, "absent", str(error).partition("; ")[2])
            continue
        found[name] = len(problems)
        metadata = [problems[index].metadata for index in range(min(len(problems), 200))]
        sites = Counter(str(values["platform"]) for values in metadata if values.get("platform"))
        table.add_row(name, str(len(problems)), ", ".join(sites))
    Console().print(table)
    return {"sets": found}
