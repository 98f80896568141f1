"""The lines of `rollouts/*.jsonl`: everything about one episode that a later look may ask for."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cppo_env.errors import UsageError
from cppo_env.types import Verdict


@dataclass(frozen=True, slots=True)
class EpisodeRecord:
    """One finished episode. Its fields are the keys of a line."""

    problem_id: str
    episode: int
    """Counts the episodes of this problem from 0."""
    methods: tuple[str, ...]
    accepted: bool
    """J: whether the judge accepted the methods."""
    reason: str
    """Why it did not, or why the episode is void."""
    programs: tuple[str | None, ...]
    """The K programs; None where a solution held none."""
    verdicts: tuple[str, ...]
    """K verdicts; empty when the episode ended before its programs ran."""
    messages: tuple[str, ...]
    """What the sandbox said of each program."""
    reward: float
    """The planner's reward."""
    void: bool
    """Our own machinery failed, so the episode counts for nothing and is played again."""
    tests: int
    """Tests that ran."""
    tokens: int
    """Tokens that the agent's model generated, as far as the agent counts them."""
    acting_s: float
    """Seconds that the agent took for the batch, divided by its episodes."""
    judging_s: float
    """Seconds that gate and sandbox took for the batch, divided by its episodes."""

    @property
    def correct(self) -> int:
        """Number of the K programs that passed every test."""
        return self.verdicts.count(Verdict.AC.value)

    @property
    def key(self) -> tuple[str, int]:
        """What tells episodes apart."""
        return self.problem_id, self.episode

    @classmethod
    def from_json(cls, line: str) -> EpisodeRecord:
        """The record of a line."""
        values: dict[str, Any] = json.loads(line)
        texts: dict[str, Any] = {
            name: tuple(values[name]) for name in ("methods", "programs", "verdicts", "messages")
        }
        return cls(**values | texts)

    def to_json(self) -> str:
        """The line of a record, without its end."""
        return json.dumps(dataclasses.asdict(self))


class RunFolder:
    """A folder that an interrupted evaluation goes on from: `config.json` and `rollouts/episodes.jsonl`."""

    def __init__(self, path: Path, config: Mapping[str, Any]):
        """Open the folder, or make it.

        Args:
            path: the folder.
            config: what must not change between two calls, JSON-serialisable.

        Raises:
            UsageError: the folder holds a run with another config; the message names the first
                difference.
        """
        self.episodes = path / "rollouts" / "episodes.jsonl"
        self.episodes.parent.mkdir(parents=True, exist_ok=True)
        config_file = path / "config.json"
        wanted: dict[str, Any] = json.loads(json.dumps(config, default=str))
        if config_file.exists():
            known: dict[str, Any] = json.loads(config_file.read_text())
            for name in sorted({*known, *wanted}):
                if known.get(name) != wanted.get(name):
                    raise UsageError(
                        f"run: {path} holds a run with {name}={known.get(name)!r}, but got {wanted.get(name)!r}; "
                        "give the same settings to go on with it, or another folder"
                    )
        else:
            config_file.write_text(json.dumps(wanted, indent=2) + "\n")

    def read(self) -> list[EpisodeRecord]:
        """All records so far; a line that an interrupted write left unfinished is cut off."""
        if not self.episodes.exists():
            return []
        content = self.episodes.read_bytes()
        complete = content[: content.rfind(b"\n") + 1]
        if len(complete) < len(content):
            self.episodes.write_bytes(complete)
        return [EpisodeRecord.from_json(line) for line in complete.decode().splitlines()]

    def append(self, records: Iterable[EpisodeRecord]) -> None:
        """Add records at the end."""
        with self.episodes.open("a", encoding="utf-8") as file:
            file.writelines(record.to_json() + "\n" for record in records)
