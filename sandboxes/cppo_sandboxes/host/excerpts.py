"""Excerpts of what a program wrote on the test that it failed, for people."""

from __future__ import annotations

from cppo_env.types import EXCERPT_CHARS, ProgramOutput

_LEAD_CHARS = 200
"""Characters shown before the first that differs."""
_WIDEST = 4
"""Most bytes of a character in UTF-8."""
_CONTINUING = bytes(range(0x80, 0xC0))
"""Bytes that begin no character."""


def excerpts(answer: bytes, stderr: bytes, expected: str = "") -> ProgramOutput:
    """What a program wrote, cut to what is kept; `expected` is "" where nothing was compared.

    Only the excerpts are decoded: an answer may have many megabytes.
    """
    start = _shared(answer, expected.encode("utf-8", "surrogatepass"))
    while start and answer[start : start + 1] and answer[start] in _CONTINUING:
        start -= 1
    before = answer[max(0, start - _WIDEST * _LEAD_CHARS) : start]
    lead = before.decode("utf-8", "ignore")[-_LEAD_CHARS:]  # it may begin within a character
    rest = answer[start : start + _WIDEST * EXCERPT_CHARS].decode("utf-8", "replace")
    got, skipped = (lead + rest)[:EXCERPT_CHARS], _characters(answer[:start]) - len(lead)
    return ProgramOutput(
        got=got,
        skipped=skipped,
        length=max(_characters(answer), skipped + len(got)),
        stderr=stderr[-_WIDEST * EXCERPT_CHARS :].decode("utf-8", "replace")[-EXCERPT_CHARS:],
    )


def _characters(text: bytes) -> int:
    """Right for UTF-8; of other bytes, about half are counted."""
    return len(text.translate(None, _CONTINUING))


def _shared(one: bytes, other: bytes) -> int:
    """The length of the beginning that two texts share."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
