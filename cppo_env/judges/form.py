"""The part of the paper's rubric that needs no model: the form of K methods."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cppo_env.errors import UsageError
from cppo_env.judges.letters import same_letters
from cppo_env.types import Problem, Ruling

MAX_JUDGED_WORDS = 90
"""Words that a method may have here. The prompt asks for 45 (`parsing.MAX_METHOD_WORDS`), and good
planners pass that now and then; twice as much is no sentence any more."""

_CODE = re.compile(
    r"""
      ```
    | ^\s*\#\s*include\s*[<"]
    | ^\s*import\s+[A-Za-z_][\w.]*(?:\s+as\s+\w+)?(?:\s*,\s*[A-Za-z_][\w.]*)*\s*(?:;.*)?$
    | ^\s*from\s+[A-Za-z_][\w.]*\s+import\s+\w
    | \bdef\s+[A-Za-z_]\w*\(
    | \bprint\((?!s?\))
    | \blambda\s+(?P<name>[A-Za-z_]\w*)(?:\s*,\s*\w+)*\s*:[^.;]*\b(?P=name)\b
    """,
    re.VERBOSE,
)
"""Marks of code. Prose has the same words ("import all edges", "print(s)", "the parameter lambda:
…"), so only whole statements count, and a lambda whose body uses its argument."""

_NOT_WORDS = re.compile(r"[\W_]+")


class FormatJudge:
    """Accepts a plan of K distinct methods: one line each, at most `max_words` words, no code.

    It sees neither content nor meaning: a workflow cut into steps, filler, an answer given away in
    words, and one method in several wordings all pass. `distinct` finds wordings, `verbaliser` and
    `llm` the rest. Duplicates are found after folding case, punctuation and white space.

    Args:
        max_words: words that a method may have; the prompt asks for at most 45.
    """

    def __init__(self, max_words: int = MAX_JUDGED_WORDS):
        if max_words < 1:
            raise UsageError(f"max_words: got {max_words}, expected 1 or more")
        self._max_words = max_words

    def rule(self, cases: Sequence[tuple[Problem, tuple[str, ...]]]) -> list[Ruling]:
        """Rule on each case by itself."""
        return [_rule(methods, self._max_words) for _, methods in cases]


def folded(method: str) -> str:
    """A method without case, punctuation, extra white space and disguise, to find duplicates."""
    return _NOT_WORDS.sub(" ", same_letters(method)).strip()


def repeats_a_method(methods: Sequence[str]) -> bool:
    """Whether two of the methods are one, but for case, punctuation, white space and disguise."""
    return len(set(map(folded, methods))) < len(methods)


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
