"""The folder of a stage that is no RL run: settings, metrics, checkpoints, and what it made.

config.json      the settings
metrics.jsonl    one row a measurement
checkpoints/     see `cppo_grpo.runs.checkpoints`
result.json      the figures of the finished stage; without it the stage goes on
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

from cppo_env.atomic import write_atomically
from cppo_env.claims import claimed
from cppo_env.errors import UsageError
from cppo_grpo.changes import changes
from cppo_grpo.checks import typed
from cppo_grpo.config import NOT_STORED
from cppo_grpo.runs.log import MetricsLog

Config = TypeVar("Config")

SETTINGS = "config.json"


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

        A folder that was named and holds settings alone is one whose stage failed before it made
        anything: it may start again with other settings.

        Raises:
            UsageError: the folder holds another stage or none, or other settings, or holds this one
                already.
        """
        given: Any = config
        if given.resume is not None:
            path = Path(given.resume)
            stored = _stored(path, kind, type(config))
            for name, value in changes(config).items():
                if name not in NOT_STORED and value != (own := getattr(stored, name)):
                    raise UsageError(
                        f"{name}: got {value!r}, but {path} runs with {own!r}, and a resumed run "
                        "keeps its settings; leave it out, or start a new run"
                    )
            return cls(path, stored)
        path = given.run or Path("runs") / f"{datetime.now():%Y%m%d-%H%M%S}-{kind}"
        failed = given.run is not None and path.is_dir() and os.listdir(path) == [SETTINGS]
        if (path / SETTINGS).exists() and not failed:
            raise UsageError(
                f"run: {path} already holds a run; go on with it (--resume {path}) or give another "
                "folder"
            )
        path.mkdir(parents=True, exist_ok=True)
        content = {"stage": kind, **dataclasses.asdict(given)}
        for name in NOT_STORED:
            content.pop(name, None)
        write_atomically(path / SETTINGS, json.dumps(content, indent=2, default=str) + "\n")
        return cls(path, config)

    @property
    def result(self) -> dict[str, Any] | None:
        """The figures of the finished stage."""
        file = self.path / "result.json"
        return json.loads(file.read_text()) if file.exists() else None

    @contextmanager
    def resumable(self) -> Generator[None]:
        """Keep others from the folder, and tell whoever interrupts the block how to go on.

        Raises:
            UsageError: another process writes into it.
        """
        try:
            with claimed(self.path):
                yield
        except KeyboardInterrupt:
            raise KeyboardInterrupt(f"go on with --resume {self.path}") from None

    def finish(self, result: dict[str, Any]) -> dict[str, Any]:
        """Store the figures: the stage is done."""
        write_atomically(self.path / "result.json", json.dumps(result, indent=2) + "\n")
        return result


def _stored(path: Path, kind: str, settings: type[Config]) -> Config:
    """The settings in a folder, with the types that they had."""
    try:
        values: dict[str, Any] = json.loads((path / SETTINGS).read_text())
        stored = values.pop("stage")
        if stored == kind:
            read = {name: typed(settings, name, values[name], strict=False) for name in values}
            return settings(**read)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"resume: {path} holds no run of cppo {kind} ({type(error).__name__}: {error})"
        ) from None
    raise UsageError(f"resume: {path} holds a run of cppo {stored}, not of cppo {kind}")
