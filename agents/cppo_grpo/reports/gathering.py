"""Gather the runs of a report: finished, interrupted and damaged ones, by method."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from cppo_env.errors import CppoError, UsageError
from cppo_env.evaluation.comparison.loading import FinishedRun, load_run, require_comparable
from cppo_env.evaluation.comparison.methods import Method, by_set, group_runs
from cppo_env.evaluation.folders import RunOverview, metrics_of, overview_of, step_of
from cppo_env.plotting import COLOURS
from cppo_env.sources import ProblemSource
from cppo_grpo.runs.log import LogRow


@dataclass(frozen=True, slots=True)
class Reported:
    """A run of a report."""

    run: FinishedRun
    overview: RunOverview
    rows: Sequence[LogRow]
    """All rows of its metrics; none of an evaluation."""

    @property
    def finished(self) -> bool:
        """Whether it has the evaluation that it is compared by."""
        return bool(self.run.records)

    @property
    def joint(self) -> list[LogRow]:
        """The rows of its training steps."""
        return [row for row in self.rows if row.get("stage") == "joint" and "step" in row]

    @property
    def why_unfinished(self) -> str:
        """How far a run has come that has no evaluation to be compared by."""
        one = self.overview
        if one.status == "finished":
            return "finished without a held-out evaluation (--eval_episodes)"
        return f"{one.status} at step {one.step} of {one.steps}"


@dataclass(frozen=True, slots=True)
class Gathered:
    """The runs of a report."""

    methods: Mapping[str, Sequence[Reported]]
    """Label → its runs, in the order of their seeds."""
    damaged: Sequence[tuple[Path, str]]
    """Runs that cannot be shown, and why."""
    notes: Sequence[str]
    """What was left out of runs that are shown."""

    @property
    def runs(self) -> list[Reported]:
        """All of them."""
        return [run for runs in self.methods.values() for run in runs]

    @property
    def labels(self) -> list[str]:
        """The method of each of them."""
        return [label for label, runs in self.methods.items() for _ in runs]

    @property
    def interrupted(self) -> list[Reported]:
        """Those without the evaluation that they would be compared by."""
        return [run for run in self.runs if not run.finished]

    @property
    def set_names(self) -> list[str]:
        """The problem sets that its runs were evaluated on."""
        return list(dict.fromkeys(run.run.set_name for run in self.runs))

    def on(self, set_name: str) -> dict[str, list[Reported]]:
        """The methods with their runs on one problem set."""
        found = {
            label: [run for run in runs if run.run.set_name == set_name]
            for label, runs in self.methods.items()
        }
        return {label: runs for label, runs in found.items() if runs}

    @property
    def colours(self) -> dict[str, str]:
        """The colour of each method."""
        return {label: COLOURS[n % len(COLOURS)] for n, label in enumerate(self.methods)}

    def sets(self) -> dict[str, list[Method]]:
        """Problem set → methods with the runs that are finished.

        Raises:
            UsageError: the runs do not fit together.
        """
        finished = {
            label: [one.run for one in runs if one.finished] for label, runs in self.methods.items()
        }
        return by_set({label: runs for label, runs in finished.items() if runs})


def gather(places: Sequence[str]) -> Gathered:
    """Read the runs in some places; see `methods.group_runs` for what a place is.

    Raises:
        UsageError: a place holds no run, no run can be shown, or runs do not fit together.
    """
    damaged: list[tuple[Path, str]] = []

    def load(path: Path) -> FinishedRun | None:
        try:
            return load_run(path, unfinished=True)
        except CppoError as error:
            damaged.append((path, " ".join(str(error).split())))
            return None

    groups = group_runs(places, load)
    if not groups:
        path, why = damaged[0]
        raise UsageError(f"none of the {len(damaged)} runs can be shown; {path}: {why}")
    for name in {run.set_name for runs in groups.values() for run in runs}:
        require_comparable(
            [run for runs in groups.values() for run in runs if run.set_name == name]
        )
    sources = _read_once([run for runs in groups.values() for run in runs])
    methods: dict[str, list[Reported]] = {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for label, runs in groups.items():
            methods[label] = [
                Reported(
                    replace(run, source=sources[run.set_name]),
                    overview_of(run.path),
                    metrics_of(run.path),
                )
                for run in sorted(runs, key=lambda one: one.seed)
            ]
    notes = list(dict.fromkeys(str(one.message) for one in caught))
    return Gathered(methods, damaged, notes)


def _read_once(runs: Sequence[FinishedRun]) -> dict[str, ProblemSource]:
    """Problem set → its problems; those that cannot be read are asked for again, and then said."""
    found: dict[str, ProblemSource] = {}
    for run in runs:
        if run.set_name not in found:
            try:
                found[run.set_name] = run.source.loaded()
            except (CppoError, OSError):
                found[run.set_name] = run.source
    return found


def settings_that_differ(gathered: Gathered) -> dict[str, dict[str, str]]:
    """Setting → method → its value, or its values, for the settings in which runs differ.

    The seed, and what is of a call or of the machine, is in the table of the runs.
    """
    names = dict.fromkeys(
        name for run in gathered.runs for name in (*run.run.method, "eval_episodes")
    )
    found: dict[str, dict[str, str]] = {}
    for name in names:
        values = {
            label: _together([run.overview.config.get(name) for run in runs])
            for label, runs in gathered.methods.items()
        }
        if len({*values.values()}) > 1:
            found[name] = values
    return found


def evaluations_of(run: Reported) -> dict[int, str]:
    """Step → the file of the evaluation after it, those during training among them."""
    last = max((row["step"] for row in run.joint), default=0)
    folder = run.run.path / "rollouts"
    files = [path.stem for path in folder.glob("*.jsonl")]
    found = {step_of(one): one for one in files if one.startswith("eval-")}
    if "before" in files:
        found[0] = "before"
    if "after" in files and run.joint:
        found[last] = "after"
    return dict(sorted(found.items()))


def provenance(runs: Sequence[Reported]) -> tuple[dict[str, str], list[dict[str, str]]]:
    """What tells where figures come from: what all runs share, and of each run the rest."""
    known = [_provenance(run) for run in runs]
    shared = {
        name: value for name, value in known[0].items() if all(one[name] == value for one in known)
    }
    return shared, [
        {name: value for name, value in one.items() if name not in shared} for one in known
    ]


def _provenance(run: Reported) -> dict[str, str]:
    recorded = run.overview.recorded
    machine, sandbox, problems, versions = (
        cast(dict[str, Any], recorded.get(name) or {})
        for name in ("machine", "sandbox", "problems", "versions")
    )
    known: dict[str, Any] = {
        "commit": recorded.get("commit"),
        "machine": _joined(machine.get("system"), _counted(machine.get("cores"), "cores")),
        "sandbox": sandbox.get("name"),
        "image": sandbox.get("image_id"),
        "judge's language": sandbox.get("language"),
        "problems": problems.get("count"),
        "fingerprint of the problems": problems.get("fingerprint"),
        "versions": _joined(*map(" ".join, versions.items())),
    }
    return {name: str(value) if value else "not recorded" for name, value in known.items()}


def names_of(runs: Sequence[Reported]) -> list[str]:
    """The paths of runs without what all of them begin with."""
    paths = [str(run.run.path) for run in runs]
    if len(paths) == 1:
        return paths
    shared = os.path.commonpath([os.path.abspath(path) for path in paths])
    return [os.path.relpath(path, shared) for path in paths]


def _together(values: Sequence[Any]) -> str:
    """The value of all seeds of a method, or its first values."""
    first, *others = dict.fromkeys(map(_shown, values))
    return f"{first}, and {len(others)} others" if others else first


def _joined(*parts: str | None) -> str:
    return ", ".join(filter(None, parts))


def _counted(count: int | None, what: str) -> str | None:
    return None if count is None else f"{count} {what}"


def _shown(value: Any) -> str:
    return "–" if value is None else value if isinstance(value, str) else json.dumps(value)
