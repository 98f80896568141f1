"""`cppo runs list`, `show` and `rm`: the folders of runs."""

from __future__ import annotations

import dataclasses
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cppo_env.errors import UsageError
from cppo_env.evaluation.folders import (
    RunOverview,
    differing,
    find_runs,
    metrics_of,
    overview_of,
)

SHOWN = "algorithm", "agent", "env", "problems", "split", "filters"
"""Settings that are shown anyway."""


@dataclass(frozen=True)
class RunsConfig:
    """Options of `cppo runs list`."""

    places: list[Path] = field(
        default_factory=lambda: [Path("runs")], metadata={"positional": "many"}
    )
    """Folders of runs, or folders that hold some."""


def list_runs(config: RunsConfig) -> dict[str, Any]:
    """List the runs below some folders: method, status, last pass@K, settings that differ."""
    runs = find_runs(config.places)
    different = [name for name in differing(runs) if name not in SHOWN]
    table = Table(box=SIMPLE, padding=(0, 1, 0, 0))
    table.add_column("run", overflow="fold")
    for name in ("method", "status", "step", "pass@K"):
        table.add_column(name)
    for run in runs:
        figures = run.name, run.method, _status(run), _steps(run), _pass_at_k(run)
        table.add_row(*map(Text, figures))
    console = Console()
    if runs:
        console.print(table)
    else:
        said = ", ".join(map(str, config.places))
        console.print(f"no runs in {said}; cppo train and cppo eval --run make some")
    problems = {run.problems for run in runs}
    if len(problems) == 1:
        console.print(Text(f"problems: {problems.pop()}"), soft_wrap=True)
    for run in runs if different or problems else []:
        settings = [f"{name}={run.config[name]}" for name in different if name in run.config]
        said = ", ".join([*([run.problems] if problems else []), *settings])
        console.print(Text(f"{run.name}: {said}", style="dim"), soft_wrap=True)
    return {"runs": [_row(run) for run in runs], "different_settings": differing(runs)}


@dataclass(frozen=True)
class ShowConfig:
    """Options of `cppo runs show`."""

    run: Path
    """Folder of a run."""


def show_run(config: ShowConfig) -> dict[str, Any]:
    """Show one run: its status, last figures, settings and where it ran."""
    run = overview_of(config.run)
    rows = metrics_of(config.run)
    last = {row["stage"]: row for row in rows if "stage" in row}
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    facts = {
        "method": run.method,
        "problems": run.problems,
        "status": f"{_status(run)}, last written {run.written:%Y-%m-%d %H:%M}",
        "steps": _steps(run),
        "pass@K": _pass_at_k(run),
        "commit": str(run.recorded.get("commit", "")),
        **{name: str(value) for name, value in run.recorded.get("versions", {}).items()},
        "settings": ", ".join(
            f"{name}={value}" for name, value in run.config.items() if value not in (None, [], {})
        ),
    }
    for name, value in facts.items():
        if value:
            table.add_row(name, Text(value))
    Console().print(table)
    return _row(run) | {"last_rows": last, "config": run.config, "recorded": run.recorded}


@dataclass(frozen=True)
class RemoveConfig:
    """Options of `cppo runs rm`."""

    run: Path
    """Folder of a run."""
    yes: bool = False
    """Do not ask."""


def remove_run(config: RemoveConfig) -> dict[str, Any]:
    """Delete the folder of a run; asks first, and refuses one that is running."""
    run = overview_of(config.run)
    if run.status == "running":
        raise UsageError(f"{config.run} is running; stop it first (Ctrl-C leaves a checkpoint)")
    if config.run.is_symlink():
        raise UsageError(f"{config.run} is a link; give the folder itself")
    if not config.yes:
        if not sys.stdin.isatty():
            raise UsageError(f"nobody can be asked here; to delete {config.run}, add --yes true")
        said = input(
            f"delete {config.run} ({run.method}, {_steps(run) or 'an evaluation'})? [y/N] "
        )
        if said.strip().lower() not in ("y", "yes"):
            return {"deleted": None}
    shutil.rmtree(config.run)
    print(f"deleted {config.run}")
    return {"deleted": str(config.run)}


def _row(run: RunOverview) -> dict[str, Any]:
    left = "config", "recorded"
    return {
        one.name: getattr(run, one.name) for one in dataclasses.fields(run) if one.name not in left
    } | {"method": run.method, "problems": run.problems}


def _status(run: RunOverview) -> str:
    return run.status if run.left_s is None else f"{run.status}, {run.left_s / 60:.0f} min"


def _steps(run: RunOverview) -> str:
    return f"{run.step}/{run.steps}" if run.trained else ""


def _pass_at_k(run: RunOverview) -> str:
    if run.pass_at_k is None:
        return ""
    ends = f" [{run.ci95[0]:.3f}, {run.ci95[1]:.3f}]" if run.ci95 else ""
    return f"{run.pass_at_k:.3f}{ends}"
