"""Read the fields of published records; every error names its field.

A record is one problem as published: a mapping from field name to value. The layouts decode it with
these functions. What they cannot read becomes a `FieldError`: that record is refused, the others
load.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

Record = Mapping[str, Any]


class ProblemDataWarning(UserWarning):
    """Some records were refused, or a file is missing."""


MOST_SHOWN = 300
"""Characters of a reason; a value that it quotes may have millions."""


def shortened(text: str) -> str:
    """A text that fits in a message."""
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 1]}…"


def shown(value: Any) -> str:
    """A value as messages quote it."""
    try:
        return shortened(repr(value))
    except ValueError:  # Python writes no number of thousands of digits
        return "a number of thousands of digits"


class FieldError(ValueError):
    """A record's field that cannot be read."""

    def __init__(self, field: str, reason: str):
        self.field, self.reason = field, shortened(reason)
        super().__init__(f"{field}: {self.reason}")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record that was not loaded, and why."""

    file: Path
    line: int | None
    """Line of a text file or row of a Parquet file, from 1; None if the file is the record."""
    field: str
    """Name of the field at fault; empty when the record as a whole is."""
    reason: str
    id: str = ""
    """The problem's own name, where it could be read."""

    @property
    def place(self) -> str:
        """The file, with the line where there is one."""
        return f"{self.file}:{self.line}" if self.line is not None else str(self.file)

    def __str__(self) -> str:
        problem = f"problem {self.id}" if self.id else ""
        return ": ".join(filter(None, (self.place, problem, self.field, self.reason)))


def parse_json(text: str, field: str) -> Any:
    """The value of a JSON text; integers may have any length.

    Raises:
        FieldError: the text is not JSON, or is nested too deeply.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise FieldError(field, f"not JSON ({error})") from None
    except RecursionError:
        raise FieldError(field, "JSON nested too deeply") from None
    except ValueError:  # an integer beyond the interpreter's limit of digits
        with _any_number_of_digits():
            return json.loads(text)


def write_json(value: Any) -> str:
    """The JSON text of a value; integers may have any length."""
    try:
        return json.dumps(value, ensure_ascii=False)
    except ValueError:
        with _any_number_of_digits():
            return json.dumps(value, ensure_ascii=False)


_digits_lock = threading.Lock()


@contextmanager
def _any_number_of_digits() -> Generator[None, None, None]:
    """Lift the interpreter's limit on integer digits: published tests have up to 10,000."""
    with _digits_lock:
        limit = sys.get_int_max_str_digits()
        sys.set_int_max_str_digits(0)
        try:
            yield
        finally:
            sys.set_int_max_str_digits(limit)


def value_of(record: Record, field: str) -> Any:
    """The value of a field; None where it is absent, null, or the NaN that stands for null."""
    value = record.get(field)
    return None if isinstance(value, float) and value != value else value


def text_field(record: Record, field: str, default: str | None = None) -> str:
    """The text of a field, or `default` if it is absent or null.

    Raises:
        FieldError: it is absent without a default, not text, or not valid Unicode.
    """
    value = value_of(record, field)
    if value is None and default is not None:
        return default
    if value is None:
        raise FieldError(field, "absent")
    return checked_text(value, field)


def required_text(record: Record, field: str) -> str:
    """The text of a field that a problem cannot do without.

    Raises:
        FieldError: it is absent or empty, or no text.
    """
    text = text_field(record, field)
    if not text.strip():
        raise FieldError(field, "empty")
    return text


def checked_text(value: Any, field: str) -> str:
    """`value`, if it is text that UTF-8 can encode."""
    if not isinstance(value, str):
        raise FieldError(field, f"expected text, got {type(value).__name__}")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise FieldError(field, f"half a surrogate pair at character {error.start}") from None
    return value


def list_field(record: Record, field: str, within: str = "") -> list[Any]:
    """The list in a field; `within` names the field that holds the record."""
    place = f"{within}.{field}" if within else field
    value = value_of(record, field)
    if value is None:
        raise FieldError(place, "absent")
    return checked_list(value, place)


def checked_list(value: Any, field: str) -> list[Any]:
    """`value`, if it is a list."""
    if not isinstance(value, list):
        raise FieldError(field, f"expected a list, got {type(value).__name__}")
    return cast(list[Any], value)


def text_list(values: list[Any], field: str) -> list[str]:
    """`values`, if all of them are texts."""
    return [checked_text(value, f"{field}[{index}]") for index, value in enumerate(values)]


def unix_lines(text: str) -> str:
    """The text with CRLF line ends turned into LF."""
    return text.replace("\r\n", "\n") if "\r" in text else text
