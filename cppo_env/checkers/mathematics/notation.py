"""LaTeX and prose of an answer → the plain notation that the grammar reads."""

from __future__ import annotations

import re

_DROPPED = re.compile(
    r"\\left(?![a-z])|\\right(?![a-z])|\\[,;:! ]|\\q?quad|~|\\displaystyle"
    r"|\\(?:big|Big)[lr]?(?![a-z])|\\\$|\$|\\\(|\\\)|\\\[|\\\]|\^\{?\\circ\}?|°|\\%|%|[€£]"
)
_TEXT = re.compile(r"\\(?:text|mathrm|textbf|mathbf|mbox|operatorname)\s*\{([^{}]*)\}")
_WORDS = {
    r"\dfrac": r"\frac", r"\tfrac": r"\frac", r"\cdot": "*", r"\times": "*", r"\div": "/",
    r"\pi": " pi ", r"\infty": " inf ", r"\cup": " U ", r"\lbrace": "{", r"\rbrace": "}",
    r"\{": "⟦", r"\}": "⟧", r"\emptyset": "⟦⟧", r"\varnothing": "⟦⟧", "∅": "⟦⟧",
    "−": "-", "–": "-", "·": "*", "×": "*", "÷": "/", "π": " pi ", "∞": " inf ", "∪": " U ",
    "√": r"\sqrt", "**": "^", "²": "^2", "³": "^3", r"\pm": "±", r"\le": "<", r"\mathbb": "",
    "½": r"\frac12", "¼": r"\frac14", "¾": r"\frac34",
}  # fmt: skip
_WORD = re.compile(
    "|".join(
        re.escape(word) + (r"(?![a-zA-Z])" if word[-1].isalpha() and word[0] == "\\" else "")
        for word in sorted(_WORDS, key=len, reverse=True)
    )
)
_GROUPED = re.compile(r"(?<![\d.,])\d{1,3}(?:(?:,|\{,\})\d{3})+(?![\d,])")
_MIXED = re.compile(r"(?<![\d.^/])(\d+)\s*(?:\\frac\{(\d+)\}\{(\d+)\}|(?<=\s)(\d+)/(\d+)(?!\d))")
_NAMED = re.compile(r"^\s*(?:[a-zA-Z](?:_\{?\w+\}?)?(?:\([a-z]\))?)\s*(?:=|\\in(?![a-z]))\s*(?=\S)")
_UNIT = re.compile(
    r"(?<=[\d)}⟧])\s*(?:[a-zA-Z]{2,}(?![a-zA-Z])\.?(?:/[a-zA-Z]{3,}(?![a-zA-Z])\.?)*"
    r"(?:/[a-zA-Z]{1,2}(?![a-zA-Z]))?(?:\^\{?\d\}?)?\s*)+$"
)
"""A text is a sequence of such words in one way only: with two it would take exponential time."""
_ONE_LETTER_UNIT = re.compile(r"(?<=\d)\s+[a-zA-Z](?:\^\{?[23]\}?|/[a-zA-Z]+)?$")
_NAMES = re.compile(r"\b(?:pi|inf|sqrt|sin|cos|tan|log|ln|exp|abs|U)\b")


def plain(text: str) -> str:
    r"""The answer in plain notation: no marks of LaTeX, no thousands separators, no unit.

    `\{…\}` becomes ⟦…⟧, because braces also group. Percent signs, degrees and currencies go: the
    problem says what is asked for.
    """
    text = _DROPPED.sub(" ", _TEXT.sub(lambda found: f" {found[1]} ", text))
    text = _WORD.sub(lambda found: _WORDS[found[0]], text)
    text = _GROUPED.sub(lambda found: re.sub(r"[^\d]", "", found[0]), text)
    text = _NAMED.sub("", text).strip()
    for pattern in (_UNIT, _ONE_LETTER_UNIT):
        found = pattern.search(text)
        if found and not _NAMES.search(found[0]):
            text = text[: found.start()]
    text = _MIXED.sub(_sum, text)
    if text.startswith("{") and text.endswith("}"):
        text = f"⟦{text[1:-1]}⟧"
    return text.strip()


def _sum(found: re.Match[str]) -> str:
    whole, top, bottom = found[1], found[2] or found[4], found[3] or found[5]
    return f"({whole}+{top}/{bottom})"


def folded(text: str) -> str:
    """A text for comparison as words: letters and digits only, without case."""
    return re.sub(r"[\W_]+", "", _TEXT.sub(lambda found: found[1], text)).casefold()
