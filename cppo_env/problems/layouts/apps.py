"""APPS (Hendrycks et al. 2021) in its two published layouts: folders, and JSON lines or Parquet.

    train/0001/{question.txt, input_output.json, solutions.json, metadata.json, starter_code.py}
    {"problem_id" or "id", "question", "solutions", "input_output", "difficulty", "url",
    "starter_code"}

A record without tests is refused: any program would pass it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cppo_env.problems.files.catalog import Catalog
from cppo_env.problems.files.sources import files_of
from cppo_env.problems.layouts.cases import parallel_tests
from cppo_env.problems.layouts.statements import normalise
from cppo_env.problems.layouts.tested import tested
from cppo_env.problems.lenient import Spare, data_of, name_of, programs_in
from cppo_env.problems.records import (
    Record,
    required_text,
    text_field,
    unix_lines,
)
from cppo_env.problems.selection import select
from cppo_env.problems.views import Problems
from cppo_env.types import Problem


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
    tests = parallel_tests(data_of(record, "input_output"), "input_output")
    solutions = spare.read(lambda: programs_in(record, "solutions"), ())
    statement, losses = normalise(required_text(record, "question"))
    url = spare.read(lambda: text_field(record, "url", ""), "")
    metadata = {
        "dataset": "apps",
        "split": split,
        "difficulty": spare.read(lambda: text_field(record, "difficulty", ""), "") or None,
        "url": url,
        "platform": _site(url),
        "losses": losses,
    }
    starter_code = unix_lines(text_field(record, "starter_code", ""))
    return tested(
        tests,
        statement,
        solutions,
        metadata,
        spare,
        id=_identifier(record),
        starter_code=starter_code,
    )


def _identifier(record: Record) -> str:
    text = name_of(record, "problem_id" if "problem_id" in record else "id")
    # The archive's folder 0001 and the row with problem_id 1 are the same problem.
    return str(int(text)) if text.isdecimal() and text.isascii() and len(text) < 19 else text


def _site(url: str) -> str | None:
    """The site's name: "codeforces" of https://codeforces.com/problemset/problem/1259/D."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return None
    return host.removeprefix("www.").rpartition(".")[0].rpartition(".")[2] or None
