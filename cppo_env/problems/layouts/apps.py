"""APPS (Hendrycks et al. 2021) in its two published layouts: folders, and JSON lines or Parquet.

    train/0001/{question.txt, input_output.json, solutions.json, metadata.json, starter_code.py}
    {"problem_id" or "id", "question", "solutions", "input_output", "difficulty", "url",
    "starter_code"}

A record without tests is refused: any program would pass it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from cppo_env.problems.files.catalog import Catalog
from cppo_env.problems.files.sources import files_of
from cppo_env.problems.layouts.cues import checker_for
from cppo_env.problems.layouts.statements import normalise
from cppo_env.problems.lenient import Spare, data_of, name_of
from cppo_env.problems.records import (
    FieldError,
    Record,
    checked_list,
    checked_text,
    list_field,
    parse_json,
    text_field,
    text_list,
    unix_lines,
    write_json,
)
from cppo_env.problems.selection import select
from cppo_env.problems.views import Problems
from cppo_env.types import Problem, TestCase

CALL_CHECKER = "value_or_wrapped"
"""Accepts the expected value, bare or alone in a list: both forms were published."""


def load(source: Path | str | None = None, /, **filters: Any) -> Problems:
    """The APPS problems of a problem folder, split folder, archive, JSON lines or Parquet file.

    A folder of such files works as well.

    Args:
        source: the path; None looks where `cppo problems download apps` puts it.
        **filters: see `cppo_env.problems.selection.Filters`.

    Raises:
        ProblemDataError: there is no such path, or it holds no usable APPS problem.
    """
    return select(Catalog(files_of("apps", source), decode), **filters)


def decode(record: Record, split: str | None) -> Problem:
    """The problem of one record.

    Raises:
        FieldError: a field cannot be read.
    """
    spare = Spare()
    entry_point, tests = _tests(data_of(record, "input_output"))
    solutions = spare.read(lambda: programs_of(record, "solutions"), ())
    statement, losses = normalise(_question(record))
    url = spare.read(lambda: text_field(record, "url", ""), "")
    metadata = {
        "dataset": "apps",
        "split": split,
        "difficulty": spare.read(lambda: text_field(record, "difficulty", ""), "") or None,
        "url": url,
        "platform": _site(url),
        "languages": ("python3",) if solutions else (),
        "losses": losses,
        "integer_keys": entry_point is not None and any(map(_has_integer_keys, tests)),
        "unread": spare.unread,
    }
    return Problem(
        id=_identifier(record),
        statement=statement,
        tests=tests,
        starter_code=unix_lines(text_field(record, "starter_code", "")),
        entry_point=entry_point,
        checker=checker_for(statement) if entry_point is None else CALL_CHECKER,
        references=solutions,
        metadata=metadata,
    )


def _identifier(record: Record) -> str:
    text = name_of(record, "problem_id" if "problem_id" in record else "id")
    # The archive's folder 0001 and the row with problem_id 1 are the same problem.
    return str(int(text)) if text.isdecimal() and text.isascii() else text


def _question(record: Record) -> str:
    statement = text_field(record, "question")
    if not statement.strip():
        raise FieldError("question", "empty")
    return statement


def _site(url: str) -> str | None:
    """The site's name: "codeforces" of https://codeforces.com/problemset/problem/1259/D."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return None
    return host.removeprefix("www.").rpartition(".")[0].rpartition(".")[2] or None


def programs_of(record: Record, field: str) -> tuple[str, ...]:
    """The programs in a field: a list, or JSON text of one.

    Raises:
        FieldError: it is something else.
    """
    programs = data_of(record, field)
    if programs is None:
        return ()
    return tuple(map(unix_lines, text_list(checked_list(programs, field), field)))


def _tests(value: Any) -> tuple[str | None, tuple[TestCase, ...]]:
    """The function to call (None for stdin programs) and the tests of an `input_output`."""
    if value is None:
        raise FieldError("input_output", "empty: a problem without tests")
    if not isinstance(value, dict):
        raise FieldError("input_output", f"expected an object, got {type(value).__name__}")
    pairs = cast(Record, value)
    inputs = list_field(pairs, "inputs", "input_output")
    outputs = list_field(pairs, "outputs", "input_output")
    if len(inputs) != len(outputs):
        raise FieldError("input_output", f"{len(inputs)} inputs, but {len(outputs)} outputs")
    if not inputs:
        raise FieldError("input_output", "a problem without tests")
    name = pairs.get("fn_name")
    if name is None:
        return None, tuple(
            TestCase(_stream(given, "inputs", index), _stream(expected, "outputs", index))
            for index, (given, expected) in enumerate(zip(inputs, outputs, strict=True))
        )
    if not isinstance(name, str) or not name.isidentifier():
        raise FieldError("input_output.fn_name", f"expected a function's name, got {name!r}")
    return name, tuple(
        TestCase(_arguments(given, index), _value(expected, "outputs", index))
        for index, (given, expected) in enumerate(zip(inputs, outputs, strict=True))
    )


def _stream(value: Any, field: str, index: int) -> str:
    """The text of a standard stream, which some rows give as a list of lines."""
    place = f"input_output.{field}[{index}]"
    if isinstance(value, list):
        value = "\n".join(text_list(cast(list[Any], value), place))
    return unix_lines(checked_text(value, place))


def _arguments(value: Any, index: int) -> str:
    return _value(checked_list(value, f"input_output.inputs[{index}]"), "inputs", index)


def _value(value: Any, field: str, index: int) -> str:
    return checked_text(write_json(value), f"input_output.{field}[{index}]")


def _has_integer_keys(test: TestCase) -> bool:
    """Whether an argument is a dictionary whose integer keys JSON turned into text."""
    if "{" not in test.input:
        return False
    objects = [
        cast(Record, value)
        for value in parse_json(test.input, "input_output.inputs")
        if isinstance(value, dict)
    ]
    return any(keys and all(re.fullmatch(r"-?\d+", key) for key in keys) for keys in objects)
