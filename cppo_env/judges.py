"""Judges that need no model: gates J on the form of a tuple of methods."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cppo_env.errors import UsageError
from cppo_env.parsing import MAX_METHOD_WORDS
from cppo_env.types import Problem, Ruling

_CODE = re.compile(
    r"```|^\s*#include\b|^\s*(?:from\s+\w+\s+)?import\s+\w|\bdef\s+\w+\(|\bprint\(|\blambda\b.*:"
)
_NOT_WORDS = re.compile(r"[\W_]+")


class AcceptJudge:
    """Accepts every plan: the ablation without a gate."""

    def rule(self, cases: Sequence[tuple[Problem, tuple[str, ...]]]) -> list[Ruling]:
        """Accept each case."""
        return [Ruling(accepted=True, score=1.0) for _ in cases]


class FormatJudge:
    """Accepts a plan of K distinct methods: one line each, at most `max_words` words, no code.

    This is the part of the paper's rubric that needs no model (docs/method.md, section 2). It finds
    duplicates after folding case, punctuation and white space.

    Args:
        max_words: words that a method may have; the prompt asks for at most 45.
    """

    def __init__(self, max_words: int = MAX_METHOD_WORDS):
        if max_words < 1:
            raise UsageError(f"max_words: got {max_words}, expected 1 or more")
        self._max_words = max_words

    def rule(self, cases: Sequence[tuple[Problem, tuple[str, ...]]]) -> list[Ruling]:
        """Rule on each case by itself."""
        return [_rule(methods, self._max_words) for _, methods in cases]


def folded(method: str) -> str:
    """A method without case, punctuation and extra white space, to find duplicates."""
    return _NOT_WORDS.sub(" ", method.casefold()).strip()


def _rule(methods: tuple[str, ...], max_words: int) -> Ruling:
    first_use: dict[str, int] = {}
    for number, method in enumerate(methods, start=1):
        reason = _fault(method, max_words)
        same_as = first_use.setdefault(folded(method), number)
        if reason is None and same_as != number:
            reason = f"repeats method {same_as}"
        if reason is not None:
            return Ruling(accepted=False, score=0.0, reason=f"method {number} {reason}")
    return Ruling(accepted=True, score=1.0)


def _fault(method: str, max_words: int) -> str | None:
    if not method.strip():
        return "is empty"
    if len(method.strip().splitlines()) > 1:
        return "runs over several lines"
    if (words := len(method.split())) > max_words:
        return f"has {words} words, more than {max_words}"
    if _CODE.search(method):
        return "contains code"
    return None
