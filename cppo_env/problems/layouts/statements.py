"""Statements as prompts: published text → plain text, and what was lost on the way.

Plain statements pass unchanged. LaTeX stays (models read it), but for the tripled dollars of one
site. HTML tags go, and their meaning is kept where text can hold it. Images cannot be kept; that is
reported.
"""

from __future__ import annotations

import html
import re
import unicodedata
from html.entities import html5
from typing import NamedTuple

IMAGE = "[image]"
"""What stands in the text for an image that is lost."""

FEWEST_LETTERS = 40
"""A statement with an image and fewer letters than this is all image."""


class Normalised(NamedTuple):
    """A statement for prompts."""

    text: str
    losses: tuple[str, ...]
    """What the text no longer holds: "images", "images_only", "tables", "undecodable"."""


def normalise(text: str) -> Normalised:
    """The statement as plain text with Unix line ends, and what was lost."""
    losses: list[str] = []
    text = _plain_characters(text)
    text, images = _IMAGES.subn(IMAGE, text)
    text, tables = _without_markup(text)
    text = _ENTITY.sub(_unescaped, text)
    text = text.replace("$$$", "$")
    images += text.count("[Image]")
    if images:
        letters = sum(
            character.isalpha() for character in text.replace(IMAGE, "").replace("[Image]", "")
        )
        losses += ["images"] if letters >= FEWEST_LETTERS else ["images", "images_only"]
    if tables:
        losses.append("tables")
    if "\ufffd" in text:
        losses.append("undecodable")
    return Normalised(text, tuple(losses))


def with_streams(text: str, source: str, sink: str) -> str:
    """The statement, with a note on standard streams where the contest used files."""
    if source:
        text += f"\n\nNote: read standard input instead of the file {source}."
    if sink:
        text += f"\n\nNote: write to standard output instead of the file {sink}."
    return text


def _unescaped(entity: re.Match[str]) -> str:
    """The character of an HTML entity; what only looks like one stays."""
    name = entity[0]
    if name[1] != "#" and name[1:] not in html5:
        return name
    return html.unescape(name).translate(_CHARACTERS)


_BLANKS = (
    "\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
)
_INVISIBLE = (
    "\xad\u200b\u200c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\ufeff"
)
_CONTROLS = "".join(
    chr(code) for code in (*range(32), 127, *range(128, 160)) if chr(code) not in "\n\t"
)
_CHARACTERS = str.maketrans(
    {
        **dict.fromkeys(_BLANKS, " "),
        **dict.fromkeys(_INVISIBLE, None),
        **dict.fromkeys(_CONTROLS, None),
        "\u2028": "\n",
        "\u2029": "\n",
    }
)


def _plain_characters(text: str) -> str:
    """Unix line ends, ordinary blanks, no invisible characters, composed accents."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return (
        text
        if text.isascii() and text.isprintable()
        else unicodedata.normalize("NFC", text.translate(_CHARACTERS))
    )


_IMAGES = re.compile(r"<image>|<img\b[^<>]*>|!\[[^\]\n]*\]\([^()\s]*\)", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_BREAK = re.compile(r"<br\s*/?>|<hr\s*/?>", re.IGNORECASE)
_BLOCKS = frozenset(
    (
        "p",
        "div",
        "pre",
        "center",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "ul",
        "ol",
        "dl",
        "table",
        "tr",
        "section",
    )
)
_INLINE = frozenset(
    (
        "span",
        "code",
        "tt",
        "var",
        "b",
        "i",
        "em",
        "strong",
        "u",
        "font",
        "a",
        "small",
        "big",
        "kbd",
        "samp",
        "dt",
        "dd",
    )
)
_PAIRED = sorted(_BLOCKS | _INLINE | {"li", "thead", "tbody", "td", "th", "sup", "sub"})


def _without_markup(text: str) -> tuple[str, bool]:
    """The text without HTML, and whether it held a table.

    A tag counts as HTML only if the text also closes it: input formats are often written as `<n>
    <i> <a>`.
    """
    if "<" not in text:
        return text, False
    text = _BREAK.sub("\n", text)
    present = [name for name in _PAIRED if re.search(rf"</{name}\s*>", text, re.IGNORECASE)]
    for name in present:
        opening, closing = (
            re.compile(rf"<{slash}{name}(?:\s[^<>]*)?>", re.IGNORECASE) for slash in ("", "/")
        )
        before, after = _replacement(name)
        text = closing.sub(after, opening.sub(before, text))
    return text, "table" in present


def _replacement(name: str) -> tuple[str, str]:
    if name in ("sup", "sub"):
        return ("^{", "}") if name == "sup" else ("_{", "}")
    if name == "li":
        return "\n- ", ""
    if name in ("td", "th"):
        return " ", " "
    return ("\n", "\n") if name in _BLOCKS else ("", "")
