"""Observation → chat messages of the two regions, PLAN and SOLVE.

The two prompts are separate sequences: the solver sees the problem and its own method only, never
its siblings'. Their words are templates (`cppo_env.prompts.templates`); this module holds what all
templates share.
"""

from __future__ import annotations

from cppo_env.forms import in_form
from cppo_env.prompts.templates import (
    PLAIN,
    Messages,
    Prompts,
    load_prompts,
    problem_text,
)
from cppo_env.types import Observation, Problem


def observe(problem: Problem, methods: tuple[str, ...] = (), phase: int = 0) -> Observation:
    """What an agent may see of a problem: never hidden tests, references or metadata.

    The entry point decides the form (`cppo_env.forms`).
    """
    shown = in_form(problem)
    return Observation(
        phase=phase, problem=shown.statement, starter_code=shown.starter_code, methods=methods
    )


def plan_messages(observation: Observation, k: int = 4) -> Messages:
    """The plain PLAN prompt: asks for K labelled methods (read back by `parsing.read_plan`)."""
    return load_prompts(PLAIN).plan(observation, k)


def solve_messages(observation: Observation, method: str) -> Messages:
    """The plain SOLVE prompt for one method; empty leaves the method open."""
    return load_prompts(PLAIN).solve(observation, method)


def skills(k: int) -> tuple[str, ...]:
    """The methods of UpSkill: z = 1 … K, independent of the problem (arXiv 2602.22296)."""
    return tuple(f"skill {z} of {k}" for z in range(1, k + 1))


__all__ = [
    "PLAIN",
    "Messages",
    "Prompts",
    "load_prompts",
    "observe",
    "plan_messages",
    "problem_text",
    "skills",
    "solve_messages",
]
