"""Model text → values: plans to K methods, answers to programs, both without thoughts.

Every reader of model text uses these functions: agents, learner, environment and `cppo grade`.
Model text is untrusted data: reading it returns a value and never raises.
"""

from cppo_env.parsing.answers import MAX_ANSWER_CHARACTERS, read_answer
from cppo_env.parsing.effort import MAX_CHARACTERS, MAX_UNFENCED_CHARACTERS
from cppo_env.parsing.plans import (
    MAX_K,
    MAX_METHOD_WORDS,
    explain_plan,
    read_plan,
    write_plan,
)
from cppo_env.parsing.programs import CUT_OFF, explain_program, read_program
from cppo_env.parsing.thoughts import (
    closing_tag,
    end_of_thoughts,
    is_thought_mark,
    open_thought,
    thought_tag,
    without_thoughts,
    writes_channels,
)

__all__ = [
    "CUT_OFF",
    "MAX_ANSWER_CHARACTERS",
    "MAX_CHARACTERS",
    "MAX_K",
    "MAX_METHOD_WORDS",
    "MAX_UNFENCED_CHARACTERS",
    "closing_tag",
    "end_of_thoughts",
    "explain_plan",
    "explain_program",
    "is_thought_mark",
    "open_thought",
    "read_answer",
    "read_plan",
    "read_program",
    "thought_tag",
    "without_thoughts",
    "write_plan",
    "writes_channels",
]
