"""The lines of `rollouts/*.jsonl`: the full record of each episode."""

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
    """J: whether the judge accepted the methods; None (null) without a planner."""
    reason: str
    """Why the plan was refused, or why the episode is void."""
    programs: tuple[str | None, ...]
    """The K programs; None where a solution held none."""
    verdicts: tuple[str, ...]
    """K verdicts; empty when the episode ended before its programs ran."""
    messages: tuple[str, ...]
    """The sandbox's message on each program."""
    reward: float
    """The planner's reward."""
    void: bool
    """Infrastructure failure: the episode is excluded and will be replayed."""
    tests: int
    """Tests that ran."""
    tokens: int
    """Tokens that the agent's model generated, as far as the agent counts them."""
    acting_s: float
    """Seconds that the agent took for the batch, divided by its episodes."""
    judging_s: float
    """Seconds that gate and sandbox took for the batch, divided by its episodes."""
    plans: tuple[str, ...] = ()
    """The planner's raw text: one text, or those of all its requests."""
    unreadable: str = ""
    """Why the plan is not K methods; empty if it is, or without a planner."""
    answers: tuple[str, ...] = ()
    """The K raw answers, thoughts included; empty texts where none was requested."""
    no_program: tuple[str, ...] = ()
    """Why each answer has no program; empty text if it has one. Empty when no program ran."""

    @property
    def correct(self) -> int:
        """Number of the K programs that passed every test."""
        return self.verdicts.count(Verdict.AC.value)

    @property
    def key(self) -> tuple[str, int]:
        """Identifies the episode."""
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
