"""`pipeline.json` in the folder of a pipeline: what was made, and of what.

A stage is done again when its settings, the files that they name, or the stages or artefacts that
it takes have changed. Its old folder is kept under `replaced/`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any, cast

from cppo_env.atomic import write_atomically
from cppo_env.errors import UsageError
from cppo_env.evaluation.comparison.loading import PIPELINE
from cppo_env.provenance import sha256_of
from cppo_grpo.commands.pipeline.contents import Seen, contents
from cppo_grpo.commands.pipeline.plan import Planned, artefact
from cppo_grpo.config import NOT_STORED

OF_THE_MACHINE = (
    *("threads", "sandbox", "sandbox_options", "log_to", "log_episodes_every", "tokens_every"),
    *("keep_checkpoints", "allow_untrusted_sandbox"),
)
"""Settings that do not change what a stage makes."""

FILES = ("tuples", "labels", "rubric")
"""Settings that name files, which have to exist."""

NAMING = (*FILES, "model", "problems", "prompts", "eval_problems", "judge_options", "options")
"""Settings that may name files or folders; or else a name of the hub, or of a problem set."""


class State:
    """The stages of the pipeline in a folder, as they stand."""

    def __init__(self, root: Path):
        """Reads what an earlier call left.

        Raises:
            UsageError: the folder holds something else.
        """
        self.root, self._file = root, root / PIPELINE
        self.stages: dict[str, dict[str, Any]] = {}
        if self._file.exists():
            try:
                self.stages = json.loads(self._file.read_text("utf-8"))["stages"]
                for name, known in self.stages.items():
                    if not {"facts", "seconds", "result"} <= known.keys():
                        raise ValueError(f"the stage {name} lacks what it was made of")
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
                raise UsageError(
                    f"run: {self._file} is no record of a pipeline ({error}); give another folder"
                ) from None
        elif root.is_file() or (root.is_dir() and any(root.iterdir())):
            raise UsageError(
                f"run: {root} holds something else than a pipeline; give another folder"
            )

    def facts(self, one: Planned, extra: Any = None) -> dict[str, Any]:
        """What decides the outcome of a stage; those that it takes from have theirs already.

        Raises:
            UsageError: a file that a setting names does not exist.
        """
        config = one.config(Path("<pipeline>"))
        settings = {
            part.name: _plain(getattr(config, part.name))
            for part in dataclasses.fields(config)
            if part.name not in (*NOT_STORED, *OF_THE_MACHINE)
        }
        return {
            "settings": settings | ({} if extra is None else {"policies": _plain(extra)}),
            "files": {name: _identity(Path(name)) for name in files_of(one)},
            "takes": {stage: _digest(self.stages[stage]["facts"]) for stage in one.takes.values()},
            "artefacts": {
                artefact(Path(), stage): _digest(
                    {name: row[2] for name, row in self._made(stage).items()}
                )
                for stage in one.takes.values()
            },
        }

    def changed(self, one: Planned, facts: dict[str, Any]) -> list[str]:
        """The names of what differs from when the stage began; none if it never did."""
        known = self.stages.get(one.name)
        if known is None:
            return []
        return [
            name
            for part in ("settings", "files", "takes", "artefacts")
            for name in sorted({*known["facts"].get(part, {}), *facts[part]})
            if known["facts"].get(part, {}).get(name) != facts[part].get(name)
        ]

    def lost(self, name: str) -> bool:
        """Whether a stage is done and what it made, for others to take, is not there any more."""
        known = self.stages.get(name, {})
        return bool(known.get("made")) and not Path(artefact(self.root, name)).exists()

    def forget(self, name: str) -> None:
        """Let a stage begin anew, whatever its settings are."""
        self.move_away(name)
        self.stages.pop(name, None)

    def begin(self, one: Planned, facts: dict[str, Any]) -> None:
        """Note that a stage begins; an outdated folder of it is moved away.

        Raises:
            UsageError: it is unfinished, and the pipeline has been moved since it began.
        """
        known, here = self.stages.get(one.name), str(self.root)
        if known is None or known["facts"] != facts:
            self.move_away(one.name)
            before = {} if known is None else {"seconds_before": known["seconds"]}
            stage = {"root": here, "facts": facts, "seconds": 0.0, "result": None, **before}
            self.stages[one.name] = stage
            self._write()
        elif known["result"] is None and known.get("root", here) != here:
            if (self.root / one.name).exists():
                raise UsageError(
                    f"run: {one.name} began in {known['root']} and looks for its files there; move "
                    f"the pipeline back, or remove {self.root / one.name} to begin {one.name} anew"
                )
            known["root"] = here

    def end(self, name: str, seconds: float, result: dict[str, Any] | None) -> None:
        """Note the time that a stage took, and its figures once it is done."""
        mine = self.stages[name]
        mine["seconds"], mine["result"] = mine["seconds"] + seconds, _plain(result)
        if result is not None:
            mine["made"] = contents(Path(artefact(self.root, name)), {})
        self._write()

    def _made(self, name: str) -> dict[str, Seen]:
        """The files of a stage's artefact as they are now."""
        mine = self.stages[name]
        mine["made"] = contents(Path(artefact(self.root, name)), mine.get("made", {}))
        return mine["made"]

    def move_away(self, name: str) -> None:
        """Keep the folder of a stage under `replaced/`, so that the stage begins anew."""
        if not (folder := self.root / name).exists():
            return
        kept = self.root / "replaced"
        kept.mkdir(exist_ok=True)
        number = 1 + sum(path.name.startswith(f"{name}-") for path in kept.iterdir())
        folder.rename(kept / f"{name}-{number}")

    def _write(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        write_atomically(self._file, json.dumps({"stages": self.stages}, indent=2) + "\n")


def files_of(one: Planned) -> list[str]:
    """The files and folders that the settings of a stage name.

    Raises:
        UsageError: a file that has to be there is not.
    """
    found: list[str] = []
    for name in NAMING:
        for text in _texts(one.settings.get(name)):
            if Path(text).exists():
                found.append(text)
            elif name in FILES:
                raise UsageError(f"{one.name}.{name}: there is no file {Path(text)}")
    return found


def _identity(path: Path) -> str:
    """SHA-256 of a file; of a folder, of the names, sizes and times of its files."""
    if path.is_file():
        return sha256_of(path)
    rows = [
        (str(part.relative_to(path)), part.stat().st_size, part.stat().st_mtime_ns)
        for part in sorted(path.rglob("*"))
        if part.is_file()
    ]
    return _digest(rows)


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def _texts(value: Any) -> list[str]:
    """The texts in a setting."""
    if isinstance(value, str | Path):
        return [str(value)] if str(value) else []
    if isinstance(value, dict):
        value = list(cast(dict[str, Any], value).values())
    if isinstance(value, list | tuple):
        return [text for one in cast(list[Any], value) for text in _texts(one)]
    return []


def _plain(value: Any) -> Any:
    """A value as JSON gives it back."""
    return json.loads(json.dumps(value, default=str))
