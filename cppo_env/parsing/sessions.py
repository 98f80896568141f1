"""A session at Python's prompt: what was typed is a program where it is all there is.

A session that failed and was mended has more than one reading, and one that only tries a function
that stands elsewhere holds no program: neither is read.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

from cppo_env.parsing.python_source import (
    BUILTINS,
    does_something,
    facts,
    free_names,
    redefines,
)

_TYPED = re.compile(r"(?:>>>|\.\.\.|In \[\d*\]:|[ ]{2,}\.\.\.:)(?: (?P<code>.*)|\s*)")
_FIRST = re.compile(r"(?:>>>|In \[\d*\]:)(?: |$)")
_FAILED = re.compile(r"Traceback \(most recent call last\)|^\w*(?:Error|Exception)\b|^---------")
_KNOWN = frozenset(sys.stdlib_module_names) | {"numpy", "scipy", "sympy", "networkx"}


def typed(lines: Sequence[str]) -> str | None:
    """The program that was typed in the only session of a text; None where there is none."""
    prompts = [n for n, line in enumerate(lines) if _FIRST.match(line)]
    if not prompts or any(_FAILED.search(line) for line in lines):
        return None
    session = lines[prompts[0] :]
    fence = next((n for n, line in enumerate(session) if line.startswith("```")), len(session))
    if any(n >= prompts[0] + fence for n in prompts):
        return None
    found = (_TYPED.fullmatch(line) for line in session[:fence])
    program = "\n".join(match["code"] or "" for match in found if match).rstrip("\n")
    if not does_something(program):
        return None
    known = facts(program)
    if redefines(program):
        return None
    elsewhere = free_names(program) - BUILTINS
    return None if elsewhere or not known.modules <= _KNOWN else program
