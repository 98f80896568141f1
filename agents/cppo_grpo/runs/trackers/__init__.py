"""Trackers: where a run's figures and episodes go besides its folder, one file each.

`--log_to '[NAME]'` finds a tracker by its entry point in the group `cppo_env.trackers`: a class
that takes the run folder and its settings.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Protocol, runtime_checkable

from cppo_env import plugins
from cppo_env.records import EpisodeRecord
from cppo_grpo.runs.folder import Run
from cppo_grpo.runs.log import LogRow
from cppo_grpo.runs.trackers.episodes import sampled


class Tracker(Protocol):
    """Shows the figures of a run."""

    def log(self, stage: str, step: int, figures: Mapping[str, float], /) -> None:
        """Take the figures of a step. After a crash a resumed run repeats some steps."""
        ...

    def close(self) -> None:
        """The run has ended, or was interrupted."""
        ...


@runtime_checkable
class ShowsEpisodes(Protocol):
    """A tracker that also shows episodes."""

    def log_episodes(self, stage: str, step: int, records: Sequence[EpisodeRecord], /) -> None:
        """Take a sample of the episodes of a step, or of an evaluation."""
        ...


@contextmanager
def tracked(run: Run) -> Generator[None]:
    """Also send what is written into the run to the trackers of its `log_to`.

    Raises:
        UnknownNameError: there is no tracker of that name.
        MissingExtraError: it needs a package that is not installed.
    """
    with ExitStack() as stack:
        for name in run.config.log_to if run.writable else ():
            tracker: Tracker = plugins.load("trackers", name)(run.path, run.config)
            stack.callback(tracker.close)
            run.log.listeners.append(lambda row, tracker=tracker: _pass_on(tracker, row))
            if isinstance(tracker, ShowsEpisodes):
                run.episode_listeners.append(
                    lambda name, records, tracker=tracker: _show(tracker, run, name, records)
                )
        stack.callback(run.log.listeners.clear)
        stack.callback(run.episode_listeners.clear)
        yield


def _show(tracker: ShowsEpisodes, run: Run, name: str, records: Sequence[EpisodeRecord]) -> None:
    """Pass on a sample of an evaluation, and of every step that is due."""
    kind, _, number = name.partition("-")
    every = run.config.log_episodes_every
    if not every or (kind == "step" and int(number) % every):
        return
    if kind not in ("step", "eval", "before", "after"):
        return
    steps = run.log.rows("joint") if kind == "after" else []
    step = int(number or (steps[-1]["step"] if steps else 0))
    stage = "joint" if kind == "step" else "evaluation"
    tracker.log_episodes(stage, step, sampled(records, run.config.seed))


def _pass_on(tracker: Tracker, row: LogRow) -> None:
    stage = "evaluation" if row["stage"] in ("before", "eval", "after") else row["stage"]
    figures = {
        name: value
        for name, value in row.items()
        if isinstance(value, int | float) and name != "step"
    }
    tracker.log(stage, row.get("step", 0), figures)
