"""Markdown around words: taken off, so that a method is plain text."""

from __future__ import annotations

import re

_CODE_SPAN = re.compile(r"(?<!`)(`{1,2})(?!`)(.{1,600}?)(?<!`)\1(?!`)")
_STRONG = re.compile(
    r"(?<![0-9A-Za-z)\]*])(\*{2,3})(?=[^\s*])(.{1,600}?)(?<=[^\s*])\1(?![0-9A-Za-z*])"
)
_EMPHASIS = re.compile(r"(?<![\w)*\]])\*(?=[^\s*])([^*]{1,600}?)(?<=[^\s*])\*(?![\w*])")
_STRONG_LOW = re.compile(
    r"(?<!\w)__(?=\S)([^_]{0,300}[^\w_][^_]{0,300}|[A-Za-z0-9])(?<=\S)__(?!\w)"
)
_EMPHASIS_LOW = re.compile(
    r"(?<!\w)_(?=\S)([^_]{0,300}[^\w_][^_]{0,300}|[A-Za-z0-9])(?<=\S)_(?!\w)"
)
_HTML = re.compile(r"</?(?:b|strong|i|em|u|code|p|li|ol|ul|span)(?:\s[^<>]{0,80})?>", re.I)
_BREAK = re.compile(r"<br\s*/?>", re.I)
_HELD = re.compile("\x00(\\d+)\x00")

_CROSSES = "✖✗✘❌❎⛔🚫👎"
"""Pictures that say that what follows is rejected."""

CONTAINER = re.compile(
    r"[ \t]*(?:>[ \t]?|(?://|#{1,6})(?=[ \t])[ \t]*|[-*+•‣◦–:](?=[ \t])[ \t]*(?:\[[ xX]?\][ \t]+)?"
    rf"|(?![{_CROSSES}])[\u2600-\u2775\u2794-\u27bf\u2b00-\u2bff\U0001f300-\U0001faff]\ufe0f?"
    r"(?=[ \t])[ \t]*)"
)
"""The mark of a quote, a list item (a bullet or a picture) or a heading."""

RULE = re.compile(
    r"[ \t>]*(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}|(?:=[ \t]*){3,}|—{3,}"
    r"|\+(?:[-=]+\+)+[ \t]*|\"{3}|'{3})"
)
TAG_LINE = re.compile(r"[ \t]*</?[A-Za-z][\w-]*(?:\s[^<>]{0,200})?/?>[ \t]*")
"""A line that is a tag and nothing else: `<answer>`, `</plan>`."""


def plain(text: str) -> str:
    """A text without bold, italics, inline code, simple HTML and extra white space.

    A span of three backticks and more stays as it is: whether code may stand in a method is for the
    judge to say.
    """
    held: list[str] = []

    def hold(match: re.Match[str]) -> str:
        held.append(match[2].strip())
        return f"\x00{len(held) - 1}\x00"

    text = _CODE_SPAN.sub(hold, text.replace("\x00", ""))
    text = _HTML.sub("", _BREAK.sub(" ", text))
    for pattern in (_STRONG, _STRONG):
        text = pattern.sub(r"\2", text)
    for pattern in (_EMPHASIS, _STRONG_LOW, _EMPHASIS_LOW):
        text = pattern.sub(r"\1", text)
    text = _HELD.sub(lambda match: held[int(match[1])], text)
    return " ".join(_unpaired(text).split())


def _unpaired(text: str) -> str:
    """Bold marks without a partner at either end of a text; the partner stood at the label."""
    text = text.strip()
    for mark in ("**", "__"):
        if text.count(mark) == 1:
            text = text.removeprefix(mark).removesuffix(mark).strip()
    return text


def contained(line: str) -> tuple[str, str]:
    """The quote, list and heading marks at the start of a line, and the rest of the line."""
    place = 0
    while match := CONTAINER.match(line, place):
        place = match.end()
    return line[:place], line[place:].strip()


def cells(line: str) -> list[str]:
    """The cells of a table's row; none of any other line."""
    row = line.strip()
    if len(row) < 3 or row[0] != "|" or row[-1] != "|":
        return []
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", row[1:-1])]
