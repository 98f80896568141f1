"""Texts that an answer may carry instead of a program of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from cppo_env.parsing.envelopes import added, arguments, heredoc, notebook, unescaped, values
from cppo_env.parsing.fences import Block
from cppo_env.parsing.lines import split_lines
from cppo_env.parsing.other_markup import fenced, of_html, unnumbered
from cppo_env.parsing.sessions import typed

JSON_NAMES = ("code", "program", "solution", "answer")
"""Names under which an object of JSON holds a program."""


def carried(answer: str, lines: Sequence[str], found: Sequence[Block]) -> list[str]:
    """The text within each envelope and other markup that an answer has.

    Args:
        answer: the answer without thoughts.
        lines: its lines, without quote marks.
        found: its fenced blocks, none of which is Python.
    """
    alone = split_lines(found[0].source) if len(found) == 1 else []
    markup = fenced(alone if found else lines)
    texts = (
        answer,
        unescaped(answer),
        heredoc(answer),
        added(answer, new_file=True),
        notebook(answer, "code"),
        _argument(answer),
        typed(lines),
        of_html(answer),
        unnumbered("\n".join(alone or lines)),
        "\n".join(markup) if markup else None,
    )
    return [text for text in texts if text]


def _argument(answer: str) -> str | None:
    """The program that a tool is called with."""
    for value in values(answer):
        inner = arguments(value)
        if not isinstance(inner, dict):
            return None
        codes = [cast(dict[str, Any], inner).get(name) for name in JSON_NAMES]
        return next((code for code in codes if isinstance(code, str)), None)
    return None
