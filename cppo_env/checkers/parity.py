"""The comparison rules of two published graders, flaws included, to match published numbers.

Only the comparison is reproduced, not how programs run. A function's result leaves its process as
JSON, so a tuple inside a list, which both graders treat as different from a list, cannot be
recognised.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from itertools import chain, compress
from operator import ne
from typing import cast

import numpy as np

from cppo_env.checkers.bounds import far_longer, far_more_lines, most_tokens
from cppo_env.checkers.strict import same_json
from cppo_env.types import Problem, TestCase

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
    return _same_decimals(list(compress(wants, unlike)), list(compress(haves, unlike)))


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
        stripped
        in ("\n".join(printed).strip(), "\n".join(line.strip() for line in printed).strip())
        or wants in (printed, haves)
        or _all_close(wants, haves)
        or _same_sets(wants, haves, str, most_tokens(test.output))
        or _rounded_sets_equal(wants, haves, most_tokens(test.output))
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
    try:
        return list(map(Decimal, wants)) == list(map(Decimal, haves))
    except InvalidOperation:
        pass  # some have several tokens, or a word
    want = [line.split() for line in wants]
    lengths = list(map(len, want))
    # One token more than expected makes them unequal.
    have = [line.split(maxsplit=most) for line, most in zip(haves, lengths, strict=True)]
    if list(map(len, have)) != lengths:
        return False
    try:
        one, other = (list(map(Decimal, chain.from_iterable(lines))) for lines in (want, have))
        return one == other
    except InvalidOperation:
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


def _same_sets(
    wants: list[str], haves: list[str], part: Callable[[str], object], most: int
) -> bool:
    """Whether the lines have the same sets of tokens; the first other one of `haves` ends it."""
    expected, found = {_token_set(line, part, most) for line in wants}, set[object]()
    for line in haves:
        if not line.strip():
            continue
        if (one := _token_set(line, part, most)) not in expected:
            return False
        found.add(one)
    return found == expected


def _token_set(line: str, part: Callable[[str], object], most: int) -> object:
    """The set of a line's tokens; a single token stands for itself, which takes less."""
    tokens = line.split(maxsplit=most)
    return part(tokens[0]) if len(tokens) == 1 else frozenset(map(part, set(tokens)))


def _rounded(token: str) -> float:
    return round(float(token), 3)


def _rounded_sets_equal(wants: list[str], haves: list[str], most: int) -> bool:
    try:
        for line in haves:  # quicker than to round what comes before the first other word
            list(map(float, line.split(maxsplit=most)))
        return _same_sets(wants, haves, _rounded, most)
    except ValueError:
        return False
