"""Numbers in answers: exact for integers, within a tolerance for floats."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, InvalidOperation
from typing import Any

import numpy as np

TOLERANCE = 1e-6
"""Absolute or relative, whichever is wider; only where the expected number is a float."""

_SHORT_DIGITS = 300
"""Integers up to this length fit a float, and converting them takes no noticeable time."""
_PIECE = 100
"""Of 199 digits in a row, those from the next multiple of this on are a piece of only digits."""
_EXACT = Context(prec=50, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])


class LongInteger(Decimal):
    """An integer too long to convert to an int in linear time."""

    __slots__ = ()


class LargeFloat(Decimal):
    """A number with a point or an exponent that is beyond the range of a float."""

    __slots__ = ()


FLOATS = frozenset({float, LargeFloat})
INTEGERS = frozenset({int, LongInteger})


def read_json(text: str) -> Any:
    """Decode JSON; numbers of any length and size are fine.

    Raises:
        ValueError: the text is no JSON.
        RecursionError: it is nested too deeply.
    """
    if _has_usual_numbers(text):
        return json.loads(text)
    return json.loads(text, parse_int=_integer, parse_float=_float)


def _has_usual_numbers(text: str) -> bool:
    """Whether no number has an exponent or 200 digits, so an int or a float can hold each."""
    if "e" in text or "E" in text:
        return False
    pieces = (text[start : start + _PIECE] for start in range(0, len(text), _PIECE))
    return not any(len(piece) == _PIECE and piece.isdigit() for piece in pieces)


def _integer(digits: str) -> int | LongInteger:
    return int(digits) if len(digits) <= _SHORT_DIGITS else LongInteger(digits)


def _float(text: str) -> float | LargeFloat:
    value = float(text)
    if math.isfinite(value):
        return value
    try:
        return LargeFloat(text)
    except InvalidOperation as error:
        raise ValueError(f"the exponent of {text[:40]} is beyond all reckoning") from error


FEWEST_DIGITS = 4
"""An expected float with fewer digits after its point may well be exact: 0.5 is not 0.54."""


def implied(text: str) -> float:
    """The error of a float that was rounded to the last digit written: half of its place.

    0 where it has an exponent, or so few digits that nothing says that it was rounded.
    """
    digits = text.partition(".")[2]
    if len(digits) < FEWEST_DIGITS or not digits.isdecimal():
        return 0.0
    return 0.5000001 * 10.0 ** -len(digits)


def close(want: float | Decimal, have: float | Decimal, tolerance: float) -> bool:
    """Whether a number is within the tolerance; NaN equals NaN, and no number is infinite."""
    if isinstance(want, Decimal) or isinstance(have, Decimal):
        return _close_decimals(Decimal(want), Decimal(have), tolerance)
    if want == have or (math.isnan(want) and math.isnan(have)):
        return True
    if not (math.isfinite(want) and math.isfinite(have)):
        return False
    return abs(want - have) <= tolerance * max(1.0, abs(want))


def all_close(wants: Sequence[float], haves: Sequence[float], tolerance: float) -> bool | None:
    """`close` for each pair; None if not all of them are finite."""
    want, have = np.asarray(wants), np.asarray(haves)
    if not (np.isfinite(want).all() and np.isfinite(have).all()):
        return None
    with np.errstate(over="ignore"):
        return bool((np.abs(want - have) <= tolerance * np.maximum(1.0, np.abs(want))).all())


def close_decimals(want: bytes, have: bytes, tolerance: float) -> bool:
    """`close` for two decimal numbers as they are written."""
    values = float(want), float(have)
    if all(map(math.isfinite, values)):
        return close(*values, tolerance)
    try:
        return close(Decimal(want.decode()), Decimal(have.decode()), tolerance)
    except InvalidOperation:
        return False  # an exponent beyond all reckoning; equal spelling has been looked for


def _close_decimals(want: Decimal, have: Decimal, tolerance: float) -> bool:
    if not (want.is_finite() and have.is_finite()):
        return False
    wide = max(Decimal(1), want.copy_abs())
    error = _EXACT.subtract(want, have).copy_abs()
    return error <= _EXACT.multiply(Decimal(tolerance), wide)
