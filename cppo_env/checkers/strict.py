"""The default rules: text token by token, JSON values part by part."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import compress, islice
from operator import ne
from typing import cast

from cppo_env.checkers.bounds import far_longer, far_more_parts
from cppo_env.checkers.numbers import (
    FLOATS,
    INTEGERS,
    TOLERANCE,
    all_close,
    close,
    close_decimals,
    implied,
    read_json,
)
from cppo_env.types import Problem, TestCase

SPACE = " \t\n\r\v\f"
"""ASCII white space. `str.split()` would also split at Unicode spaces and control characters."""

_SPACE = re.compile(rb"[ \t\n\r\v\f]")
_FLOAT = re.compile(rb"[+-]?(?:\d++\.\d*+|\.\d++|\d++(?=[eE]))(?:[eE][+-]?\d++)?")
_NUMBER = re.compile(rb"[+-]?(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE][+-]?\d++)?")
# No possessive group: before 3.11.5 Python matches `(?:…|…)++` where it must not (gh-106052).
_FLOATS, _NUMBERS = (re.compile(b"(?:%b(?: |$))+" % one.pattern) for one in (_FLOAT, _NUMBER))
_SCALARS = frozenset({int, float, str, bool})
_EXACT = frozenset({int, str, bool})
_NUMBER_TYPES = frozenset({int, float})
_BLOCK_BYTES = 1 << 18
_BATCH = 1 << 14
"""Tokens that are compared together."""
_NUMBER_BYTES = 1 << 16
"""Nobody writes a float with more digits."""


def strict(problem: Problem, test: TestCase, got: str) -> bool:
    """Tokens of text, or JSON values, by the rules of `same_text` and `same_value`."""
    if problem.entry_point is None:
        return same_text(test.output, got)
    return same_json(test.output, got)


def same_text(
    expected: str, got: str, tolerance: float = TOLERANCE, *, rounded: bool = False
) -> bool:
    """Whether two texts have the same tokens, split at ASCII white space.

    Tokens are equal when their characters are: integers are exact at any length, strings are
    case-sensitive, NaN and infinity go by spelling. Only where the expected token is written as a
    float (`0.5`, `1e-7`) may the other be any ASCII decimal number within the tolerance. Carriage
    returns are white space. `rounded`: an expected float may have been rounded to its last digit;
    see `numbers.implied`.
    """
    if far_longer(expected, got):
        return False
    if expected.rstrip(SPACE) == got.rstrip(SPACE):
        return True
    wants, haves = tokens(expected), tokens(got)
    while want := list(islice(wants, _BATCH)):
        have = list(islice(haves, _BATCH))
        if want != have and not _same_tokens(want, have, tolerance, rounded):
            return False
    return next(haves, None) is None


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


def _same_tokens(wants: list[bytes], haves: list[bytes], tolerance: float, rounded: bool) -> bool:
    """Whether tokens are equal or close: as arrays if all that differ are plain numbers."""
    if len(wants) != len(haves):
        return False
    unlike = list(map(ne, wants, haves))  # no pairs, which the garbage collector would look at
    floats, numbers = list(compress(wants, unlike)), list(compress(haves, unlike))
    if max(map(len, numbers)) > _NUMBER_BYTES:
        return False
    if _FLOATS.fullmatch(b" ".join(floats)) and _NUMBERS.fullmatch(b" ".join(numbers)):
        close = all_close(list(map(float, floats)), list(map(float, numbers)), tolerance)
        if close or (close is not None and not rounded):
            return close
    return all(map(partial(_close_tokens, tolerance=tolerance, rounded=rounded), floats, numbers))


def _close_tokens(want: bytes, have: bytes, tolerance: float, rounded: bool) -> bool:
    if not _FLOAT.fullmatch(want) or not _NUMBER.fullmatch(have):
        return False
    wide = max(tolerance, implied(want.decode())) if rounded else tolerance
    return close_decimals(want, have, wide)


def same_value(
    want: object,
    have: object,
    tolerance: float = TOLERANCE,
    *,
    fold_case: bool = False,
    rounded: bool = False,
) -> bool:
    """Whether two decoded JSON values are the same.

    Arrays are equal part by part (a tuple left its process as an array), objects key by key in any
    order. `true` is not 1. An expected integer accepts the same number only, be it written 2 or
    2.0; an expected float accepts numbers within the tolerance. NaN equals NaN, and infinity no
    number.
    """
    wants, haves = [want], [have]
    while wants:  # no recursion: the depth is the judged program's choice
        want, have = wants.pop(), haves.pop()
        if type(want) in _EXACT and type(want) is type(have) and want == have:
            continue
        if isinstance(want, list) and isinstance(have, list):
            more, others = cast(list[object], want), cast(list[object], have)
            if len(more) != len(others):
                return False
            same = _same_scalars(more, others, tolerance)
            if same is False and not (rounded and type(more[0]) is float):
                return False
            if not same:
                wants += more
                haves += others
        elif isinstance(want, dict) and isinstance(have, dict):
            by_key, other = cast(dict[str, object], want), cast(dict[str, object], have)
            if by_key.keys() != other.keys():
                return False
            wants += by_key.values()
            haves += map(other.__getitem__, by_key)
        elif not _same_scalar(cast(object, want), have, tolerance, fold_case, rounded):
            return False
    return True


def _same_scalars(wants: list[object], haves: list[object], tolerance: float) -> bool | None:
    """A quick answer for the usual long array, of scalars of one type; else None."""
    kinds, others = set(map(type, wants)), set(map(type, haves))
    if len(kinds) != 1 or not kinds <= _SCALARS:
        return None
    if kinds == others and wants == haves:
        return True
    if kinds == {int} and others <= _NUMBER_TYPES:
        return wants == haves
    if kinds == {float} and others <= _NUMBER_TYPES:
        return all_close(
            cast(list[float], wants), [float(cast(float, have)) for have in haves], tolerance
        )
    return None


def _same_scalar(
    want: object, have: object, tolerance: float, fold_case: bool, rounded: bool
) -> bool:
    if type(want) in FLOATS:
        number = type(have) in FLOATS or type(have) in INTEGERS
        if rounded:
            tolerance = max(tolerance, implied(repr(want)))
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
