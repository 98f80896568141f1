"""Trackers: where a run's figures go besides `metrics.jsonl`, one file each.

`--log_to '[NAME]'` finds a tracker by its entry point in the group `cppo_env.trackers`: a class
that takes the run folder and its settings.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Protocol

from cppo_env import plugins
from cppo_grpo.runs.folder import Run
from cppo_grpo.runs.log import LogRow


class Tracker(Protocol):
    """Shows the figures of a run."""

    def log(self, stage: str, step: int, figures: Mapping[str, float], /) -> None:
        """Take the figures of a step. After a crash a resumed run repeats some steps."""
        ...

    def close(self) -> None:
        """The run has ended, or was interrupted."""
        ...


@contextmanager
def tracked(run: Run) -> Generator[None]:
    """Also send what is appended to the run's log to the trackers of its `log_to`.

    Raises:
        UnknownNameError: there is no tracker of that name.
        MissingExtraError: it needs a package that is not installed.
    """
    with ExitStack() as stack:
        for name in run.config.log_to if run.writable else ():
            tracker: Tracker = plugins.load("trackers", name)(run.path, run.config)
            stack.callback(tracker.close)
            run.log.listeners.append(lambda row, tracker=tracker: _pass_on(tracker, row))
        stack.callback(run.log.listeners.clear)
        yield


def _pass_on(tracker: Tracker, row: LogRow) -> None:
    stage = "evaluation" if row["stage"] in ("before", "eval", "after") else row["stage"]
    figures = {
        name: value
        for name, value in row.items()
        if isinstance(value, int | float) and name != "step"
    }
    tracker.log(stage, row.get("step", 0), figures)
