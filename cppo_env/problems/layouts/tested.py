"""What the rows of several sets have in common: tests of either form, columns, languages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cppo_env.forms import in_form
from cppo_env.problems.layouts.cases import CALL_CHECKER, Tests, has_integer_keys
from cppo_env.problems.layouts.cues import checker_for
from cppo_env.problems.lenient import Spare, columns_of
from cppo_env.problems.records import Record, text_list, unix_lines
from cppo_env.types import Problem, TestCase

Programs = dict[str, tuple[str, ...]]
"""Language, in the words of the data sets → programs."""


def tested(
    tests: Tests,
    statement: str,
    references: tuple[str, ...],
    metadata: Mapping[str, Any],
    spare: Spare,
    **fields: Any,
) -> Problem:
    """A problem in Python whose tests run a program or call a function.

    Args:
        tests: the function's name, or None, and the tests.
        statement: the statement; it names the rule for programs.
        references: programs known to be right.
        metadata: what only this set has.
        spare: the reader of the record, once it has read all fields.
        **fields: the problem's id, and other fields.
    """
    entry_point, cases = tests
    problem = Problem(
        statement=statement,
        tests=cases,
        entry_point=entry_point,
        checker=checker_for(statement) if entry_point is None else CALL_CHECKER,
        references=references,
        metadata={
            **metadata,
            "languages": ("python3",) if references else (),
            "integer_keys": entry_point is not None and any(map(has_integer_keys, cases)),
            "unread": spare.unread,
        },
        **fields,
    )
    return in_form(problem)


def column_tests(record: Record, field: str) -> tuple[TestCase, ...]:
    """The tests of a field with the columns `input` and `output`; none where it is absent.

    Raises:
        FieldError: it holds something else.
    """
    inputs, outputs = columns_of(record, field, ("input", "output"))
    given, wanted = text_list(inputs, f"{field}.input"), text_list(outputs, f"{field}.output")
    return tuple(
        TestCase(unix_lines(one), unix_lines(want)) for one, want in zip(given, wanted, strict=True)
    )


def column_programs(
    record: Record, field: str, program: str, language_of: Callable[[Any], str]
) -> Programs:
    """The programs of a field with a column of programs and `language`.

    Args:
        record: the record.
        field: the field.
        program: the name of the column of programs.
        language_of: the language, in the words of the data sets, of a value of `language`.

    Raises:
        FieldError: it holds something else.
    """
    names, texts = columns_of(record, field, ("language", program))
    found: dict[str, list[str]] = {}
    for text, name in zip(text_list(texts, f"{field}.{program}"), names, strict=True):
        found.setdefault(language_of(name), []).append(unix_lines(text))
    return {name: tuple(some) for name, some in found.items()}


def in_other_languages(programs: Programs) -> Programs:
    """The programs that are not in Python 3, which `Problem.references` and `wrong` hold."""
    return {name: some for name, some in programs.items() if name != "python3"}
