"""Texts that an answer may carry instead of a program of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from cppo_env.parsing.envelopes import (
    added,
    arguments,
    called,
    heredoc,
    json_value,
    notebook,
    unescaped,
)
from cppo_env.parsing.fences import Block, is_python_label
from cppo_env.parsing.lines import split_lines
from cppo_env.parsing.other_markup import fenced, of_html, unnumbered
from cppo_env.parsing.python_source import does_something, redefines
from cppo_env.parsing.sessions import typed
from cppo_env.parsing.set_aside import is_set_aside

JSON_NAMES = ("code", "program", "solution", "answer")
"""Names under which an object of JSON holds a program."""

_LANGUAGES = ("language", "lang", "syntax", "kernel")


def carried(answer: str, lines: Sequence[str], found: Sequence[Block]) -> list[str]:
    """The text within each envelope and other markup that an answer has.

    Args:
        answer: the answer without thoughts.
        lines: its lines, without quote marks.
        found: its fenced blocks, none of which is Python.
    """
    alone = split_lines(found[0].source) if len(found) == 1 else []
    markup = fenced(alone if found else lines)
    cells = notebook(answer, "code")
    texts = (
        answer,
        unescaped(answer),
        heredoc(answer, program=True),
        added(answer, new_file=True),
        None if cells is None or redefines(cells) else cells,
        _argument(answer),
        *(_argument(block.source) for block in found),
        typed(lines),
        of_html(answer),
        unnumbered("\n".join(alone or lines)),
        "\n".join(markup) if markup else None,
    )
    return [text for text in texts if text]


def _argument(text: str) -> str | None:
    """The only program of an object of JSON or a tool call, if its language is Python."""
    value: Any = json_value(text) or called(text)
    inner = arguments(value)
    if not (isinstance(inner, dict) and isinstance(value, dict)):
        return None
    given = cast(dict[str, Any], value) | cast(dict[str, Any], inner)
    if any(one is True and is_set_aside(name) for name, one in given.items()):
        return None
    languages = (one for name, one in given.items() if name.casefold() in _LANGUAGES)
    if not all(isinstance(one, str) and is_python_label(one) for one in languages):
        return None
    codes = [given[name] for name in JSON_NAMES if isinstance(given.get(name), str)]
    programs = [code for code in codes if len(codes) == 1 or does_something(code)]
    return programs[0] if len(programs) == 1 else None
