"""CodeContests (Li et al. 2022) as published on the hub: Parquet rows or JSON lines.

The enum numbers are those of the official protocol buffers; label lists on the hub may be off by
one.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from cppo_env.parsing.lines import split_lines
from cppo_env.parsing.python_source import module_of
from cppo_env.problems.files.catalog import Catalog
from cppo_env.problems.files.sources import files_of
from cppo_env.problems.layouts.cues import checker_for
from cppo_env.problems.layouts.statements import normalise
from cppo_env.problems.records import (
    FieldError,
    Record,
    checked_list,
    list_field,
    text_field,
    text_list,
    unix_lines,
)
from cppo_env.problems.selection import select
from cppo_env.problems.views import Problems
from cppo_env.types import Limits, Problem, TestCase

LANGUAGES = {0: "unknown", 1: "python2", 2: "cpp", 3: "python3", 4: "java"}
PLATFORMS = {
    1: "codechef",
    2: "codeforces",
    3: "hackerearth",
    4: "codejam",
    6: "atcoder",
    7: "aizu",
}

DEFAULT = Limits()

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
    public, private, generated = (
        _tests(record, field) for field in ("public_tests", "private_tests", "generated_tests")
    )
    tests = public + private + generated
    if not tests:
        raise FieldError(
            "public_tests", "a problem without tests, here and in private_tests and generated_tests"
        )
    right, wrong = _programs(record, "solutions"), _programs(record, "incorrect_solutions")
    streams = text_field(record, "input_file", ""), text_field(record, "output_file", "")
    statement, losses = normalise(_statement(record, streams))
    source = _number(record, "source")
    metadata = {
        "dataset": "code_contests",
        "split": split,
        "difficulty": _number(record, "difficulty"),
        "source": source,
        "platform": PLATFORMS.get(int(source)),
        "languages": tuple(right),
        "losses": losses,
        "private_tests": len(private),
        "generated_tests": len(generated),
        "input_file": streams[0],
        "output_file": streams[1],
        "solutions": {name: programs for name, programs in right.items() if name != "python3"},
        "incorrect_solutions": {
            name: programs for name, programs in wrong.items() if name != "python3"
        },
        "cf_tags": tuple(checked_list(record.get("cf_tags") or [], "cf_tags")),
        **{field: record.get(field) for field in KEPT},
    }
    return Problem(
        id=_name(record),
        statement=statement,
        tests=tests,
        public_tests=public,
        limits=_limits(record),
        checker=checker_for(statement),
        references=_on_streams(right.get("python3", ()), streams),
        wrong=_on_streams(wrong.get("python3", ()), streams),
        metadata=metadata,
    )


def _name(record: Record) -> str:
    name = text_field(record, "name")
    if not name.strip():
        raise FieldError("name", "empty")
    return name


def _statement(record: Record, streams: tuple[str, str]) -> str:
    """The description; with a note on standard streams if the contest used files."""
    text = text_field(record, "description")
    if not text.strip():
        raise FieldError("description", "empty")
    source, sink = streams
    if source:
        text += f"\n\nNote: read standard input instead of the file {source}."
    if sink:
        text += f"\n\nNote: write to standard output instead of the file {sink}."
    return text


def _tests(record: Record, field: str) -> tuple[TestCase, ...]:
    columns = _struct(record, field)
    inputs = text_list(list_field(columns, "input", field), f"{field}.input")
    outputs = text_list(list_field(columns, "output", field), f"{field}.output")
    if len(inputs) != len(outputs):
        raise FieldError(field, f"{len(inputs)} inputs, but {len(outputs)} outputs")
    return tuple(
        TestCase(unix_lines(given), unix_lines(expected))
        for given, expected in zip(inputs, outputs, strict=True)
    )


def _programs(record: Record, field: str) -> dict[str, tuple[str, ...]]:
    """Programs by the name of their language."""
    if record.get(field) is None:
        return {}
    columns = _struct(record, field)
    codes = checked_list(columns.get("language"), f"{field}.language")
    programs = text_list(list_field(columns, "solution", field), f"{field}.solution")
    if len(codes) != len(programs):
        raise FieldError(field, f"{len(codes)} languages, but {len(programs)} programs")
    found: dict[str, list[str]] = {}
    for code, program in zip(codes, programs, strict=True):
        found.setdefault(LANGUAGES.get(code, "unknown"), []).append(unix_lines(program))
    return {name: tuple(texts) for name, texts in found.items()}


def _struct(record: Record, field: str) -> Mapping[str, Any]:
    value = record.get(field)
    if value is None:
        raise FieldError(field, "absent")
    if not isinstance(value, dict):
        raise FieldError(field, f"expected an object of lists, got {type(value).__name__}")
    return cast(Mapping[str, Any], value)


def _number(record: Record, field: str) -> int | float:
    value = record.get(field)
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise FieldError(field, f"expected a number from 0, got {value!r}")
    return value


def _limits(record: Record) -> Limits:
    """The contest's own limits; zero and null mean unknown.

    Contests set them for compiled languages. `cppo problems validate` finds the Python references
    that exceed them.
    """
    cpu_s = DEFAULT.cpu_s
    if record.get("time_limit") is not None:
        time = _struct(record, "time_limit")
        cpu_s = _number(time, "seconds") + _number(time, "nanos") / 1e9 or cpu_s
    return Limits(
        cpu_s=cpu_s,
        wall_s=max(DEFAULT.wall_s, 2.5 * cpu_s),
        memory_bytes=int(_number(record, "memory_limit_bytes")) or DEFAULT.memory_bytes,
    )


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
    return tuple(_after_future_imports(program, head) for program in programs)


def _after_future_imports(program: str, head: str) -> str:
    """A program with some lines before its first statement that need not stand first."""
    module = module_of(program)
    ends = [
        one.end_lineno or 0
        for one in (module.body if module else ())
        if isinstance(one, ast.ImportFrom) and one.module == "__future__"
    ]
    lines, end = split_lines(program), max(ends, default=0)
    return "\n".join([*lines[:end], head + "\n".join(lines[end:])])
