"""What no right answer looks like: so long that it is wrong before it is parsed.

An answer is the judged program's choice, and what it costs to compare is the host's. So a checker
looks first whether it is far longer than the expected one, or has far more parts.
"""

from __future__ import annotations

FACTOR = 64
"""Characters that a right answer may have for each expected one: `1e300` may be written out."""
SPARE = 1 << 16
"""Characters that any answer may have, for blanks and digits that nobody asked for."""
_PARTS = "[{,:"
_SPARE_PARTS = 1000


def far_longer(expected: str, got: str) -> bool:
    """Whether an answer is too long to be right."""
    return len(got) > FACTOR * len(expected) + SPARE


def far_more_parts(expected: str, got: str) -> bool:
    """Whether a JSON text has too many parts to be the same value; each of them costs memory to parse."""
    if "\\u00" in expected:
        return False  # it may spell its commas otherwise
    return any(got.count(part) > 2 * expected.count(part) + _SPARE_PARTS for part in _PARTS)
