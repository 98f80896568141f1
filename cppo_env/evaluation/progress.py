"""The progress of an evaluation, on standard error."""

from __future__ import annotations

import contextlib
from collections.abc import Generator

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from cppo_env import progress

LINES = 8
"""Maximum number of progress lines without a terminal."""


class Bar:
    """The progress of an evaluation: a live bar on a terminal, a line now and then elsewhere."""

    def __init__(self, console: Console, shown: Progress, label: str):
        self._console, self._progress, self._label = console, shown, label
        self._task = shown.add_task(label, total=None, note="")
        self._printed = 0

    def show(self, done: int, total: int, note: str) -> None:
        """Say how many episodes are done."""
        self._progress.update(self._task, total=total, completed=done, note=note)
        progress.tell("progress", stage=self._label, done=done, total=total, note=note)
        reached = done * LINES // total if total else 0
        if progress.lines(self._console) and reached > self._printed:
            self._printed = reached
            self._console.print(
                f"{self._label}  {done}/{total}  {note}", highlight=False, soft_wrap=True
            )


@contextlib.contextmanager
def shown_progress(label: str, shown: bool) -> Generator[Bar]:
    """A progress bar on standard error, so that standard output stays clean; or none."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True, quiet=not shown)
    with Progress(*columns, console=console, disable=not progress.live(console)) as shown_bar:
        yield Bar(console, shown_bar, label)
