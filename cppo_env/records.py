"""The lines of `rollouts/*.jsonl`: everything about one episode that a later look may ask for."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any, cast

from cppo_env.types import Verdict


@dataclass(frozen=True, slots=True)
class EpisodeRecord:
    """One finished episode. Its fields are the keys of a line."""

    problem_id: str
    episode: int
    """Counts the episodes of this problem from 0."""
    methods: tuple[str, ...]
    accepted: bool | None
    """J: whether the judge accepted the methods; None (null) where nobody plans, so that J is not applicable."""
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
    plans: tuple[str, ...] = ()
    """What the planner wrote, as it came: one text, or those of all its requests."""
    unreadable: str = ""
    """Why the plan is not K methods; empty where it is, and where nobody plans."""
    answers: tuple[str, ...] = ()
    """The K answers as they came, thoughts and all; empty texts where none was asked for."""
    no_program: tuple[str, ...] = ()
    """Why each answer holds no program; an empty text where it holds one. Empty when no program ran."""

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
            name: tuple(cast(list[Any], value))
            for name, value in values.items()
            if isinstance(value, list)
        }
        return cls(**values | texts)

    def to_json(self) -> str:
        """The line of a record, without its end."""
        # All fields are flat; `asdict` would copy every text.
        return json.dumps({one.name: getattr(self, one.name) for one in dataclasses.fields(self)})
