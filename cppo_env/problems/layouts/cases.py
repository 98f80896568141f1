"""Tests as the published sets write them: two parallel lists, or a list of objects.

    {"inputs": [...], "outputs": [...], "fn_name": ...}
    [{"input", "output", "testtype" or "type", "fn_name" or "metadata": {"func_name"}}, ...]

A call's arguments are a list of values, or text with one JSON value a line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from cppo_env.problems.records import (
    FieldError,
    Record,
    checked_list,
    checked_text,
    list_field,
    parse_json,
    shown,
    text_list,
    unix_lines,
    write_json,
)
from cppo_env.types import TestCase

CALL_CHECKER = "value_or_wrapped"
"""Accepts the expected value, bare or alone in a list: both forms were published."""

_CALLS = frozenset({"functional", "function_call"})
_STREAMS = frozenset({"stdin", "stdin_stdout", "stdio"})

Tests = tuple[str | None, tuple[TestCase, ...]]
"""The function to call (None for stdin programs) and the tests."""


def read_tests(value: Any, field: str, function: str | None = None) -> Tests:
    """The tests of either shape.

    Args:
        value: the decoded field.
        field: its name, for errors.
        function: the name of the function, where the record gives it elsewhere.

    Raises:
        FieldError: there are none, or they cannot be read.
    """
    if isinstance(value, list):
        return listed_tests(cast(list[Any], value), field, function)
    return parallel_tests(value, field)


def parallel_tests(value: Any, field: str) -> Tests:
    """The tests of an object of inputs and outputs."""
    if value is None:
        raise FieldError(field, "empty: a problem without tests")
    if not isinstance(value, Mapping):
        raise FieldError(field, f"expected an object, got {type(value).__name__}")
    pairs = cast(Record, value)
    inputs = list_field(pairs, "inputs", field)
    outputs = list_field(pairs, "outputs", field)
    if len(inputs) != len(outputs):
        raise FieldError(field, f"{len(inputs)} inputs, but {len(outputs)} outputs")
    if not inputs:
        raise FieldError(field, "a problem without tests")
    name = pairs.get("fn_name")
    if name is None:
        return None, tuple(
            TestCase(_stream(given, f"{field}.inputs[{n}]"), _stream(want, f"{field}.outputs[{n}]"))
            for n, (given, want) in enumerate(zip(inputs, outputs, strict=True))
        )
    return function_name(name, f"{field}.fn_name"), tuple(
        TestCase(
            json_text(checked_list(given, f"{field}.inputs[{n}]"), f"{field}.inputs[{n}]"),
            json_text(want, f"{field}.outputs[{n}]"),
        )
        for n, (given, want) in enumerate(zip(inputs, outputs, strict=True))
    )


def listed_tests(value: list[Any], field: str, function: str | None = None) -> Tests:
    """The tests of a list of objects."""
    if not value:
        raise FieldError(field, "a problem without tests")
    kinds: set[str] = set()
    tests: list[TestCase] = []
    for n, one in enumerate(value):
        place = f"{field}[{n}]"
        if not isinstance(one, Mapping):
            raise FieldError(place, f"expected an object, got {type(one).__name__}")
        case = cast(Record, one)
        named = _named(case)
        kind = case.get("testtype") or case.get("type") or ("functional" if named else "stdin")
        if not isinstance(kind, str) or kind not in _CALLS | _STREAMS:
            raise FieldError(place, f"expected testtype stdin or functional, got {shown(kind)}")
        kinds.add("call" if kind in _CALLS else "stream")
        function = function or named
        read = _call if kind in _CALLS else _streams
        tests.append(read(case.get("input"), case.get("output"), place))
    if len(kinds) > 1:
        raise FieldError(field, "tests by call and tests by standard input in one problem")
    if kinds == {"stream"}:
        return None, tuple(tests)
    if function is None:
        raise FieldError(field, "functional tests, but no name of a function")
    return function_name(function, f"{field}.fn_name"), tuple(tests)


def function_name(value: Any, field: str) -> str:
    """A function's name."""
    if not isinstance(value, str) or not value.isidentifier():
        raise FieldError(field, f"expected a function's name, got {shown(value)}")
    return value


def _named(case: Record) -> str | None:
    metadata = case.get("metadata")
    inner = cast(Record, metadata).get("func_name") if isinstance(metadata, Mapping) else None
    return case.get("fn_name") or inner


def _streams(given: Any, want: Any, place: str) -> TestCase:
    return TestCase(_stream(given, f"{place}.input"), _stream(want, f"{place}.output"))


def _call(given: Any, want: Any, place: str) -> TestCase:
    """Values as they are, or text that holds a JSON value in each line."""
    if not isinstance(given, str):
        arguments = json_text(checked_list(given, f"{place}.input"), f"{place}.input")
        return TestCase(arguments, json_text(want, f"{place}.output"))
    values = [parse_json(line, f"{place}.input") for line in given.split("\n") if line.strip()]
    outcome = parse_json(checked_text(want, f"{place}.output"), f"{place}.output")
    return TestCase(write_json(values), write_json(outcome))


def _stream(value: Any, place: str) -> str:
    """The text of a standard stream, which some rows give as a list of lines."""
    if isinstance(value, list):
        value = "\n".join(text_list(cast(list[Any], value), place))
    return unix_lines(checked_text(value, place))


def json_text(value: Any, place: str) -> str:
    """The JSON text of a value that came from JSON."""
    try:
        return checked_text(write_json(value), place)
    except TypeError as error:  # Parquet has bytes and dates
        raise FieldError(place, str(error)) from None


def has_integer_keys(test: TestCase) -> bool:
    """Whether an argument is a dictionary whose integer keys JSON turned into text."""
    if "{" not in test.input:
        return False
    objects = [
        cast(Record, value)
        for value in parse_json(test.input, "input_output.inputs")
        if isinstance(value, dict)
    ]
    return any(keys and all(re.fullmatch(r"-?\d+", key) for key in keys) for keys in objects)
