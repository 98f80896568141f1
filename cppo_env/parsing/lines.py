"""Split lines only at line feeds and carriage returns, as Python and Markdown do.

`str.splitlines` also cuts at U+2028, U+0085, the form feed and others, which may stand in a string
of a program.
"""

from __future__ import annotations

import re

_END = re.compile(r"\r\n|\r|\n")


def split_lines(text: str) -> list[str]:
    """The lines of a text, without their ends."""
    return _END.split(text)


def leading_blanks(line: str) -> str:
    """The blanks and tabs that a line begins with."""
    return line[: len(line) - len(line.lstrip(" \t"))]
