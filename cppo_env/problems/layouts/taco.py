"""TACO (Li et al. 2023, `BAAI/TACO`): Parquet or JSON lines of the schema of APPS, and more.

    {"question", "solutions", "starter_code", "input_output", "difficulty", "name", "source",
    "tags", "skill_types", "url", "time_limit": "2.0 seconds",
    "memory_limit": "256.0 megabytes", "date"}

Rows have no id; theirs is the source and a digest of the statement.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Any

from cppo_env.problems.files.catalog import Catalog
from cppo_env.problems.files.sources import files_of
from cppo_env.problems.layouts.cases import parallel_tests
from cppo_env.problems.layouts.identity import content_id
from cppo_env.problems.layouts.limits import limits_of
from cppo_env.problems.layouts.statements import normalise
from cppo_env.problems.layouts.tested import tested
from cppo_env.problems.lenient import Spare, data_of, date_of, programs_in, value_of
from cppo_env.problems.records import (
    FieldError,
    Record,
    required_text,
    shown,
    text_field,
    unix_lines,
)
from cppo_env.problems.selection import select
from cppo_env.problems.views import Problems
from cppo_env.types import Problem

_UNITS = {
    "second": 1.0,
    "millisecond": 1e-3,
    "byte": 1,
    "kilobyte": 1 << 10,
    "megabyte": 1 << 20,
    "gigabyte": 1 << 30,
}


def load(source: Path | str | None = None, /, **filters: Any) -> Problems:
    """The TACO problems of a Parquet or JSON lines file, or of a folder of those.

    Args:
        source: the path; None looks where `cppo problems download taco` puts it.
        **filters: see `cppo_env.problems.selection.Filters`.

    Raises:
        ProblemDataError: there is no such path, or it holds no usable TACO problem.
    """
    return select(Catalog(files_of("taco", source), decode), **filters)


def decode(record: Record, split: str | None) -> Problem:
    """The problem of one record.

    Raises:
        FieldError: a field cannot be read.
    """
    spare = Spare()

    def text(field: str) -> str:
        return spare.read(partial(text_field, record, field, ""), "")

    tests = parallel_tests(data_of(record, "input_output"), "input_output")
    solutions = spare.read(lambda: programs_in(record, "solutions"), ())
    statement, losses = normalise(required_text(record, "question"))
    source = text("source")
    limits = limits_of(
        spare, partial(_measure, record, "time_limit"), partial(_measure, record, "memory_limit")
    )
    metadata = {
        "dataset": "taco",
        "split": split,
        "title": text("name"),
        "difficulty": text("difficulty") or None,
        "source": source or None,
        "platform": source or None,
        "url": text("url"),
        "date": spare.read(lambda: date_of(record, "date"), None),
        "losses": losses,
    }
    starter_code = unix_lines(text("starter_code"))
    return tested(
        tests,
        statement,
        solutions,
        metadata,
        spare,
        id=content_id(source, statement),
        starter_code=starter_code,
        limits=limits,
    )


def _measure(record: Record, field: str) -> float:
    """Seconds or bytes of a text such as "2.0 seconds"; 0 where there is none."""
    value = value_of(record, field)
    if value is None or value == "":
        return 0
    match = (
        re.fullmatch(r"\s*([0-9]{1,15}(?:\.[0-9]*)?)\s*([a-z]+?)s?\s*", value.lower())
        if isinstance(value, str)
        else None
    )
    if match is None or match[2] not in _UNITS:
        raise FieldError(field, f"expected a number with a unit, got {shown(value)}")
    return float(match[1]) * _UNITS[match[2]]
