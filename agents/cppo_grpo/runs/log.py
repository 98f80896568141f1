"""The metrics of a run as JSON lines: one row per warm-start step, joint step and evaluation."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from cppo_env.atomic import naming, write_atomically
from cppo_env.errors import CppoError

LogRow = dict[str, Any]

PARTS = ("plan", "solve", "judge", "update")
"""The parts of a step that are timed."""


def time_shares(rows: Iterable[LogRow]) -> dict[str, float]:
    """Part → its share of the total time of some steps."""
    rows = list(rows)
    seconds = {part: sum(row[f"seconds_{part}"] for row in rows) for part in PARTS}
    return {part: own / max(sum(seconds.values()), 1e-9) for part, own in seconds.items()}


class MetricsLog:
    """`metrics.jsonl` of a run folder; without `writable` it only reads and drops new rows."""

    def __init__(self, path: Path, *, writable: bool = True):
        self.path, self.writable = path, writable
        self.listeners: list[Callable[[LogRow], None]] = []
        """Told of every row."""
        path.parent.mkdir(parents=True, exist_ok=True)

    def append(self, row: LogRow) -> None:
        """Add a row."""
        if not self.writable:
            return
        with naming(self.path), self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        for listener in self.listeners:
            listener(row)

    def rows(self, stage: str | None = None) -> list[LogRow]:
        """All rows, or those of one stage; skips a line that a crash left unfinished.

        Raises:
            CppoError: another line is damaged.
        """
        if not self.path.exists():
            return []
        rows = [
            self._row(number, line)
            for number, line in enumerate(self.path.read_bytes().split(b"\n")[:-1], start=1)
        ]
        return [row for row in rows if stage is None or row["stage"] == stage]

    def _row(self, number: int, line: bytes) -> LogRow:
        try:
            row: Any = json.loads(line)
            row["stage"]
        except (ValueError, TypeError, KeyError) as error:
            raise CppoError(
                f"{self.path}:{number}: {type(error).__name__}: {error}; expected a row of "
                "metrics; mend or delete the line"
            ) from error
        return row

    def rewind(self, stage: str, steps: int) -> None:
        """Drop the rows of a stage after its first `steps` steps, which will be repeated."""
        if not self.writable:
            return
        kept = [row for row in self.rows() if row["stage"] != stage or row.get("step", 1) <= steps]
        write_atomically(self.path, "".join(json.dumps(row) + "\n" for row in kept))
