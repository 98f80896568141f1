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


def far_longer(expected: str, got: str) -> bool:
    """Whether an answer is too long to be right."""
    return len(got) > FACTOR * len(expected) + SPARE


def far_more_parts(expected: str, got: str) -> bool:
    """Whether a JSON text has too many parts to match; each one costs memory to parse."""
    if "\\u00" in expected:
        return False  # it may spell its commas otherwise
    return any(got.count(part) > 2 * expected.count(part) + _SPARE_PARTS for part in _PARTS)
