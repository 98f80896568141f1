"""The two forms of a problem: a program on standard streams, or a function that is called.

The entry point alone decides: with one, the program is called from outside. Starter code follows:
published records have some where nothing is called, and none where something is.
"""

from __future__ import annotations

import re
from dataclasses import replace

from cppo_env.types import Problem


def in_form(problem: Problem) -> Problem:
    """The problem as it is shown; one that is in form already is returned as it is.

    Starter code of a program that reads standard input is a part of its statement. Where that of a
    function does not name it, a comment does.
    """
    starter, entry_point = problem.starter_code, problem.entry_point
    if entry_point is None:
        if not starter:
            return problem
        statement = problem.statement + code_block("Starter code", starter)
        return replace(problem, statement=statement, starter_code="")
    if re.search(rf"\b{re.escape(entry_point)}\b", starter):
        return problem
    named = f"# Write the function {entry_point}, with the arguments of the statement."
    return replace(problem, starter_code=f"{named}\n{starter}".rstrip())


def code_block(title: str, code: str) -> str:
    """Code under a title, to follow a text; nothing where there is no code."""
    return f"\n\n{title}:\n```python\n{code}\n```" if code else ""
