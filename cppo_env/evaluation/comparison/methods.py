"""Which finished runs are the same method with another seed, and what the methods are called."""

from __future__ import annotations

import json
import os
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cppo_env.errors import UsageError
from cppo_env.evaluation.comparison.loading import (
    JOINT,
    PIPELINE,
    FinishedRun,
    is_run,
    load_run,
)
from cppo_env.problems.records import shortened

_NAMED_SEED = re.compile(r"(seed[-_=]?)\d+")


@dataclass(frozen=True, slots=True)
class Method:
    """A method with its runs on one problem set, one for each seed, in the order of the seeds."""

    label: str
    runs: tuple[FinishedRun, ...]

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds of its runs."""
        return tuple(run.seed for run in self.runs)


@dataclass(frozen=True, slots=True)
class _Place:
    """An argument: a run or a folder of runs, and the label that it is given."""

    label: str | None
    path: Path
    runs: tuple[FinishedRun, ...]


def load_methods(places: Sequence[str]) -> dict[str, list[Method]]:
    """Problem set → methods, of folders `PATH` or `LABEL=PATH`.

    Raises:
        UsageError: a path holds no finished run, a run is given twice, there is one method only, or
            methods were not played on the same problem sets.
    """
    groups = group_runs(places)
    if len(groups) < 2:
        count = sum(map(len, groups.values()))
        raise UsageError(
            f"runs: got one method ({', '.join(groups)}) with {count} runs, expected two "
            "methods or more; give runs with other settings, or labels such as A=PATH B=PATH"
        )
    return by_set(groups)


def group_runs(
    places: Sequence[str], load: Callable[[Path], FinishedRun | None] = load_run
) -> dict[str, list[FinishedRun]]:
    """Label of a method → its runs, of folders `PATH` or `LABEL=PATH`.

    A path is a run, a pipeline (its joint stage), or a folder of runs. Runs with one label are
    seeds of one method. Without a label, runs of equal settings but the seed are; a folder of such
    runs gives them its name, unless folders of two methods have the same one.

    Args:
        places: the folders.
        load: the run in a folder; None leaves it out.

    Raises:
        UsageError: a path holds no run, or a run is given twice; and what `load` raises.
    """
    found = [_at(place, load) for place in places]
    runs = [run for place in found for run in place.runs]
    paths = [run.path.resolve() for run in runs]
    if twice := [str(path) for path in dict.fromkeys(paths) if paths.count(path) > 1]:
        raise UsageError(f"runs: {twice[0]} is given twice; give each run once")
    groups: defaultdict[str, list[FinishedRun]] = defaultdict(list)
    keys = _keys([run for place in found if place.label is None for run in place.runs])
    names, labels = _folder_names(found), _labels([*keys.values()])
    for place in found:
        for run in place.runs:
            label = place.label or names.get(place.path) or labels[keys[run.path]]
            groups[label].append(run)
    return dict(groups)


def by_set(groups: Mapping[str, Sequence[FinishedRun]]) -> dict[str, list[Method]]:
    """Problem set → methods, each with its runs in the order of their seeds.

    Raises:
        UsageError: two runs of a method are the same draw, or methods were not played on the same
            problem sets.
    """
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


def _at(place: str, load: Callable[[Path], FinishedRun | None]) -> _Place:
    """The runs of one argument."""
    label, separator, rest = place.partition("=")
    if not separator or os.path.exists(place):
        label, rest = "", place
    elif not (label and rest):
        raise UsageError(f"runs: got {place!r}, expected PATH or LABEL=PATH")
    path = Path(rest)
    if not os.path.isdir(rest):
        raise UsageError(f"runs: there is no folder {shortened(rest)}; expected PATH or LABEL=PATH")
    inside = [path] if is_run(path) else _inside(path)
    if not inside:
        raise UsageError(
            f"{path} holds no run, and no folder of runs; expected a folder of cppo eval --run or "
            "of cppo train, or a folder of such folders"
        )
    return _Place(label or None, path, tuple(run for one in inside if (run := load(one))))


def _inside(path: Path) -> list[Path]:
    """The runs in a folder of runs; of a pipeline, its joint stage."""
    if (path / PIPELINE).is_file():
        return [path / JOINT] if is_run(path / JOINT) else []
    parts = sorted(one for one in path.iterdir() if one.is_dir())
    return [run for one in parts for run in ([one] if is_run(one) else _of_pipeline(one))]


def _of_pipeline(path: Path) -> list[Path]:
    return _inside(path) if (path / PIPELINE).is_file() else []


def _folder_names(places: Sequence[_Place]) -> dict[Path, str]:
    """The names of unlabelled folders of one method each; none if two methods' have the same one.

    Folders such as `cppo/lr-1` and `grpo/lr-1` are named after something else than the method.
    """
    methods: defaultdict[str, set[str]] = defaultdict(set)
    names: dict[Path, str] = {}
    for place in places:
        keys = {*_keys(place.runs).values()}
        if place.label is None and len(keys) == 1 and len(place.runs) > 1:
            names[place.path] = name = place.path.resolve().name
            methods[name] |= keys
    return names if all(len(keys) == 1 for keys in methods.values()) else {}


def _key(run: FinishedRun) -> str:
    return json.dumps(run.method, sort_keys=True, default=str)


def _keys(runs: Sequence[FinishedRun]) -> dict[Path, str]:
    """Run → its method, as text.

    Settings may name a seed: `runs/start/seed-3/model`. Runs that differ in such a seed only are
    one method, as long as no two of them were played with the same seed.
    """
    alike: defaultdict[str, list[FinishedRun]] = defaultdict(list)
    for run in runs:
        alike[_NAMED_SEED.sub(r"\1*", _key(run))].append(run)
    keys: dict[Path, str] = {}
    for shared, group in alike.items():
        draws = {(run.set_name, run.seed) for run in group}
        keys |= {run.path: shared if len(draws) == len(group) else _key(run) for run in group}
    return keys


def _labels(keys: Sequence[str]) -> dict[str, str]:
    """Method → a name: its algorithm or agent, and what tells it from others of the same one."""
    alike: defaultdict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for key in keys:
        settings = _flat(json.loads(key))
        head = str(settings.get("algorithm", settings.get("agent", "method")))
        alike[head][key] = settings
    labels: dict[str, str] = {}
    for head, methods in alike.items():
        names = {name: None for settings in methods.values() for name in settings}
        differing = [
            name
            for name in names
            if len({repr(settings.get(name)) for settings in methods.values()}) > 1
        ]
        for key, settings in methods.items():
            tail = [
                f"{name.removeprefix('options.')}={settings[name]}"
                for name in differing
                if settings.get(name) is not None
            ]
            labels[key] = " ".join([head, *tail])
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
