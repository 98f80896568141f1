"""The error that a statement allows in its floats, as a power of ten."""

from __future__ import annotations

import re
from collections.abc import Sequence

MOST = 12
"""Finest tolerance that has a checker; a float has 15 digits."""

_NUMBER = (
    r"(?:(?:\d(?:\.\d+)?\s*(?:\\times|\\cdot|[*×·⋅x])\s*)?"
    r"(?:10\s*(?:\^|\*\*)\s*[\{(]?\s*[-−–]\s*\{?\s*(?P<power>\d+)|10\s*[-−–]\s*(?P<lost>\d+)\b|"
    r"10(?P<raised>⁻[⁰¹²³⁴⁵⁶⁷⁸⁹]+)|\d(?:\.\d+)?e[-−–](?P<exponent>\d+)|"
    r"0\.(?P<zeros>0*)[1-9]\b))"
)
_ERROR = r"(?:error|precision|tolerance|difference|deviation|accuracy|inaccuracy)"
_OURS = re.compile(
    r"\b(?:answers?|outputs?|results?|solutions?|considered|accept\w*|judged?|judges|correct\w*|"
    r"allowed|tolerated|permitted|print\w*|must|should)\b",
    re.IGNORECASE,
)
_ALLOWED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:absolute|relative)\b.{{0,80}}?{_NUMBER}",
        rf"{_NUMBER}\W{{0,6}}(?:\w+\s+){{0,2}}(?:absolute|relative|{_ERROR})\b",
        rf"\b{_ERROR}s?\b[^,;]{{0,60}}?{_NUMBER}",
        rf"\bwithin\s+(?:an?\s+)?(?:\w+\s+){{0,3}}?(?:of\s+)?\$?{_NUMBER}",
        rf"\bdiffers?\b[^,;]{{0,60}}?{_NUMBER}",
        rf"\b(?:accurate|correct|exact)\s+(?:up\s+)?(?:to\s+)?(?:within\s+)?\$?{_NUMBER}",
        rf"(?:\\frac|\||\\lvert|abs\()[^.;]{{0,80}}?(?:\\leq?q?|\\leqslant|≤|<=|<)\s*{_NUMBER}",
    )
)
_DIGITS = re.compile(
    r"\b(?:accurate|correct|exact|accuracy\s+of|precision\s+of)\s+(?:up\s+)?(?:to\s+)?"
    r"(?:at\s+least\s+)?(?P<digits>\w+)\s+"
    r"(?:decimal\s+(?:places|digits)|digits?\s+after|places\s+after)",
    re.IGNORECASE,
)
_NOT_OURS = re.compile(
    r"\b(?:given|input)\b[^.]*\b(?:precision|digits)\b|\bsensor|\bwill\s+not\s+change\b"
    r"|\bguarantee",
    re.IGNORECASE,
)
_WORDS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9}
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


def tolerance_of(sentences: Sequence[str]) -> int | None:
    """N of the 10^-N by which floats may be wrong; the loosest of the first sentence that says so.

    None where no sentence allows an error.
    """
    for sentence in sentences:
        if not _OURS.search(sentence) or _NOT_OURS.search(sentence):
            continue
        plain = sentence.replace("$", "").replace("~", " ").replace("\\,", "")
        powers = [_power(match) for pattern in _ALLOWED for match in pattern.finditer(plain)]
        powers += [_count(match["digits"]) for match in _DIGITS.finditer(plain)]
        if found := [power for power in powers if power > 0]:
            return min(MOST, min(found))
    return None


def _power(match: re.Match[str]) -> int:
    if match["raised"]:
        return int(match["raised"][1:].translate(_RAISED))
    if match["zeros"] is not None:
        return len(match["zeros"]) + 1
    return int(match["power"] or match["lost"] or match["exponent"])


def _count(word: str) -> int:
    return int(word) if word.isdecimal() else _WORDS.get(word.lower(), 0)
