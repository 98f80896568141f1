"""A solution → the program that is judged.

The one rule for it: where the answer is a value (checker "math"), a stated answer counts as the
program that prints it. So it is run, graded, recorded and judged again like any other program, and
nothing but the printed text reaches the checker.
"""

from __future__ import annotations

from cppo_env import parsing
from cppo_env.types import Problem

STATED = "math"
"""The checker whose problems are answered by a value."""


def program_of(problem: Problem, text: str, truncated: bool = False) -> str | None:
    """The program of a solution of this problem; None where there is none.

    A stated answer comes first (`parsing.read_answer`), then a program (`parsing.read_program`).
    """
    if problem.checker == STATED:
        answer = parsing.read_answer(text, truncated)
        if answer is not None:
            return printing(answer)
    return parsing.read_program(text, truncated)


def printing(answer: str) -> str:
    """The program that prints an answer."""
    return f"print({answer!a})\n"
