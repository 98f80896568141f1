"""Judges that need no model: gates J on the form of a tuple of methods."""

from __future__ import annotations

import re
from collections.abc import Sequence

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
    """Accepts a plan of K distinct methods: one line each, at most 45 words, no code.

    This is the part of the paper's rubric that needs no model (docs/method.md, section 2).
    Duplicates
    are found after folding case, punctuation and white space.
    """

    def rule(self, cases: Sequence[tuple[Problem, tuple[str, ...]]]) -> list[Ruling]:
        """Rule on each case by itself."""
        return [_rule(methods) for _, methods in cases]


def folded(method: str) -> str:
    """A method without case, punctuation and extra white space, to find duplicates."""
    return _NOT_WORDS.sub(" ", method.casefold()).strip()


def _rule(methods: tuple[str, ...]) -> Ruling:
    first_use: dict[str, int] = {}
    for number, method in enumerate(methods, start=1):
        reason = _fault(method)
        same_as = first_use.setdefault(folded(method), number)
        if reason is None and same_as != number:
            reason = f"repeats method {same_as}"
        if reason is not None:
            return Ruling(accepted=False, score=0.0, reason=f"method {number} {reason}")
    return Ruling(accepted=True, score=1.0)


def _fault(method: str) -> str | None:
    if not method.strip():
        return "is empty"
    if len(method.strip().splitlines()) > 1:
        return "runs over several lines"
    if (words := len(method.split())) > MAX_METHOD_WORDS:
        return f"has {words} words, more than {MAX_METHOD_WORDS}"
    if _CODE.search(method):
        return "contains code"
    return None
