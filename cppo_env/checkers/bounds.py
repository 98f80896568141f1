"""Reject answers that are too long to be right before parsing them.

The judged program chooses its answer, but the host pays for the comparison. So a checker first
tests whether the answer is far longer than the expected one, or has far more parts.
"""

from __future__ import annotations

FACTOR = 64
"""Characters allowed per expected character: `1e300` may be written out."""
SPARE = 1 << 16
"""Extra characters allowed for blanks and digits."""
_PARTS = "[{,:"
_SPARE_PARTS = 1000
_LINE_ENDS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
MORE_LINES = 4
"""Lines or tokens allowed per expected one: blank lines, or one written several times."""


def far_longer(expected: str, got: str, factor: int = FACTOR) -> bool:
    """Whether an answer is too long to be right."""
    return len(got) > factor * len(expected) + SPARE


def far_more_parts(expected: str, got: str) -> bool:
    """Whether a JSON text has too many parts to match; each one costs memory to parse."""
    if "\\u00" in expected:
        return False  # it may spell its commas otherwise
    return any(got.count(part) > 2 * expected.count(part) + _SPARE_PARTS for part in _PARTS)


def far_more_lines(expected: str, got: str) -> bool:
    """Whether a text has too many lines to match; each one costs time, even if it is blank."""
    lines, most = (sum(map(text.count, _LINE_ENDS)) for text in (got, expected))
    return lines > MORE_LINES * (most + 1) + _SPARE_PARTS


def most_tokens(expected: str) -> int:
    """How many tokens of a line are looked at; if it has more, it cannot match."""
    return MORE_LINES * len(expected.split()) + _SPARE_PARTS
