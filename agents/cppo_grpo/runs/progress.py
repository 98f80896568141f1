"""What a person sees of a run: one live line on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


def main_console() -> Console:
    """Where a run shows its progress; of several processes that a launcher started only the first one shows any."""
    return Console(quiet=os.environ.get("RANK", "0") != "0")


LINES_PER_STAGE = 8
"""Lines that a stage prints where there is no terminal."""


class Stage:
    """The progress of one stage."""

    def __init__(self, console: Console, progress: Progress, title: str, steps: int):
        self.console, self.progress, self.title, self.steps = console, progress, title, steps
        self.task = progress.add_task(title, total=steps, figures="")

    def show(self, done: int, figures: dict[str, Any]) -> None:
        """Say how far the stage is and what its figures are."""
        text = "  ".join(f"{name} {_short(value)}" for name, value in figures.items())
        self.progress.update(self.task, completed=done, figures=text)
        every = max(1, self.steps // LINES_PER_STAGE)
        if not self.console.is_terminal and (done % every == 0 or done == self.steps):
            self.console.print(
                f"{self.title}  {done}/{self.steps}  {text}", highlight=False, soft_wrap=True
            )


@contextmanager
def stage(console: Console, title: str, steps: int, done: int = 0) -> Iterator[Stage]:
    """Show a stage of so many steps."""
    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.completed}/{task.total}"),
        TextColumn("[cyan]{task.fields[figures]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        one = Stage(console, progress, title, steps)
        one.progress.update(one.task, completed=done)
        yield one


def _short(value: Any) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
