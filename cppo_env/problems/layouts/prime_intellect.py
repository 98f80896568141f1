"""`PrimeIntellect/verifiable-coding-problems`: Parquet or JSON lines.

    {"source", "task_type", "in_source_id", "prompt", "gold_standard_solution",
    "verification_info": {"language", "test_cases": [{"type", "input", "output", "fn_name"}]},
    "metadata", "problem_id"}

`verification_info` and `metadata` are JSON text. Rows in another language than Python are refused.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, cast

from cppo_env.parsing import read_program
from cppo_env.problems.files.catalog import Catalog
from cppo_env.problems.files.sources import files_of
from cppo_env.problems.layouts.cases import read_tests
from cppo_env.problems.layouts.statements import normalise
from cppo_env.problems.layouts.tested import tested
from cppo_env.problems.lenient import Spare, data_of, name_of, value_of
from cppo_env.problems.records import FieldError, Record, required_text, shown, text_field
from cppo_env.problems.selection import select
from cppo_env.problems.views import Problems
from cppo_env.types import Problem


def load(source: Path | str | None = None, /, **filters: Any) -> Problems:
    """The problems of a Parquet or JSON lines file, or of a folder of those.

    Args:
        source: the path; None looks where `cppo problems download prime_intellect` puts it.
        **filters: see `cppo_env.problems.selection.Filters`.

    Raises:
        ProblemDataError: there is no such path, or it holds no usable problem.
    """
    return select(Catalog(files_of("prime_intellect", source), decode), **filters)


def decode(record: Record, split: str | None) -> Problem:
    """The problem of one record.

    Raises:
        FieldError: a field cannot be read.
    """
    spare = Spare()
    info = _info(record)
    language = info.get("language") or "python"
    if language not in ("python", "python3"):
        raise FieldError("verification_info.language", f"expected python, got {shown(language)}")
    tests = read_tests(info.get("test_cases"), "verification_info.test_cases")
    gold = spare.read(lambda: text_field(record, "gold_standard_solution", ""), "")
    program = read_program(gold) if gold else None
    statement, losses = normalise(required_text(record, "prompt"))

    def text(field: str) -> str | None:
        return spare.read(partial(text_field, record, field, ""), "") or None

    source = text("source")
    metadata = {
        "dataset": "prime_intellect",
        "split": split,
        "source": source,
        "platform": source,
        "task_type": text("task_type"),
        "losses": losses,
    }
    references = (program,) if program else ()
    return tested(tests, statement, references, metadata, spare, id=name_of(record, "problem_id"))


def _info(record: Record) -> Mapping[str, Any]:
    """The field with the tests: an object, its JSON text, or what Python prints for it."""
    field = "verification_info"
    value = value_of(record, field)
    try:
        value = data_of(record, field)
    except FieldError:
        try:
            value = ast.literal_eval(str(value))
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            raise FieldError(field, "neither JSON nor a Python literal") from None
    if not isinstance(value, Mapping):
        raise FieldError(field, f"expected an object, got {type(value).__name__}")
    return cast(Mapping[str, Any], value)
