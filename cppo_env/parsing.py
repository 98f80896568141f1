"""Model text → values: planner text to K methods, solver text to a program."""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from collections.abc import Sequence
from string import ascii_uppercase

MAX_K = len(ascii_uppercase)
"""The labels A: … Z: allow for at most 26 methods."""

MAX_METHOD_WORDS = 45
"""Words of one method at most (docs/method.md, section 1)."""

MAX_CHARACTERS = 1 << 20
"""A longer text holds no program and no plan."""

MAX_UNFENCED_CHARACTERS = 1 << 15
"""A longer text without a fence is no program: whether it is Python costs memory and time to tell."""

_LONG_NAME = re.compile(r"(?:import|from)[\w \t.\\\r\n]{4000}")
"""Python's parser takes the square of a dotted name's length to read it, in time and memory."""
_LABELLED = re.compile(r"(?:\*\*)?([A-Z])(?:\*\*)?\s*:(?:\*\*)?\s+(\S.*)")
_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})(.*)$")


def read_plan(text: str, k: int = 4) -> tuple[str, ...]:
    """Read the K methods of a plan: one line each, labelled `A:`, `B:`, … in order, and nothing else.

    Returns:
        The K methods without their labels; the empty tuple when the text is anything but such a
        plan (a preface, a missing or repeated label, a method that runs over several lines, a
        cut-off list).
    """
    if len(text) > MAX_CHARACTERS:
        return ()
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    matches = [_LABELLED.fullmatch(line) for line in lines]
    methods = [match[2].strip() for match in matches if match]
    labels = "".join(match[1] for match in matches if match)
    return tuple(methods) if len(lines) == k and labels == ascii_uppercase[:k] else ()


def write_plan(methods: Sequence[str]) -> str:
    """The plan text of some methods; the inverse of `read_plan`."""
    return "\n".join(
        f"{label}: {method}" for label, method in zip(ascii_uppercase, methods, strict=False)
    )


def read_program(text: str) -> str | None:
    """Read the program of a solution: the last closed code fence, or the whole text when it is plain Python.

    Returns:
        The program; None when there is none: a fence that is still open at the end (a truncated
        answer), prose without a fence, text that no file could hold (lone surrogates), or more than
        `MAX_CHARACTERS`, without a fence `MAX_UNFENCED_CHARACTERS`.
    """
    if len(text) > MAX_CHARACTERS:
        return None
    opening: re.Match[str] | None = None
    body: list[str] = []
    program: str | None = None
    for line in text.splitlines():
        fence = _FENCE.match(line)
        if opening is None:
            if fence:
                opening, body = fence, []
        elif fence and fence[1].startswith(opening[1]) and not fence[2].strip():
            opening, program = None, textwrap.dedent("\n".join(body))
        else:
            body.append(line)
    if opening is not None:
        return None
    if program is None and text.strip() and _is_python(text):
        program = text
    return program if program is not None and _is_encodable(program) else None


def _is_python(text: str) -> bool:
    if len(text) > MAX_UNFENCED_CHARACTERS or _LONG_NAME.search(text):
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
