"""CodeContests+ and AetherCode: tests with a checker in C++ that includes testlib.h.

    {"source", "id", "title", "description", "time_limit", "memory_limit", "checker",
    "correct_submissions": [{"code", "language"}], "incorrect_submissions": [...],
    "test_cases": [{"input", "output"}], "true_positive_rate", "true_negative_rate", ...}
    {"id", "description", "time_limit", "memory_limit", "checker", "test_cases", "year", "date",
    "difficulty", "contest_category", "contest_name"}

CodeContests+ has folders `ccplus_1x` to `ccplus_5x` of the same problems with more and more tests.
Interactive problems are refused: neither set ships interactors.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from cppo_env.problems.files.catalog import Catalog
from cppo_env.problems.files.sources import files_of
from cppo_env.problems.layouts.cues import checker_for, refuse_interactive
from cppo_env.problems.layouts.limits import limits_of
from cppo_env.problems.layouts.statements import normalise
from cppo_env.problems.layouts.tested import column_programs, column_tests, in_other_languages
from cppo_env.problems.lenient import Spare, date_of, name_of, number_of, whole
from cppo_env.problems.records import (
    FieldError,
    Record,
    required_text,
    text_field,
    unix_lines,
    value_of,
)
from cppo_env.problems.selection import select
from cppo_env.problems.views import Problems
from cppo_env.types import MIB, CheckerProgram, Problem

LANGUAGES = {
    "cpp": "cpp",
    "c++": "cpp",
    "java": "java",
    "py3": "python3",
    "python3": "python3",
    "py2": "python2",
    "python2": "python2",
    "rust": "rust",
}
MILLISECONDS_FROM = 100
"""A time limit of this or more is in milliseconds; neither set says which."""
BYTES_FROM = 1 << 20
"""A memory limit of this or more is in bytes, else in MiB."""
KEPT = ("year", "contest_category", "contest_name", "true_positive_rate", "true_negative_rate")


def load(
    source: Path | str | None = None, /, *, subset: str | None = None, **filters: Any
) -> Problems:
    """The CodeContests+ problems of a Parquet or JSON lines file, or of a folder of those.

    Args:
        source: the path; None looks where `cppo problems download code_contests_plus` puts it.
        subset: the folder to take, such as ccplus_3x. Default: all; a problem that several hold is
            loaded once, from the first.
        **filters: see `cppo_env.problems.selection.Filters`.

    Raises:
        ProblemDataError: there is no such path, or it holds no usable problem.
        UsageError: there is no such folder.
    """
    return select(Catalog(files_of("code_contests_plus", source, subset), decode), **filters)


def load_aethercode(
    source: Path | str | None = None, /, *, subset: str | None = None, **filters: Any
) -> Problems:
    """The AetherCode problems of a Parquet or JSON lines file, or of a folder of those.

    Args:
        source: the path; None looks where `cppo problems download aethercode` puts it.
        subset: the folder to take, such as v1_2024. Default: all.
        **filters: see `cppo_env.problems.selection.Filters`.

    Raises:
        ProblemDataError: there is no such path, or it holds no usable problem.
        UsageError: there is no such folder.
    """
    return select(Catalog(files_of("aethercode", source, subset), decode), **filters)


def decode(record: Record, split: str | None) -> Problem:
    """The problem of one record of either set.

    Raises:
        FieldError: a field cannot be read, or the problem is interactive.
    """
    spare = Spare()
    tests = column_tests(record, "test_cases")
    if not tests:
        raise FieldError("test_cases", "a problem without tests")
    right, wrong = (
        spare.read(partial(column_programs, record, field, "code", _language), {})
        for field in ("correct_submissions", "incorrect_submissions")
    )
    statement, losses = normalise(required_text(record, "description"))
    refuse_interactive("description", statement)
    checker = text_field(record, "checker", "")
    source = spare.read(lambda: text_field(record, "source", ""), "") or None
    limits = limits_of(spare, partial(_seconds, record), partial(_bytes, record))
    return Problem(
        id=name_of(record, "id"),
        statement=statement,
        tests=tests,
        limits=limits,
        checker=CheckerProgram("cpp17", unix_lines(checker))
        if checker.strip()
        else checker_for(statement),
        references=right.get("python3", ()),
        wrong=wrong.get("python3", ()),
        metadata={
            "dataset": "aethercode" if "contest_category" in record else "code_contests_plus",
            "split": split,
            "title": spare.read(lambda: text_field(record, "title", ""), ""),
            "source": source,
            "platform": source,
            "difficulty": whole(value_of(record, "difficulty")),
            "date": spare.read(lambda: date_of(record, "date"), None),
            "languages": tuple(right),
            "solutions": in_other_languages(right),
            "incorrect_solutions": in_other_languages(wrong),
            "losses": losses,
            **{field: value_of(record, field) for field in KEPT},
            "unread": spare.unread,
        },
    )


def _language(name: Any) -> str:
    return LANGUAGES.get(name.lower(), "unknown") if isinstance(name, str) else "unknown"


def _seconds(record: Record) -> float:
    value = number_of(record, "time_limit")
    return value / 1000 if value >= MILLISECONDS_FROM else value


def _bytes(record: Record) -> int:
    value = number_of(record, "memory_limit")
    return int(value if value >= BYTES_FROM else value * MIB)
