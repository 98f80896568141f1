"""`cppo problems overlap`: which sets share problems?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cppo_env import plugins
from cppo_env.errors import ProblemDataError, UsageError
from cppo_env.problems import Problems, load_problems
from cppo_env.problems.files.sources import imported_names
from cppo_env.problems.validation.overlap import THRESHOLD, Match, Statements, compare

SHOWN = 40
"""Pairs of problems that are printed; the JSON result holds them all."""


@dataclass(frozen=True)
class OverlapConfig:
    """Options of `cppo problems overlap`."""

    sets: list[str] = field(default_factory=list[str], metadata={"positional": "many"})
    """Paths or names of problem sets. Default: all installed sets whose data are here."""
    splits: list[str | None] | None = None
    """A split for each set, such as [train, test]; null takes all of one."""
    threshold: float | None = THRESHOLD
    """Minimum similarity of near-duplicates, 0 to 1; null compares by hash only."""


def overlap_problems(config: OverlapConfig) -> dict[str, Any]:
    """Say which problems two sets share, or how many any of several do."""
    names = [*config.sets]
    if len(names) == 1:
        raise UsageError(f"got one set, {names[0]}; expected two or more, or none for all that are")
    splits = config.splits or [None] * len(names)
    if len(splits) != len(names):
        raise UsageError(f"splits: got {len(splits)} for {len(names)} sets, expected one for each")
    labels = [
        name if split is None else f"{name}:{split}"
        for name, split in zip(names, splits, strict=True)
    ]
    if len({*labels}) < len(labels):
        raise UsageError("sets: got one of them twice, expected different sets or splits")
    console = Console()
    loaded = {
        label: load_problems(name, split=split)
        for label, name, split in zip(labels, names, splits, strict=True)
    } or _installed(console)
    statements = {label: Statements(problems) for label, problems in loaded.items()}
    matches = {
        (a, b): compare(statements[a], statements[b], config.threshold)
        for a, b in combinations(statements, 2)
    }
    if len(statements) == 2:
        _show_pairs(console, *matches.values())
    else:
        _show_matrix(console, {name: len(one) for name, one in loaded.items()}, matches)
    for (a, b), found in matches.items():
        if found or len(statements) == 2:
            equal = sum(match.equal for match in found)
            console.print(
                f"{a} and {b}, {len(loaded[a])} and {len(loaded[b])} problems: {equal} pairs "
                f"equal, {len(found) - equal} similar",
                soft_wrap=True,
            )
    return {
        "sets": {name: len(one) for name, one in loaded.items()},
        "pairs": [
            {
                "a": a,
                "b": b,
                "equal": sum(match.equal for match in found),
                "similar": sum(not match.equal for match in found),
                "matches": [asdict(match) for match in found],
            }
            for (a, b), found in matches.items()
        ],
    }


def _installed(console: Console) -> dict[str, Problems]:
    """The sets by name whose data are on this machine."""
    found: dict[str, Problems] = {}
    absent: list[str] = []
    for name in dict.fromkeys([*plugins.names("problems"), *imported_names()]):
        try:
            found[name] = load_problems(name)
        except ProblemDataError:
            absent.append(name)
    if absent:
        console.print(f"not here: {', '.join(absent)}; see: cppo problems list", soft_wrap=True)
    if len(found) < 2:
        raise UsageError(f"got {len(found)} sets that are here, expected two or more")
    return found


def _show_pairs(console: Console, matches: Sequence[Match]) -> None:
    if not matches:
        return
    table = Table("a", "b", "similarity")
    for match in matches[:SHOWN]:
        likeness = "equal" if match.equal else f"{match.similarity:.2f}"
        table.add_row(Text(match.a), Text(match.b), likeness)
    console.print(table)
    if len(matches) > SHOWN:
        console.print(f"{len(matches) - SHOWN} more pairs, which --json PATH lists")


def _show_matrix(
    console: Console,
    sizes: Mapping[str, int],
    matches: Mapping[tuple[str, str], Sequence[Match]],
) -> None:
    """How many problems of a row's set are in a column's: equal, and only similar."""
    columns = [str(number) for number in range(1, len(sizes) + 1)]
    title = "problems of a row that are in a column: equal + similar"
    table = Table("", "", *columns, title=title)
    for number, row in zip(columns, sizes, strict=True):
        cells = [_shared(row, column, sizes, matches) for column in sizes]
        table.add_row(number, Text(row, overflow="fold"), *cells)
    console.print(table)


def _shared(
    row: str,
    column: str,
    sizes: Mapping[str, int],
    matches: Mapping[tuple[str, str], Sequence[Match]],
) -> str:
    if row == column:
        return f"of {sizes[row]}"
    found = matches.get((row, column), ()) or matches.get((column, row), ())
    first = (row, column) in matches
    equal = {match.a if first else match.b for match in found if match.equal}
    similar = {match.a if first else match.b for match in found} - equal
    return f"{len(equal)} + {len(similar)}" if found else "–"
