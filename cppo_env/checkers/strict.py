"""The default rules: text token by token, JSON values part by part."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import zip_longest
from typing import cast

from cppo_env.checkers.bounds import far_longer, far_more_parts
from cppo_env.checkers.numbers import (
    FLOATS,
    INTEGERS,
    TOLERANCE,
    close,
    close_decimals,
    read_json,
)
from cppo_env.types import Problem, TestCase

SPACE = " \t\n\r\v\f"
"""ASCII white space. `str.split()` would also split at Unicode spaces and control characters."""

_SPACE = re.compile(rb"[ \t\n\r\v\f]")
_FLOAT = re.compile(rb"[+-]?(?:\d++\.\d*+|\.\d++|\d++(?=[eE]))(?:[eE][+-]?\d++)?")
_NUMBER = re.compile(rb"[+-]?(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE][+-]?\d++)?")
_SCALARS = frozenset({int, float, str, bool})
_BLOCK_BYTES = 1 << 18
_NUMBER_BYTES = 1 << 16
"""Nobody writes a float with more digits."""


def strict(problem: Problem, test: TestCase, got: str) -> bool:
    """Tokens of text, or JSON values, by the rules of `same_text` and `same_value`."""
    if problem.entry_point is None:
        return same_text(test.output, got)
    return same_json(test.output, got)


def same_text(expected: str, got: str, tolerance: float = TOLERANCE) -> bool:
    """Whether two texts have the same tokens, split at ASCII white space.

    Tokens are equal when their characters are: integers are exact at any length, strings are
    case-sensitive, NaN and infinity go by spelling. Only where the expected token is written as a
    float (`0.5`, `1e-7`) may the other be any ASCII decimal number within the tolerance. Carriage
    returns are white space.
    """
    if far_longer(expected, got):
        return False
    if expected.rstrip(SPACE) == got.rstrip(SPACE):
        return True
    pairs = zip_longest(tokens(expected), tokens(got))
    return all(want == have or _close_tokens(want, have, tolerance) for want, have in pairs)


def tokens(text: str) -> Iterator[bytes]:
    """The tokens of a text, block by block: a flood of short tokens never becomes one huge list."""
    for block in blocks(text, _SPACE):
        yield from block.split()


def blocks(text: str, end: re.Pattern[bytes]) -> Iterator[bytes]:
    """A text as UTF-8 in pieces that end with `end`, at a few hundred KB if they can."""
    data = text.encode("utf-8", "surrogatepass")
    start = 0
    while start < len(data):
        match = end.search(data, start + _BLOCK_BYTES)
        stop = match.end() if match else len(data)
        yield data[start:stop]
        start = stop


def lower(text: str) -> str:
    """The text with ASCII letters in lower case: the Kelvin sign is no `k`."""
    return text.encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass")


def _close_tokens(want: bytes | None, have: bytes | None, tolerance: float) -> bool:
    if want is None or have is None or len(have) > _NUMBER_BYTES:
        return False
    if not _FLOAT.fullmatch(want) or not _NUMBER.fullmatch(have):
        return False
    return close_decimals(want, have, tolerance)


def same_value(
    want: object, have: object, tolerance: float = TOLERANCE, *, fold_case: bool = False
) -> bool:
    """Whether two decoded JSON values are the same.

    Arrays are equal part by part (a tuple left its process as an array), objects key by key in any
    order. `true` is not 1. An expected integer accepts the same number only, be it written 2 or
    2.0; an expected float accepts numbers within the tolerance. NaN equals NaN, and infinity no
    number.
    """
    pending: list[tuple[object, object]] = [(want, have)]
    while pending:  # no recursion: the depth is the judged program's choice
        want, have = pending.pop()
        if isinstance(want, list) and isinstance(have, list):
            wants, haves = cast(list[object], want), cast(list[object], have)
            if len(wants) != len(haves):
                return False
            if not _identical_scalars(wants, haves):
                pending.extend(zip(wants, haves, strict=True))
        elif isinstance(want, dict) and isinstance(have, dict):
            by_key, other = cast(dict[str, object], want), cast(dict[str, object], have)
            if by_key.keys() != other.keys():
                return False
            pending.extend((by_key[key], other[key]) for key in by_key)
        elif not _same_scalar(cast(object, want), have, tolerance, fold_case):
            return False
    return True


def _identical_scalars(wants: list[object], haves: list[object]) -> bool:
    """A quick yes for the usual long array: scalars of one type on both sides, all equal."""
    kinds = set(map(type, wants))
    return (
        len(kinds) == 1 and kinds <= _SCALARS and kinds == set(map(type, haves)) and wants == haves
    )


def _same_scalar(want: object, have: object, tolerance: float, fold_case: bool) -> bool:
    if type(want) in FLOATS:
        number = type(have) in FLOATS or type(have) in INTEGERS
        return number and close(cast(float, want), cast(float, have), tolerance)
    if type(want) in INTEGERS:
        return (type(have) in FLOATS or type(have) in INTEGERS) and want == have
    if fold_case and type(want) is str and type(have) is str:
        return lower(want) == lower(have)
    return type(want) is type(have) and want == have


def same_json(expected: str, got: str, same: Callable[[object, object], bool] = same_value) -> bool:
    """Whether two JSON texts hold the same value, by the rule `same`.

    Raises:
        ValueError: the expected text is no JSON; the other may be anything.
    """
    if expected == got:
        return True
    want = read_json(expected)
    if far_longer(expected, got) or far_more_parts(expected, got):
        return False
    try:
        return same(want, read_json(got))
    except (ValueError, RecursionError):
        return False
