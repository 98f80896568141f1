"""The comparison rules of two published graders, flaws included, to match published numbers.

Only the comparison is reproduced, not how programs run. A function's result leaves its process as
JSON, so a tuple inside a list, which both graders treat as different from a list, cannot be
recognised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from typing import cast

from cppo_env.checkers.bounds import far_longer
from cppo_env.checkers.strict import same_json
from cppo_env.types import Problem, TestCase


def lcb(problem: Problem, test: TestCase, got: str) -> bool:
    """LiveCodeBench: lines as text or as decimals; returned values by `==` (`True` is 1)."""
    if problem.entry_point is not None:
        return same_json(test.output, got, _equal)
    want, have = test.output.strip(), got.strip()
    if far_longer(want, have) or want.count("\n") != have.count("\n"):
        return False
    wants, haves = ((line.strip() for line in text.split("\n")) for text in (want, have))
    return all(map(_same_decimal_line, wants, haves))


def apps(problem: Problem, test: TestCase, got: str) -> bool:
    """APPS: a cascade of increasingly lenient comparisons.

    In order: the stripped text; the lines without blank ones; a number on each line within the
    defaults of `numpy.allclose`; the set of the lines' token sets (order and multiplicity lost);
    the same with numbers rounded to three decimals. Returned values by `==`, also with the first
    expected part.
    """
    if problem.entry_point is not None:
        return same_json(test.output, got, _equal_or_first)
    if far_longer(test.output, got):
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
        or _token_sets(wants, str) == _token_sets((line for line in haves if line.strip()), str)
        or _rounded_sets_equal(wants, haves)
    )


def _equal(want: object, have: object) -> bool:
    return want == have


def _equal_or_first(want: object, have: object) -> bool:
    if want == have:
        return True
    first = cast(list[object], want)[:1] if isinstance(want, list) else []
    return first == [have]


def _same_decimal_line(want: str, have: str) -> bool:
    if want == have:
        return True
    wants = want.split()
    haves = have.split(maxsplit=len(wants))  # one extra makes them unequal
    try:
        return len(wants) == len(haves) and all(
            Decimal(one) == Decimal(other) for one, other in zip(wants, haves, strict=True)
        )
    except InvalidOperation:
        return False


def _all_close(wants: list[str], haves: list[str]) -> bool:
    """`numpy.allclose(haves, wants)` with its default tolerances."""
    try:
        pairs = list(zip(map(float, haves), map(float, wants), strict=True))
    except ValueError:
        return False
    return all(
        have == want or abs(have - want) <= 1e-8 + 1e-5 * abs(want) < float("inf")
        for have, want in pairs
    )


def _token_sets(lines: Iterable[str], part: Callable[[str], object]) -> set[frozenset[object]]:
    return {frozenset(map(part, line.split())) for line in lines}


def _rounded_sets_equal(wants: list[str], haves: list[str]) -> bool:
    def rounded(token: str) -> float:
        return round(float(token), 3)

    try:
        return _token_sets(wants, rounded) == _token_sets(
            (line for line in haves if line.strip()), rounded
        )
    except ValueError:
        return False
