"""Model text → values: planner text to K methods, solver text to a program; thoughts are no part of either.

Every reader of model text uses these functions: agents, learner, environment and `cppo grade`.
What a model writes is data: reading it gives a value and never an exception.
"""

from cppo_env.parsing.effort import MAX_CHARACTERS, MAX_UNFENCED_CHARACTERS
from cppo_env.parsing.plans import (
    MAX_K,
    MAX_METHOD_WORDS,
    explain_plan,
    read_plan,
    write_plan,
)
from cppo_env.parsing.programs import CUT_OFF, explain_program, read_program
from cppo_env.parsing.thoughts import without_thoughts

__all__ = [
    "CUT_OFF",
    "MAX_CHARACTERS",
    "MAX_K",
    "MAX_METHOD_WORDS",
    "MAX_UNFENCED_CHARACTERS",
    "explain_plan",
    "explain_program",
    "read_plan",
    "read_program",
    "without_thoughts",
    "write_plan",
]
