"""CodeContests (Li et al. 2022) as published on the hub: Parquet rows or JSON lines.

The enum numbers are those of the official protocol buffers; label lists on the hub may be off by
one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, cast

from cppo_env.parsing.python_source import after_future_imports
from cppo_env.problems.files.catalog import Catalog
from cppo_env.problems.files.sources import files_of
from cppo_env.problems.layouts.cues import checker_for
from cppo_env.problems.layouts.limits import limits_of
from cppo_env.problems.layouts.statements import normalise, with_streams
from cppo_env.problems.layouts.tested import column_programs, column_tests, in_other_languages
from cppo_env.problems.lenient import Spare, number_of, whole
from cppo_env.problems.records import (
    FieldError,
    Record,
    checked_list,
    required_text,
    text_field,
    value_of,
)
from cppo_env.problems.selection import select
from cppo_env.problems.views import Problems
from cppo_env.types import Problem, TestCase

LANGUAGES = {0: "unknown", 1: "python2", 2: "cpp", 3: "python3", 4: "java"}
PLATFORMS = {
    1: "codechef",
    2: "codeforces",
    3: "hackerearth",
    4: "codejam",
    6: "atcoder",
    7: "aizu",
}

KEPT = ("cf_contest_id", "cf_index", "cf_points", "cf_rating", "is_description_translated")
"""Fields that go into the metadata as they are."""


def load(source: Path | str | None = None, /, **filters: Any) -> Problems:
    """The CodeContests problems of a Parquet or JSON lines file, or of a folder of those.

    Args:
        source: the path; None looks where `cppo problems download code_contests` puts it.
        **filters: see `cppo_env.problems.selection.Filters`.

    Raises:
        ProblemDataError: there is no such path, or it holds no CodeContests problem that can be
            used.
    """
    return select(Catalog(files_of("code_contests", source), decode), **filters)


def decode(record: Record, split: str | None) -> Problem:
    """The problem of one record.

    Raises:
        FieldError: a field cannot be read.
    """
    spare = Spare()
    public, private, generated = (
        spare.read(partial(_tests, record, field), ())
        for field in ("public_tests", "private_tests", "generated_tests")
    )
    tests = public + private + generated
    if not tests:
        why = f" ({spare.unread[0]})" if spare.unread else ""
        raise FieldError(
            "public_tests",
            f"a problem without tests, here and in private_tests and generated_tests{why}",
        )
    right, wrong = (
        spare.read(partial(column_programs, record, field, "solution", _language), {})
        for field in ("solutions", "incorrect_solutions")
    )
    streams = text_field(record, "input_file", ""), text_field(record, "output_file", "")
    statement, losses = normalise(with_streams(required_text(record, "description"), *streams))
    source = spare.read(partial(number_of, record, "source"), 0)
    tags = spare.read(lambda: checked_list(value_of(record, "cf_tags") or [], "cf_tags"), [])
    metadata = {
        "dataset": "code_contests",
        "split": split,
        "difficulty": spare.read(partial(number_of, record, "difficulty"), 0),
        "source": source,
        "platform": PLATFORMS.get(int(source)),
        "languages": tuple(right),
        "losses": losses,
        "private_tests": len(private),
        "generated_tests": len(generated),
        "input_file": streams[0],
        "output_file": streams[1],
        "solutions": in_other_languages(right),
        "incorrect_solutions": in_other_languages(wrong),
        "cf_tags": tuple(tags),
        **{field: whole(value_of(record, field)) for field in KEPT},
    }
    limits = limits_of(
        spare, partial(_seconds, record), partial(number_of, record, "memory_limit_bytes")
    )
    metadata["unread"] = spare.unread
    return Problem(
        id=required_text(record, "name"),
        statement=statement,
        tests=tests,
        public_tests=public,
        limits=limits,
        checker=checker_for(statement),
        references=_on_streams(right.get("python3", ()), streams),
        wrong=_on_streams(wrong.get("python3", ()), streams),
        metadata=metadata,
    )


def _tests(record: Record, field: str) -> tuple[TestCase, ...]:
    if value_of(record, field) is None:
        raise FieldError(field, "absent")
    return column_tests(record, field)


def _language(code: Any) -> str:
    return LANGUAGES.get(int(code), "unknown") if code in (*LANGUAGES,) else "unknown"


def _seconds(record: Record) -> float:
    """The contest's own time limit; zero and null mean unknown.

    Contests set it for compiled languages. `cppo problems validate` finds the Python references
    that exceed it.
    """
    time = value_of(record, "time_limit")
    if isinstance(time, timedelta):
        return time.total_seconds()
    if isinstance(time, Mapping):
        parts = cast(Record, time)
        return number_of(parts, "seconds") + number_of(parts, "nanos") / 1e9
    return number_of(record, "time_limit")


_FILES_TO_STREAMS = """\
import atexit, pathlib, sys
{take}{give}
"""


def _on_streams(programs: tuple[str, ...], streams: tuple[str, str]) -> tuple[str, ...]:
    """Programs that were written for files, made to work on standard streams."""
    if streams == ("", ""):
        return programs
    source, sink = streams
    take = f"pathlib.Path({source!r}).write_text(sys.stdin.read())\n" if source else ""
    give = f"atexit.register(lambda: print(pathlib.Path({sink!r}).read_text()))\n" if sink else ""
    head = _FILES_TO_STREAMS.format(take=take, give=give)
    return tuple(after_future_imports(program, head) for program in programs)
