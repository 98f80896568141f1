"""DeepCoder (`agentica-org/DeepCoder-Preview-Dataset`): Parquet folders or JSON lines.

    {"problem", "solutions": list, "starter_code", "tests": JSON text, "metadata": JSON text}

Its folders are `primeintellect`, `taco`, `lcbv5` and `codeforces`. Tests are a list of objects or
an object of two lists; calls of functions come in both. Rows have no id: theirs is made of the
statement, so that a problem that two folders share is loaded once.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from cppo_env.problems.files.catalog import Catalog
from cppo_env.problems.files.sources import files_of
from cppo_env.problems.layouts.cases import read_tests
from cppo_env.problems.layouts.identity import content_id
from cppo_env.problems.layouts.statements import normalise
from cppo_env.problems.layouts.tested import tested
from cppo_env.problems.lenient import Spare, data_of, date_of, programs_in
from cppo_env.problems.records import Record, required_text, text_field, unix_lines
from cppo_env.problems.selection import select
from cppo_env.problems.views import Problems
from cppo_env.types import Problem


def load(
    source: Path | str | None = None, /, *, subset: str | None = None, **filters: Any
) -> Problems:
    """The DeepCoder problems of a file, of one of the set's folders, or of all of them.

    Args:
        source: the path; None looks where `cppo problems download deepcoder` puts it.
        subset: the folder to take: primeintellect, taco, lcbv5 or codeforces. Default: all.
        **filters: see `cppo_env.problems.selection.Filters`.

    Raises:
        ProblemDataError: there is no such path, or it holds no usable DeepCoder problem.
        UsageError: there is no such folder.
    """
    return select(Catalog(files_of("deepcoder", source, subset), decode), **filters)


def decode(record: Record, split: str | None) -> Problem:
    """The problem of one record.

    Raises:
        FieldError: a field cannot be read.
    """
    spare = Spare()
    details = spare.read(lambda: _object(data_of(record, "metadata")), {})
    tests = read_tests(data_of(record, "tests"), "tests", details.get("func_name"))
    solutions = spare.read(lambda: programs_in(record, "solutions"), ())
    statement, losses = normalise(required_text(record, "problem"))
    platform = str(details.get("platform") or details.get("source") or "") or None
    metadata = {
        "dataset": "deepcoder",
        "split": split,
        "platform": platform,
        "difficulty": details.get("difficulty"),
        "date": spare.read(lambda: date_of(details, "contest_date"), None),
        "losses": losses,
    }
    starter_code = unix_lines(spare.read(lambda: text_field(record, "starter_code", ""), ""))
    return tested(
        tests,
        statement,
        solutions,
        metadata,
        spare,
        id=content_id("deepcoder", statement),
        starter_code=starter_code,
    )


def _object(value: Any) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], value) if isinstance(value, Mapping) else {}
