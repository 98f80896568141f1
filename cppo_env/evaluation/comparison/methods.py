"""Which finished runs are the same method with another seed, and what the methods are called."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cppo_env.errors import UsageError
from cppo_env.evaluation.comparison.loading import FinishedRun, is_run, load_run


@dataclass(frozen=True, slots=True)
class Method:
    """A method with its runs on one problem set, one for each seed, in the order of the seeds."""

    label: str
    runs: tuple[FinishedRun, ...]

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds of its runs."""
        return tuple(run.seed for run in self.runs)


def load_methods(places: Sequence[str]) -> dict[str, list[Method]]:
    """Problem set → methods, of folders `PATH` or `LABEL=PATH`.

    A path is a run, or a folder of runs. Runs with one label are seeds of one method. Without a
    label, runs of equal settings but the seed are; a folder of such runs gives them its name.

    Raises:
        UsageError: a path holds no finished run, a run is given twice, or methods were not played
            on the same problem sets.
    """
    labelled: list[tuple[str | None, FinishedRun]] = []
    for place in places:
        labelled += _at(place)
    paths = [run.path.resolve() for _, run in labelled]
    if twice := [str(path) for path in dict.fromkeys(paths) if paths.count(path) > 1]:
        raise UsageError(f"runs: {twice[0]} is given twice; give each run once")
    groups: defaultdict[str, list[FinishedRun]] = defaultdict(list)
    labels = _labels([run for label, run in labelled if label is None])
    for label, run in labelled:
        groups[label or labels[_key(run)]].append(run)
    if len(groups) < 2:
        raise UsageError(
            f"runs: got one method ({', '.join(groups)}) with {len(labelled)} runs, expected two "
            "methods or more; give runs with other settings, or labels such as A=PATH B=PATH"
        )
    sets: dict[str, list[Method]] = {}
    for label, runs in groups.items():
        for name in dict.fromkeys(run.set_name for run in runs):
            of_set = sorted((run for run in runs if run.set_name == name), key=lambda one: one.seed)
            _refuse_twice(label, of_set)
            sets.setdefault(name, []).append(Method(label, tuple(of_set)))
    for name, methods in sets.items():
        if missing := [label for label in groups if label not in {one.label for one in methods}]:
            raise UsageError(
                f"runs: {missing[0]} was not played on {name}, but {methods[0].label} was; give "
                "runs of all methods on the same problem sets"
            )
    return sets


def _at(place: str) -> list[tuple[str | None, FinishedRun]]:
    """The runs of one argument, with the label they are given."""
    label, separator, rest = place.partition("=")
    if not separator or Path(place).exists():
        label, rest = "", place
    path = Path(rest)
    if not path.is_dir():
        raise UsageError(f"runs: there is no folder {rest}; expected PATH or LABEL=PATH")
    if is_run(path):
        return [(label or None, load_run(path))]
    inside = sorted(one for one in path.iterdir() if one.is_dir() and is_run(one))
    if not inside:
        raise UsageError(
            f"{path} holds no run, and no folder of runs; expected a folder of cppo eval --run or "
            "of cppo train, or a folder of such folders"
        )
    runs = [load_run(one) for one in inside]
    if not label and len({_key(run) for run in runs}) == 1 and len(runs) > 1:
        label = path.resolve().name
    return [(label or None, run) for run in runs]


def _key(run: FinishedRun) -> str:
    return json.dumps(run.method, sort_keys=True, default=str)


def _labels(runs: Sequence[FinishedRun]) -> dict[str, str]:
    """Method → a name: its algorithm or agent, and the settings that tell it from the others."""
    methods = {_key(run): _flat(run.method) for run in runs}
    names = {name: None for settings in methods.values() for name in settings}
    differing = [
        name
        for name in names
        if len({repr(settings.get(name)) for settings in methods.values()}) > 1
    ]
    labels: dict[str, str] = {}
    for key, settings in methods.items():
        head = settings.get("algorithm", settings.get("agent", "method"))
        tail = [
            f"{name.removeprefix('options.')}={settings[name]}"
            for name in differing
            if name not in ("algorithm", "agent") and settings.get(name) is not None
        ]
        labels[key] = " ".join([str(head), *tail])
    return labels


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{name}.")  # pyright: ignore[reportUnknownArgumentType]
        else:
            flat[prefix + name] = value
    return flat


def _refuse_twice(label: str, runs: Sequence[FinishedRun]) -> None:
    """Refuse two runs that are the same draw."""
    known: dict[tuple[str, int], Path] = {}
    for run in runs:
        if (other := known.setdefault((_key(run), run.seed), run.path)) is not run.path:
            raise UsageError(
                f"runs: {other} and {run.path} are both {label} with seed {run.seed}; give runs of "
                "different seeds"
            )
