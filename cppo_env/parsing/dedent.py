"""Remove the white space that all code lines of a block share."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Iterator, Sequence

from cppo_env.parsing.effort import spend
from cppo_env.parsing.lines import leading_blanks

TOKENS_COST = 4
"""Cost of tokenising a character, as a multiple of parsing it."""

_LAYOUT = {tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT, tokenize.NEWLINE}


def dedent(lines: Sequence[str]) -> str:
    """A source text without the white space that all its lines of code begin with.

    Literals stay as they are; comments and blank lines do not count. If finding the literals would
    cost too much (`effort`), nothing is removed.
    """
    code = (line for line in lines if line.strip() and not line.lstrip().startswith("#"))
    if not leading_blanks(next(code, "")):
        return "\n".join(lines)
    if not spend(TOKENS_COST * sum(map(len, lines))):
        return "\n".join(lines)
    inside, starts = _layout(lines)
    shared = _common([leading_blanks(lines[number]) for number in starts])
    if not shared:
        return "\n".join(lines)
    return "\n".join(
        line if number in inside else line[len(_common([leading_blanks(line), shared])) :]
        for number, line in enumerate(lines)
    )


def _common(texts: Sequence[str]) -> str:
    """The longest common prefix of the texts."""
    first, last = min(texts, default=""), max(texts, default="")
    return first[
        : next(
            (n for n, pair in enumerate(zip(first, last, strict=False)) if len(set(pair)) > 1),
            len(first),
        )
    ]


def _layout(lines: Sequence[str]) -> tuple[set[int], list[int]]:
    """Numbers of the lines that begin within a literal, and of those that begin a line of code."""
    inside: set[int] = set()
    starts: list[int] = []
    depth: list[int] = []
    fresh = True
    try:
        for token in _tokens(lines):
            first, last = token.start[0] - 1, token.end[0] - 1
            name = tokenize.tok_name[token.type]
            if name in ("FSTRING_START", "TSTRING_START"):
                depth.append(first)
            if name in ("FSTRING_END", "TSTRING_END"):
                inside.update(range(depth.pop() + 1, last + 1))
            if token.type == tokenize.STRING:
                inside.update(range(first + 1, last + 1))
            if token.type == tokenize.NEWLINE:
                fresh = True
            elif fresh and token.type not in _LAYOUT and token.type != tokenize.ENDMARKER:
                starts.append(first)
                fresh = False
    except (tokenize.TokenError, SyntaxError, ValueError):
        # No Python, or cut off: from there on every line that is not blank begins a line of code.
        reached = max([*starts, *inside], default=-1)
        starts += [n for n in range(reached + 1, len(lines)) if lines[n].strip()]
    return inside, starts


def _tokens(lines: Sequence[str]) -> Iterator[tokenize.TokenInfo]:
    source = "\n".join(lines) + "\n"
    return tokenize.generate_tokens(io.StringIO(source, newline="\n").readline)
