"""The run folder of an evaluation."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cppo_env.atomic import naming, write_atomically
from cppo_env.errors import UsageError
from cppo_env.provenance import RECORDED, require_same_problems
from cppo_env.records import EpisodeRecord, read_records


class RunFolder:
    """The resumable folder of an evaluation: `config.json` and `rollouts/episodes.jsonl`."""

    def __init__(self, path: Path, config: Mapping[str, Any], name: str = "episodes"):
        """Open the folder, or make it.

        Args:
            path: the folder.
            config: what must not change between two calls, JSON-serialisable.
            name: of the file of episodes.

        Raises:
            UsageError: the folder holds a run with another config; the message names the first
                difference.
        """
        self.path = path
        self.episodes = path / "rollouts" / f"{name}.jsonl"
        self.episodes.parent.mkdir(parents=True, exist_ok=True)
        self._config = path / "config.json"
        wanted: dict[str, Any] = json.loads(json.dumps(config, default=str))
        if self._config.exists():
            known: dict[str, Any] = json.loads(self._config.read_text())
            for name in sorted({*known, *wanted} - {RECORDED}):
                if known.get(name) != wanted.get(name):
                    raise UsageError(
                        f"run: {path} holds a run with {name}={known.get(name)!r}, but got "
                        f"{wanted.get(name)!r}; "
                        "give the same settings to go on with it, or another folder"
                    )
        else:
            self._write(wanted)

    def record(self, provenance: Mapping[str, Any]) -> None:
        """Add the provenance of the next episodes to `config.json`, if it has changed.

        Raises:
            UsageError: the problems differ from those of the episodes in the folder.
        """
        config: dict[str, Any] = json.loads(self._config.read_text())
        recorded: list[Any] = config.get(RECORDED, [])
        require_same_problems(recorded, provenance, self._config.parent)
        if provenance not in recorded:
            self._write({**config, RECORDED: [*recorded, provenance]})

    def _write(self, config: Mapping[str, Any]) -> None:
        write_atomically(self._config, json.dumps(config, indent=2) + "\n")

    def read(self) -> list[EpisodeRecord]:
        """All records so far; drops a line that an interrupted write left unfinished."""
        if not self.episodes.exists():
            return []
        content = self.episodes.read_bytes()
        complete = content[: content.rfind(b"\n") + 1]
        if len(complete) < len(content):
            write_atomically(self.episodes, complete)
        return read_records(self.episodes)

    def append(self, records: Iterable[EpisodeRecord]) -> None:
        """Add records at the end."""
        with naming(self.episodes), self.episodes.open("a", encoding="utf-8") as file:
            file.writelines(record.to_json() + "\n" for record in records)
