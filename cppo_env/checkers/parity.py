"""The comparison rules of two published graders, flaws included, to match published numbers.

Only the comparison is reproduced, not how programs run. A function's result leaves its process as
JSON, so a tuple inside a list, which both graders treat as different from a list, cannot be
recognised.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal, InvalidOperation
from functools import partial
from itertools import chain, compress, repeat
from operator import ne
from typing import Any, cast

import numpy as np

from cppo_env.checkers.bounds import far_longer, far_more_lines, most_tokens
from cppo_env.checkers.strict import same_json
from cppo_env.types import Problem, TestCase

_BATCH = 1 << 12
"""Lines or tokens that are compared together, so that the first other ones end it."""
_LONG = 1 << 16
"""Characters from which on a line is compared in pieces."""
_PLAIN = re.compile(r"[-+.0-9 ]*")
_EXACT_CHARS = 15
"""Plain decimals up to this length are equal exactly if they are equal as floats."""
_Sets = Iterator[frozenset[Any]]
_FACTOR = 8
"""Characters allowed per expected one: each step of the cascade looks at all of them again."""


def lcb(problem: Problem, test: TestCase, got: str) -> bool:
    """LiveCodeBench: lines as text or as decimals; returned values by `==` (`True` is 1)."""
    if problem.entry_point is not None:
        return same_json(test.output, got, _equal)
    want, have = test.output.strip(), got.strip()
    if far_longer(want, have) or want.count("\n") != have.count("\n"):
        return False
    wants, haves = ([line.strip() for line in text.split("\n")] for text in (want, have))
    unlike = list(map(ne, wants, haves))
    wants, haves = list(compress(wants, unlike)), list(compress(haves, unlike))
    return all(
        _same_decimals(wants[start : start + _BATCH], haves[start : start + _BATCH])
        for start in range(0, len(wants), _BATCH)
    )


def apps(problem: Problem, test: TestCase, got: str) -> bool:
    """APPS: a cascade of increasingly lenient comparisons.

    In order: the stripped text; the lines without blank ones; a number on each line within the
    defaults of `numpy.allclose`; the set of the lines' token sets (order and multiplicity lost);
    the same with numbers rounded to three decimals. Returned values by `==`, also with the first
    expected part.
    """
    if problem.entry_point is not None:
        return same_json(test.output, got, _equal_or_first)
    if far_longer(test.output, got, _FACTOR) or far_more_lines(test.output, got):
        return False
    wants = [line.strip() for line in test.output.split("\n") if line]
    printed = got.splitlines()
    haves = [line for line in printed if line]
    stripped = test.output.strip()
    return (
        stripped == "\n".join(printed).strip()
        or wants in (printed, haves)
        or stripped == "\n".join(line.strip() for line in printed).strip()
        or _all_close(wants, haves)
        or _same_sets(wants, haves, most_tokens(test.output))
    )


def _equal(want: object, have: object) -> bool:
    return want == have


def _equal_or_first(want: object, have: object) -> bool:
    if want == have:
        return True
    first = cast(list[object], want)[:1] if isinstance(want, list) else []
    return first == [have]


def _same_decimals(wants: list[str], haves: list[str]) -> bool:
    """Whether lines hold the same decimals, one by one."""
    if max(map(len, wants)) > _LONG:  # each by itself, in pieces
        return all(map(_same_long_lines, wants, haves))
    want = [line.split() for line in wants]
    lengths = list(map(len, want))
    # One token more than expected makes them unequal.
    have = [line.split(maxsplit=most) for line, most in zip(haves, lengths, strict=True)]
    return list(map(len, have)) == lengths and _equal_decimals(
        list(chain.from_iterable(want)), list(chain.from_iterable(have))
    )


def _same_long_lines(want: str, have: str) -> bool:
    while want and have:
        wants, haves = want.split(None, _BATCH), have.split(None, _BATCH)
        want, have = (line.pop() if len(line) > _BATCH else "" for line in (wants, haves))
        if len(wants) != len(haves) or not _equal_decimals(wants, haves):
            return False
    return not want and not have


def _equal_decimals(wants: list[str], haves: list[str]) -> bool:
    """Whether tokens are the same decimals; as floats, which is quicker, where that is exact."""
    tokens = [*wants, *haves]
    exact = max(map(len, tokens), default=0) <= _EXACT_CHARS and _PLAIN.fullmatch(" ".join(tokens))
    try:
        number = float if exact else Decimal
        return list(map(number, wants)) == list(map(number, haves))
    except (ValueError, InvalidOperation):
        return False


def _all_close(wants: list[str], haves: list[str]) -> bool:
    """`numpy.allclose(haves, wants)` with its default tolerances."""
    if len(wants) != len(haves):
        return False
    try:
        want, have = (np.array(list(map(float, lines))) for lines in (wants, haves))
    except ValueError:
        return False
    with np.errstate(over="ignore", invalid="ignore"):
        limit = 1e-8 + 1e-5 * np.abs(want)
        near = (np.abs(have - want) <= limit) & (limit < np.inf)
    return bool(((have == want) | near).all())


def _same_sets(wants: list[str], haves: list[str], most: int) -> bool:
    """Whether the lines have the same sets of tokens, as text or as rounded numbers."""
    want, have = set(map(str.strip, wants)), set(map(str.strip, haves))
    have.discard("")
    if want == have:
        return True
    ordered = [*(have - want), *(have & want)]  # what may have no like comes first
    if _same_lines(want, ordered, partial(_texts, most=most)):
        return True
    try:
        return _same_lines(want, ordered, partial(_numbers, most=most))
    except ValueError:
        return False


def _same_lines(wants: set[str], haves: list[str], sets: Callable[[Iterable[str]], _Sets]) -> bool:
    """Whether each line of either side has its like; the first that has none ends it."""
    expected = set(sets(wants))
    missing = set(expected)
    for start in range(0, len(haves), _BATCH):
        found = set(sets(haves[start : start + _BATCH]))
        if not found <= expected:
            return False
        missing -= found
    return not missing


def _texts(lines: Iterable[str], most: int) -> _Sets:
    return map(frozenset, map(str.split, lines, repeat(None), repeat(most)))


def _numbers(lines: Iterable[str], most: int) -> _Sets:
    """The sets of tokens as numbers of three decimals. Raises ValueError: one is no number."""
    number = _Rounded().__getitem__
    return (frozenset(map(number, tokens)) for tokens in _texts(lines, most))


class _Rounded(dict[str, float]):
    """Token → number of three decimals; most tokens come more than once."""

    def __missing__(self, token: str) -> float:
        number = self[token] = round(float(token), 3)
        return number
