"""`cppo problems overlap`: do two sets share problems?"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cppo_env.problems import load_problems
from cppo_env.problems.validation.overlap import THRESHOLD, overlap

SHOWN = 40


@dataclass(frozen=True)
class OverlapConfig:
    """Options of `cppo problems overlap`."""

    a: str
    """Path or name of a problem set."""
    b: str
    """Path or name of another one."""
    split_a: str | None = None
    """Part of the first set."""
    split_b: str | None = None
    """Part of the second set."""
    threshold: float | None = THRESHOLD
    """Minimum similarity of near-duplicates, 0 to 1; null compares by hash only."""


def overlap_problems(config: OverlapConfig) -> dict[str, Any]:
    """List the problems that two sets share, by statement hash and by similarity."""
    first, second = (
        load_problems(config.a, split=config.split_a),
        load_problems(config.b, split=config.split_b),
    )
    matches = overlap(first, second, threshold=config.threshold)
    console = Console()
    if matches:
        table = Table("a", "b", "similarity")
        for match in matches[:SHOWN]:
            table.add_row(
                Text(match.a), Text(match.b), "equal" if match.equal else f"{match.similarity:.2f}"
            )
        console.print(table)
    equal = sum(match.equal for match in matches)
    console.print(
        f"{len(first)} and {len(second)} problems: {equal} equal, {len(matches) - equal} similar"
    )
    return {
        "a": len(first),
        "b": len(second),
        "equal": equal,
        "matches": [asdict(match) for match in matches],
    }
