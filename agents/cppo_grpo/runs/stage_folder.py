"""The folder of a stage that is no RL run: settings, metrics, checkpoints, and what it made.

config.json      the settings
metrics.jsonl    one row a measurement
checkpoints/     see `cppo_grpo.runs.checkpoints`
result.json      the figures of the finished stage; without it the stage goes on
"""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from cppo_env.atomic import write_atomically
from cppo_env.errors import UsageError
from cppo_grpo.runs.log import MetricsLog

Config = TypeVar("Config")

OF_THE_CALL = ("run", "resume")


class StageFolder(Generic[Config]):
    """A folder and the settings in it."""

    def __init__(self, path: Path, config: Config):
        self.path, self.config = path, config
        self.log = MetricsLog(path / "metrics.jsonl")
        self.checkpoints, self.model, self.adapter = (
            path / "checkpoints",
            path / "model",
            path / "adapter",
        )

    @classmethod
    def open(cls, kind: str, config: Config) -> StageFolder[Config]:
        """Start a stage in a new folder, or find the one that `config.resume` names.

        Raises:
            UsageError: the folder holds another stage or none, or holds this one already.
        """
        given: Any = config
        settings: Any = type(config)
        if given.resume is not None:
            stored = _stored(Path(given.resume), kind)
            return cls(Path(given.resume), settings(**stored))
        path = given.run or Path("runs") / f"{datetime.now():%Y%m%d-%H%M%S}-{kind}"
        if (path / "config.json").exists():
            raise UsageError(
                f"run: {path} already holds a run; go on with it (--resume {path}) or give another "
                "folder"
            )
        path.mkdir(parents=True, exist_ok=True)
        content = {"stage": kind, **dataclasses.asdict(given)}
        for name in OF_THE_CALL:
            del content[name]
        write_atomically(path / "config.json", json.dumps(content, indent=2, default=str) + "\n")
        return cls(path, config)

    @property
    def result(self) -> dict[str, Any] | None:
        """The figures of the finished stage."""
        file = self.path / "result.json"
        return json.loads(file.read_text()) if file.exists() else None

    def finish(self, result: dict[str, Any]) -> dict[str, Any]:
        """Store the figures: the stage is done."""
        write_atomically(self.path / "result.json", json.dumps(result, indent=2) + "\n")
        return result


def _stored(path: Path, kind: str) -> dict[str, Any]:
    try:
        values: dict[str, Any] = json.loads((path / "config.json").read_text())
        stored = values.pop("stage")
    except (OSError, ValueError, KeyError) as error:
        raise UsageError(
            f"resume: {path} holds no run of cppo {kind} ({type(error).__name__}: {error})"
        ) from None
    if stored != kind:
        raise UsageError(f"resume: {path} holds a run of cppo {stored}, not of cppo {kind}")
    return {
        name: tuple(cast(list[Any], value)) if isinstance(value, list) else value
        for name, value in values.items()
    }
