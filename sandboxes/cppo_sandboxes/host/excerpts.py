"""Excerpts of what a program wrote on the test that it failed, for people."""

from __future__ import annotations

from cppo_env.types import EXCERPT_CHARS, ProgramOutput

_LEAD_CHARS = 200
"""Characters shown before the first that differs."""


def excerpts(answer: bytes, stderr: bytes, expected: str = "") -> ProgramOutput:
    """What a program wrote, cut to what is kept; `expected` is "" where nothing was compared."""
    got = answer.decode("utf-8", "replace")
    start = max(0, _shared(got, expected) - _LEAD_CHARS)
    return ProgramOutput(
        got=got[start : start + EXCERPT_CHARS],
        skipped=start,
        length=len(got),
        stderr=stderr.decode("utf-8", "replace")[-EXCERPT_CHARS:],
    )


def _shared(one: str, other: str) -> int:
    """The length of the beginning that two texts share."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
