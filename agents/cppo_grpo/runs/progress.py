"""Progress of a run: one live line on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from rich.console import Console
from rich.progress import Progress, ProgressColumn, Task
from rich.text import Text

from cppo_env.progress import lines, live, tell

LINES_PER_STAGE = 8
"""Lines printed per stage without a live line."""

BAR_WIDTH = 24

WITHIN: ContextVar[tuple[str, float]] = ContextVar("within", default=("", 0.0))
"""The part of a larger work that is at work, and the seconds of the parts behind it."""


@contextmanager
def within(title: str, later_s: float) -> Generator[None]:
    """Stages of this block are parts of a larger work, and say so."""
    token = WITHIN.set((f"{title} ", later_s))
    try:
        yield
    finally:
        WITHIN.reset(token)


def main_console() -> Console:
    """The console for progress; among launched processes only the first one shows any."""
    return Console(quiet=os.environ.get("RANK", "0") != "0")


class Stage:
    """The progress of one stage."""

    def __init__(self, console: Console, progress: Progress, title: str, steps: int, done: int):
        around, later_s = WITHIN.get()
        self.console, self.progress, self.steps = console, progress, steps
        self.title = around + title
        self.task = progress.add_task(
            self.title, total=steps, completed=done, figures={}, later_s=later_s
        )

    def show(self, done: int, figures: Mapping[str, float]) -> None:
        """Show the position in the stage and its figures, the most important first."""
        self.progress.update(self.task, completed=done, figures=figures)
        tell("progress", stage=self.title, done=done, total=self.steps, figures=dict(figures))
        every = max(1, self.steps // LINES_PER_STAGE)
        if lines(self.console) and (done % every == 0 or done == self.steps):
            self.console.print(
                "  ".join([f"{self.title}  {done}/{self.steps}", *_written(figures)]),
                highlight=False,
                soft_wrap=True,
            )


@contextmanager
def stage(console: Console, title: str, steps: int, done: int = 0) -> Generator[Stage]:
    """Show a stage of `steps` steps."""
    with Progress(_Line(console), console=console, disable=not live(console)) as progress:
        yield Stage(console, progress, title, steps, done)


class _Line(ProgressColumn):
    """A stage in one line of whole words; drops what does not fit the terminal, the bar first."""

    max_refresh = 0.1

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def render(self, task: Task) -> Text:
        title = Text(task.description, "bold")
        count = Text(f"{int(task.completed)}/{int(task.total or 0)}")
        figures = [Text(one, "cyan") for one in _written(task.fields["figures"])]
        bar = Text("━" * int(BAR_WIDTH * (task.percentage / 100)), "green")
        bar.append("━" * (BAR_WIDTH - len(bar)), "bright_black")
        elapsed = Text(_clock(task.elapsed), "yellow")
        left = Text(_left(task.time_remaining, task.fields["later_s"]))
        # In the order in which they are given room; the line shows them in that of `parts`.
        wanted = [title, count, left, *figures, elapsed, bar]
        parts = [title, bar, count, *figures, elapsed, left]
        room, kept = self._console.width + 2, set[int]()
        for part in wanted:
            if len(part) + 2 > room:
                break
            room -= len(part) + 2
            kept.add(id(part))
        line = Text("  ").join(part for part in parts if id(part) in kept)
        line.no_wrap = True
        return line


def _written(figures: Mapping[str, float]) -> list[str]:
    return [f"{name} {_short(value)}" for name, value in figures.items()]


def _left(seconds: float | None, later_s: float) -> str:
    whole = f", {_clock(seconds + later_s)} in all" if seconds is not None and later_s else ""
    return f"{_clock(seconds)} left{whole}"


def _clock(seconds: float | None) -> str:
    if seconds is None:
        return "-:--"
    minutes, seconds = divmod(int(seconds), 60)
    return (
        f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
        if minutes >= 60
        else f"{minutes}:{seconds:02}"
    )


def _short(value: float) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
