"""What the folders of runs hold, read without their episodes: for `cppo runs` and `cppo view`."""

from __future__ import annotations

import json
import os
import re
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from cppo_env.errors import CppoError, UsageError
from cppo_env.evaluation.comparison.loading import is_run, stored_config
from cppo_env.provenance import RECORDED
from cppo_env.sources import source_of

DEPTH = 6
"""Levels below a folder that are searched for runs."""
RUNNING_S = 120.0
"""A run that has written nothing for this long, and for five of its steps, is not running."""
EVALUATIONS = "before", "eval", "after"
"""Stages of `metrics.jsonl` that are evaluations."""

OF_THE_CALL = "run", "resume", "given"
"""Settings of a call, which say nothing about the run."""

AFTER = 1 << 31
"""Step number of the evaluation after training; larger than any."""

Status = Literal["running", "finished", "stopped"]


@dataclass(frozen=True, slots=True)
class RunOverview:
    """One run as a row of a table."""

    name: str
    """Its path relative to the folder that was searched, or its folder's name."""
    path: Path
    trained: bool
    """Whether it is of `cppo train` or `cppo run`; otherwise of `cppo eval`."""
    config: dict[str, Any]
    recorded: dict[str, Any]
    """Its newest provenance."""
    status: Status
    step: int
    """Steps taken; for an evaluation, its episodes files' size says more."""
    steps: int
    pass_at_k: float | None
    """Of the last evaluation; before the first one, of the last training step."""
    ci95: tuple[float, float] | None
    left_s: float | None
    """Seconds that the remaining steps take at the speed of the last ones."""
    written: datetime

    @property
    def method(self) -> str:
        """The algorithm or the agent."""
        return str(self.config.get("algorithm" if self.trained else "agent"))

    @property
    def problems(self) -> str:
        """Source, split and filters of the problems that it learns from or plays."""
        source, split, filters = source_of(self.config, training=self.trained).key
        return ", ".join(filter(None, (source, split, "" if filters == "{}" else filters)))


def find_runs(places: Sequence[Path]) -> list[RunOverview]:
    """The runs at and below some folders, the newest first.

    Raises:
        UsageError: a folder does not exist, or a path is none.
    """
    found: dict[Path, RunOverview] = {}
    for place in places:
        if not place.is_dir():
            raise UsageError(f"{place}: expected a folder of a run, or one that holds runs")
        root = place.resolve()
        for path in _runs_below(root, DEPTH):
            name = root.name if path == root else str(path.relative_to(root))
            try:
                overview = overview_of(path, name)
            except (CppoError, OSError):
                continue  # it has just been deleted, or its settings are being written
            found.setdefault(path, overview)
    named: dict[str, RunOverview] = {}
    for overview in sorted(found.values(), key=lambda one: one.written, reverse=True):
        if overview.name in named:  # two folders of one name: their paths tell them apart
            overview = overview_of(overview.path, str(overview.path).lstrip("/"))
        named[overview.name] = overview
    return list(named.values())


def overview_of(path: Path, name: str | None = None) -> RunOverview:
    """The overview of one run.

    Raises:
        UsageError: the folder holds no run.
    """
    config = stored_config(path)
    if "env" not in config:
        raise UsageError(f"{path} holds no run: its config.json has no env (it may be a model's)")
    recorded: list[dict[str, Any]] = config.pop(RECORDED, None) or [{}]
    rows = metrics_of(path)
    joint = [row for row in rows if row.get("stage") == "joint"]
    evaluations = [row for row in rows if row.get("stage") in EVALUATIONS]
    shown = (evaluations or joint or [{}])[-1]
    written = _written_at(path)
    trained, step, steps = "algorithm" in config, len(joint), int(config.get("steps") or 0)
    mean_s = _mean([row["seconds"] for row in joint[-20:]])
    quiet_s = time.time() - written
    status: Status = "stopped"
    ended = (step >= steps and not config.get("eval_episodes")) or any(
        row.get("stage") == "after" for row in rows
    )
    if ended if trained else quiet_s > RUNNING_S:
        status = "finished"
    if quiet_s < max(RUNNING_S, 5 * mean_s) and status != "finished":
        status = "running"
    ends = shown.get("ci95")
    return RunOverview(
        name=name or path.resolve().name,
        path=path,
        trained=trained,
        config=config,
        recorded=recorded[-1],
        status=status,
        step=step,
        steps=steps if trained else 0,
        pass_at_k=shown.get("pass_at_k"),
        ci95=(ends[0], ends[1]) if ends else None,
        left_s=(steps - step) * mean_s if status == "running" and joint else None,
        written=datetime.fromtimestamp(written),
    )


def metrics_of(path: Path) -> list[dict[str, Any]]:
    """The complete rows of `metrics.jsonl`; none without the file."""
    try:
        content = (path / "metrics.jsonl").read_bytes()
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in content.split(b"\n")[:-1]]


def step_of(file: str) -> int:
    """The training step in which, or after which, a file of episodes was played."""
    if file == "after":
        return AFTER
    number = re.search(r"\d+$", file)
    return int(number[0]) if number else 0


def differing(runs: Iterable[RunOverview]) -> list[str]:
    """The settings in which runs differ, of those that have them."""
    values: defaultdict[str, set[str]] = defaultdict(set)
    for run in runs:
        for name, value in run.config.items():
            values[name].add(json.dumps(value, sort_keys=True))
    return [name for name, found in values.items() if len(found) > 1 and name not in OF_THE_CALL]


def _runs_below(folder: Path, depth: int) -> Iterator[Path]:
    if is_run(folder):
        yield folder
        return
    if not depth:
        return
    with os.scandir(folder) as entries:
        names = sorted(
            entry.name
            for entry in entries
            if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")
        )
    for name in names:
        yield from _runs_below(folder / name, depth - 1)


def _written_at(path: Path) -> float:
    """When the run wrote something last."""
    files = [path / "config.json", path / "metrics.jsonl", path / "rollouts" / "episodes.jsonl"]
    return max(file.stat().st_mtime for file in files if file.exists())


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
