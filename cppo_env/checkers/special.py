"""Named rules for problems with several right answers; otherwise they behave like `strict`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from functools import partial
from operator import ne
from typing import cast

from cppo_env.checkers.bounds import far_longer, far_more_lines
from cppo_env.checkers.strict import blocks, lower, same_json, same_text, same_value
from cppo_env.types import Checker, Problem, TestCase

_NEWLINE = re.compile(rb"\n")
_FROZEN = frozenset({int, str, type(None)})
"""Types whose values are hashable, and equal exactly if the JSON values are."""
_SPARE_BLANKS = 1 << 16


def tolerance(limit: float) -> Checker:
    """A checker with another tolerance for floats than 1e-6, absolute or relative.

    It is for statements that allow an error, so an expected value that was rounded (1.16667)
    accepts what rounds to it.
    """

    def within(problem: Problem, test: TestCase, got: str) -> bool:
        if problem.entry_point is None:
            return same_text(test.output, got, limit, rounded=True)
        return same_json(test.output, got, partial(same_value, tolerance=limit, rounded=True))

    return within


def case_insensitive(problem: Problem, test: TestCase, got: str) -> bool:
    """ASCII letters in any case, for "you may print each letter in any case"."""
    if problem.entry_point is None:
        return not far_longer(test.output, got) and same_text(lower(test.output), lower(got))
    return same_json(test.output, got, partial(same_value, fold_case=True))


def unordered(problem: Problem, test: TestCase, got: str) -> bool:
    """Lines of text, or elements of the returned array, in any order; counts and numbers exact."""
    if problem.entry_point is None:
        far = far_longer(test.output, got) or far_more_lines(test.output, got)
        return not far and _same_lines(test.output, got)
    return same_json(test.output, got, _same_elements)


def value_or_wrapped(problem: Problem, test: TestCase, got: str) -> bool:
    """For the call-based rows of APPS: the expected value, or the element of an array of one.

    The published rows hold some results bare and some wrapped in an array of one, without saying
    which.
    Text is compared as in `strict`.
    """
    if problem.entry_point is None:
        return same_text(test.output, got)
    return same_json(test.output, got, _same_or_wrapped)


def _same_lines(expected: str, got: str) -> bool:
    left = Counter(_lines(expected))
    longest = max(map(len, left), default=0)
    for line in _lines(got, 2 * longest + _SPARE_BLANKS):
        if not left[line]:
            return False  # the first line that nobody expects is enough
        left[line] -= 1
    return not left.total()


def _lines(text: str, most_bytes: int | None = None) -> Iterator[bytes]:
    """The non-empty lines with single blanks between tokens; overlong lines are unchanged."""
    for block in blocks(text, _NEWLINE):
        for line in block.split(b"\n"):
            if most_bytes is not None and len(line) > most_bytes:
                yield line
            elif plain := b" ".join(line.split()):
                yield plain


def _same_elements(want: object, have: object) -> bool:
    if isinstance(want, list) and isinstance(have, list):
        wants, haves = cast(list[object], want), cast(list[object], have)
        return len(wants) == len(haves) and Counter(_all_frozen(wants)) == Counter(
            _all_frozen(haves)
        )
    return same_value(cast(object, want), have)


def _all_frozen(values: list[object]) -> Iterable[Hashable]:
    kinds = set(map(type, values))
    if kinds <= _FROZEN or (kinds <= _FROZEN | {float} and not any(map(ne, values, values))):
        return cast(list[Hashable], values)
    return map(_frozen, values)


def _frozen(value: object) -> Hashable:
    """A decoded JSON value in hashable form: equal exactly if the values are."""
    if isinstance(value, list):
        parts = cast(list[object], value)
        return tuple(parts if _FROZEN.issuperset(map(type, parts)) else map(_frozen, parts))
    if isinstance(value, dict):
        by_key = cast(dict[str, object], value)
        if _FROZEN.issuperset(map(type, by_key.values())):
            return frozenset(by_key.items())
        return frozenset((key, _frozen(part)) for key, part in by_key.items())
    if isinstance(value, bool) or value != value:
        return type(value), str(value)  # True is not 1, and NaN is NaN
    return cast(Hashable, value)


def _same_or_wrapped(want: object, have: object) -> bool:
    return same_value(want, have) or (
        isinstance(want, list) and same_value(cast(object, want), [have])
    )
