"""Observation → chat messages of the two regions, PLAN and SOLVE.

The two prompts are separate sequences: the solver sees the problem and its own method, never its
siblings'.
"""

from __future__ import annotations

import re
from string import ascii_uppercase

from cppo_env.parsing import MAX_METHOD_WORDS
from cppo_env.types import Observation, Problem

Messages = list[dict[str, str]]
"""Chat messages: `{"role": "system" | "user" | "assistant", "content": text}`."""

PLAN = """\
You plan attempts on a programming problem. Write exactly {k} alternative methods, one per line, \
labelled {labels}.
Each method is one sentence of at most {words} words and a complete route from the input to the \
answer; another \
programmer must be able to write the whole program from it alone. No two methods may lead to the \
same program. \
Write no code, no preface and nothing after the last method."""

SOLVE = """\
You solve a programming problem with a given method. You may reason first; end with the complete \
Python program in one \
fenced code block. {form}"""

_STDIN_FORM = "The program reads standard input and writes the answer to standard output."
_CALL_FORM = (
    "The program completes the starter code; it is called from outside: "
    "it reads no input and prints nothing."
)


def observe(problem: Problem, methods: tuple[str, ...] = (), phase: int = 0) -> Observation:
    """What an agent may see of a problem: never hidden tests, references or metadata.

    The entry point decides the form: only what is called from outside has starter code here. Where
    the starter code does not name the function, a comment does; starter code of a program that
    reads standard input is a part of its statement.
    """
    statement, starter = problem.statement, problem.starter_code
    if problem.entry_point is None:
        statement, starter = statement + _code("Starter code", starter), ""
    elif not re.search(rf"\b{re.escape(problem.entry_point)}\b", starter):
        named = f"# Write the function {problem.entry_point}, with the arguments of the statement."
        starter = f"{named}\n{starter}".rstrip()
    return Observation(phase=phase, problem=statement, starter_code=starter, methods=methods)


def plan_messages(observation: Observation, k: int = 4) -> Messages:
    """The PLAN prompt: asks for K labelled methods (read back by `parsing.read_plan`)."""
    labels = ", ".join(f"{label}:" for label in ascii_uppercase[:k])
    return [
        {"role": "system", "content": PLAN.format(k=k, labels=labels, words=MAX_METHOD_WORDS)},
        {"role": "user", "content": problem_text(observation)},
    ]


def solve_messages(observation: Observation, method: str) -> Messages:
    """The SOLVE prompt for one method (see `read_program`); empty leaves the method open."""
    form = _CALL_FORM if observation["starter_code"] else _STDIN_FORM
    method_text = f"\n\nMethod to use: {method}" if method else ""
    return [
        {"role": "system", "content": SOLVE.format(form=form)},
        {"role": "user", "content": problem_text(observation) + method_text},
    ]


def skills(k: int) -> tuple[str, ...]:
    """The methods of UpSkill: z = 1 … K, independent of the problem (arXiv 2602.22296)."""
    return tuple(f"skill {z} of {k}" for z in range(1, k + 1))


def problem_text(observation: Observation) -> str:
    """The statement, with the starter code where there is one."""
    return observation["problem"] + _code("Starter code", observation["starter_code"])


def _code(title: str, code: str) -> str:
    return f"\n\n{title}:\n```python\n{code}\n```" if code else ""
