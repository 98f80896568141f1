"""Records as other tools write them: fields that may be missing, and types that came out changed.

A set that went through `datasets`, pandas or Parquet holds the same values in other types: JSON
text became a list or an object, two parallel lists became a list of objects, an integer column with
a gap became floats with NaN, a date became a timestamp. All of these load.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, TypeVar, cast

from cppo_env.problems.records import (
    FieldError,
    Record,
    checked_list,
    checked_text,
    parse_json,
    shown,
    text_list,
    unix_lines,
    value_of,
)

T = TypeVar("T")

MOST = 1 << 63
"""No number of a record is larger: Parquet's integers are not."""


class Spare:
    """Reads fields that a problem can do without; what is odd costs the field, not the record.

    Attributes:
        unread: one line for each field that was given up, for `Problem.metadata["unread"]`.
    """

    def __init__(self) -> None:
        self._unread: list[str] = []

    @property
    def unread(self) -> tuple[str, ...]:
        """The fields that were given up, and why."""
        return tuple(self._unread)

    def read(self, reader: Callable[[], T], otherwise: T) -> T:
        """What `reader` returns, or `otherwise` where it meets a value that it cannot read."""
        try:
            return reader()
        except FieldError as error:
            self._unread.append(str(error))
            return otherwise


def data_of(record: Record, field: str) -> Any:
    """The value of a field that holds data as JSON text, or as the data themselves.

    Raises:
        FieldError: it is text, and no JSON.
    """
    value = value_of(record, field)
    if isinstance(value, str):
        return parse_json(value, field) if value.strip() else None
    return value


def whole(value: Any) -> Any:
    """A number without a fraction as the integer that it was: 7 of 7.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def name_of(record: Record, field: str) -> str:
    """The name of a record, which may be a number.

    Raises:
        FieldError: it is absent or empty, or neither text nor a number.
    """
    value = whole(value_of(record, field))
    if value is None or value == "":
        raise FieldError(field, "absent or empty")
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < MOST:
        return str(value)
    if not isinstance(value, str):
        raise FieldError(field, f"expected a number or text, got {shown(value)}")
    return checked_text(value, field)


def number_of(record: Record, field: str) -> int | float:
    """The number in a field, 0 where there is none.

    Raises:
        FieldError: it is no number from 0.
    """
    value = whole(value_of(record, field))
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < MOST:
        raise FieldError(field, f"expected a number from 0, got {shown(value)}")
    return value


def columns_of(record: Record, field: str, names: Sequence[str]) -> tuple[list[Any], ...]:
    """The parallel lists of a struct of lists, or of a list of structs; empty where absent.

    Raises:
        FieldError: it is neither, a list is missing, or their lengths differ.
    """
    value = value_of(record, field)
    if value is None:
        return tuple([] for _ in names)
    if isinstance(value, list):
        rows = cast(list[Any], value)
        if not all(isinstance(row, Mapping) for row in rows):
            raise FieldError(field, "expected an object of lists, or a list of objects")
        return tuple([cast(Record, row).get(name) for row in rows] for name in names)
    if not isinstance(value, Mapping):
        raise FieldError(field, f"expected an object of lists, got {type(value).__name__}")
    found: list[list[Any]] = []
    for name in names:
        column = cast(Record, value).get(name)
        if not isinstance(column, list):
            what = "absent" if column is None else f"got {type(column).__name__}"
            raise FieldError(f"{field}.{name}", f"expected a list, {what}")
        found.append(cast(list[Any], column))
    if len({len(column) for column in found}) > 1:
        counts = " and ".join(
            f"{len(column)} {name}" for name, column in zip(names, found, strict=True)
        )
        raise FieldError(field, f"lists of different lengths: {counts}")
    return tuple(found)


def programs_in(record: Record, field: str) -> tuple[str, ...]:
    """The programs in a field: a list, or JSON text of one.

    Raises:
        FieldError: it is something else.
    """
    programs = data_of(record, field)
    if programs is None:
        return ()
    return tuple(map(unix_lines, text_list(checked_list(programs, field), field)))


def date_of(record: Record, field: str) -> str | None:
    """The date in a field as ISO 8601: text, a timestamp, or seconds since 1970.

    Raises:
        FieldError: it is no date.
    """
    value = value_of(record, field)
    if value is None or value == "":
        return None
    if isinstance(value, date):
        return value.isoformat()
    try:
        if type(value) in (int, float):
            return datetime.fromtimestamp(value, UTC).replace(tzinfo=None).isoformat()
        return datetime.fromisoformat(value).isoformat()
    except (ValueError, TypeError, OverflowError, OSError):
        raise FieldError(field, f"expected an ISO 8601 date, got {shown(value)}") from None
