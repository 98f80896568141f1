"""What the folders of runs hold, read without their episodes: for `cppo runs` and `cppo view`."""

from __future__ import annotations

import json
import os
import re
import time
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, cast

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
            inside = root.name if path == root else path.relative_to(root)
            name = os.fsencode(inside).decode(errors="replace")  # a name need not be UTF-8
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
    """The overview of one run; what has not changed since the last call is not read again.

    Raises:
        UsageError: the folder holds no run.
    """
    read = _read(path, *(_stamp(path / file) for file in ("config.json", "metrics.jsonl")))
    written = _written_at(path)
    quiet_s = time.time() - written
    ended = read.ended if read.trained else quiet_s > RUNNING_S
    status: Status = "finished" if ended else "stopped"
    if quiet_s < max(RUNNING_S, 5 * read.mean_s) and not ended:
        status = "running"
    running = status == "running" and read.step
    return RunOverview(
        name=name or path.resolve().name,
        path=path,
        trained=read.trained,
        config=read.config,
        recorded=read.recorded,
        status=status,
        step=read.step,
        steps=read.steps if read.trained else 0,
        pass_at_k=read.pass_at_k,
        ci95=read.ci95,
        left_s=(read.steps - read.step) * read.mean_s if running else None,
        written=datetime.fromtimestamp(written),
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """What the files of a run say, whenever they are read."""

    trained: bool
    config: dict[str, Any]
    recorded: dict[str, Any]
    ended: bool
    step: int
    steps: int
    mean_s: float
    pass_at_k: float | None
    ci95: tuple[float, float] | None


@lru_cache(maxsize=4096)
def _read(path: Path, *_: tuple[int, ...] | None) -> _Read:
    config = stored_config(path)
    if config.get("env") is None:
        raise UsageError(f"{path} holds no run: its config.json has no env (it may be a model's)")
    recorded: list[dict[str, Any]] = config.pop(RECORDED, None) or [{}]
    rows = metrics_of(path)
    joint = [row for row in rows if row.get("stage") == "joint"]
    evaluations = [row for row in rows if row.get("stage") in EVALUATIONS]
    shown = (evaluations or joint or [{}])[-1]
    ends, steps = shown.get("ci95"), int(config.get("steps") or 0)
    return _Read(
        trained="algorithm" in config,
        config=config,
        recorded=recorded[-1],
        ended=(len(joint) >= steps and not config.get("eval_episodes"))
        or any(row.get("stage") == "after" for row in rows),
        step=len(joint),
        steps=steps,
        mean_s=_mean([row.get("seconds") or 0.0 for row in joint[-20:]]),
        pass_at_k=shown.get("pass_at_k"),
        ci95=(ends[0], ends[1]) if ends else None,
    )


def _stamp(file: Path) -> tuple[int, ...] | None:
    """What changes whenever a file is written; None without it."""
    try:
        stat = file.stat()
    except FileNotFoundError:
        return None
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def metrics_of(path: Path) -> list[dict[str, Any]]:
    """The complete rows of `metrics.jsonl`; none without the file. Warns of damaged ones."""
    try:
        content = (path / "metrics.jsonl").read_bytes()
    except FileNotFoundError:
        return []
    rows: list[dict[str, Any]] = []
    damaged: list[int] = []
    for number, line in enumerate(content.split(b"\n")[:-1], start=1):
        try:
            row: object = json.loads(line)
        except ValueError:
            row = None
        if isinstance(row, dict):
            rows.append(cast(dict[str, Any], row))
        else:
            damaged.append(number)
    if damaged:
        warnings.warn(
            f"{path / 'metrics.jsonl'}: {len(damaged)} lines are no JSON objects and left out, "
            f"the first is line {damaged[0]}",
            stacklevel=2,
        )
    return rows


def step_of(file: str) -> int:
    """The training step in which, or after which, a file of episodes was played."""
    if file == "after":
        return AFTER
    number = re.search(r"\d+$", file)
    return int(number[0]) if number else 0


def is_evaluation(file: str) -> bool:
    """Whether a file of episodes is of an evaluation, and so of held-out problems in a training."""
    return not file.startswith(("step-", "audit"))


def title_of(file: str) -> str:
    """A file of episodes in words."""
    kind, _, number = file.partition("-")
    if number.isdigit():
        return f"{'evaluation after step' if kind == 'eval' else 'step'} {int(number)}"
    return {"before": "before training", "after": "after training"}.get(file, file)


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
