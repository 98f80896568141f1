"""Which prompts a model can take: its context, less what it may answer, and the user's limit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from cppo_env import prompts
from cppo_env.prompts import Messages, Prompts
from cppo_env.types import Problem

LongPrompts = Literal["drop", "refuse"]
"""What happens to a problem whose prompt is too long: it is left out, or the run is refused."""

TEMPLATE_BYTES = 512
"""More than what a chat template adds to its messages."""

SHORTEST_ROOM = 64
"""Tokens that the context must leave for a prompt; no problem has a shorter one."""


@dataclass(frozen=True, slots=True)
class Lengths:
    """Limits in tokens."""

    plan: int
    """Longest plan; 0 where nobody plans."""
    solve: int
    """Longest solution."""
    context: int | None = None
    """Positions of the model; None: not known, or without end."""
    max_prompt: int | None = None
    """The user's limit on prompts; None: the context alone decides."""
    plan_thoughts: int = 0
    """Longest thoughts before a plan, where they have a budget of their own."""
    solve_thoughts: int = 0
    """Longest thoughts before a solution."""
    marks: int = 0
    """Tokens that thinking adds beside the thoughts."""

    def beside(self, answer: int, thoughts: int) -> int:
        """Tokens that the context must have beside the prompt: an answer and its thoughts."""
        return answer + thoughts + (self.marks if thoughts else 0)

    @property
    def room_plan(self) -> int | None:
        """Tokens that a PLAN prompt may have."""
        return self._least(self.beside(self.plan, self.plan_thoughts))

    @property
    def room_solve(self) -> int | None:
        """Tokens that a SOLVE prompt may have, before its method: that is a part of a plan."""
        return self._least(self.beside(self.solve, self.solve_thoughts) + self.plan)

    def fault(self) -> str | None:
        """Why no problem at all could be played."""
        room = self.room_solve
        if self.context is None or room is None or room >= SHORTEST_ROOM:
            return None
        thoughts = f", its thoughts of {self.solve_thoughts:,}" if self.solve_thoughts else ""
        beside = f"a solution of {self.solve:,}{thoughts}" + (
            f" and a method of {self.plan:,}" if self.plan else ""
        )
        return (
            f"{self.context:,} tokens leave {max(room, 0):,} for a prompt beside "
            f"{beside}; lower the limits on plans and solutions"
        )

    def obstacle(self, plan_prompt: int, solve_prompt: int) -> str | None:
        """Why a problem with prompts of these lengths cannot be played; None if it can."""
        solving = self.beside(self.solve, self.solve_thoughts) + self.plan
        planning = self.beside(self.plan, self.plan_thoughts)
        for prompt, answer, room in (
            (plan_prompt if self.plan else 0, planning, self.room_plan),
            (solve_prompt, solving, self.room_solve),
        ):
            if self.max_prompt is not None and prompt > self.max_prompt:
                return f"its prompt is longer than max_prompt_tokens={self.max_prompt}"
            if room is not None and prompt > room:
                return f"its prompt is longer than the context leaves beside {answer} tokens"
        return None

    def surely_fits(self, tokens: int) -> bool:
        """Whether prompts of at most this many tokens need not be measured."""
        rooms = [one for one in (self.room_plan, self.room_solve) if one is not None]
        return all(tokens <= room for room in rooms)

    def _least(self, answer: int) -> int | None:
        beside = None if self.context is None else self.context - answer
        known = [one for one in (beside, self.max_prompt) if one is not None]
        return min(known, default=None)


def most_tokens(messages: Messages) -> int:
    """Tokens that a prompt has at most, found without a tokenizer: a token is a byte at least."""
    texts = (one["content"].encode(errors="surrogatepass") for one in messages)
    return sum(map(len, texts)) + TEMPLATE_BYTES


def obstacle_of(
    problem: Problem,
    k: int,
    lengths: Lengths,
    measure: Callable[[Messages], int],
    words: Prompts,
) -> str | None:
    """Why the prompts of a problem are too long; None if they are not.

    Args:
        problem: the problem.
        k: methods of a plan.
        lengths: the limits.
        measure: tokens of a prompt.
        words: the templates of the prompts.
    """
    observation = prompts.observe(problem)
    plan: Messages = words.plan(observation, k) if lengths.plan else []
    solve = words.solve(observation, "")
    if lengths.surely_fits(max(most_tokens(plan), most_tokens(solve))):
        return None
    return lengths.obstacle(measure(plan) if plan else 0, measure(solve))
