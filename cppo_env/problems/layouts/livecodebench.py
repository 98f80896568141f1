"""LiveCodeBench (Jain et al. 2024), `code_generation_lite`: `test.jsonl` … `test6.jsonl`.

All fields are strings. Hidden tests are JSON, or base64 of zlib of a pickle of JSON; the pickle is
never executed. Tests are the public and the hidden ones. A file without hidden tests still loads,
with the public ones.
"""

from __future__ import annotations

import re
import warnings
from bisect import bisect_right
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from cppo_env.errors import ProblemDataError, UsageError
from cppo_env.forms import in_form
from cppo_env.problems.files.catalog import Catalog
from cppo_env.problems.files.formats import JsonLines, RecordFile
from cppo_env.problems.files.sources import files_of
from cppo_env.problems.layouts.cues import checker_for, checker_for_call
from cppo_env.problems.layouts.packed import unpack
from cppo_env.problems.layouts.statements import normalise
from cppo_env.problems.lenient import Spare, data_of, date_of, name_of
from cppo_env.problems.records import (
    FieldError,
    ProblemDataWarning,
    Record,
    checked_list,
    checked_text,
    parse_json,
    required_text,
    shown,
    text_field,
    unix_lines,
    value_of,
    write_json,
)
from cppo_env.problems.selection import select
from cppo_env.problems.views import Problems
from cppo_env.types import Limits, Problem, TestCase

LIMITS = Limits(cpu_s=6.0, wall_s=15.0)
"""The benchmark's own harness allows 6 s for a test."""

LATEST = 6
LAST_DAYS = ("2024-04-01", "2024-06-01", "2024-08-01", "2024-09-22", "2025-01-04")
"""The first day that belongs to the next release, by the months that the benchmark's card gives and
the rows at hand: for copies whose files do not say which release they are."""


def load(
    source: Path | str | None = None, /, *, version: str | None = None, **filters: Any
) -> Problems:
    """The LiveCodeBench problems of a `test*.jsonl` file, or of a folder of those.

    Args:
        source: the path; None looks where `cppo problems download livecodebench` puts it.
        version: "release_v6" is the union of the first six files, "v6" only what the sixth added,
            "v4_v6" files four to six, "release_latest" all files. Default: every file. These are
            the benchmark's own names. If files of a version are missing, a `ProblemDataWarning`
            names them. Of a copy with other file names, such as a Parquet mirror, the folder with
            the version's name is taken, else the problems with dates of the version, with a
            warning.
        **filters: see `cppo_env.problems.selection.Filters`; dates make a window.

    Raises:
        ProblemDataError: there is no such path, or it holds no usable LiveCodeBench problem.
        UsageError: unknown release.
    """
    files = files_of("livecodebench", source)
    if version is None:
        return select(Catalog(files, decode), **filters)
    if any(release_of(file) for file in files):
        return select(Catalog(_files_of_version(files, version, source), decode), **filters)
    releases = _releases(version)
    if named := [file for file in files if version in Path(file.state()[0].path).parts[:-1]]:
        return select(Catalog(named, decode), **filters)
    problems = select(Catalog(files, decode), **filters)
    chosen = [n for n in range(len(problems)) if _release_by_date(problems, n) in releases]
    if not chosen:
        raise ProblemDataError(f"{source}: no problem has a date of version {version!r}")
    warnings.warn(
        f"version {version!r}: no file or folder is named after a release, so {len(chosen)} of "
        f"{len(problems)} problems were taken by their dates; a release's own list may differ by "
        "those of its first and last days",
        ProblemDataWarning,
        2,
    )
    return problems.pick(chosen)


def _release_by_date(problems: Problems, index: int) -> int:
    """The release whose window holds the date of a problem; 0 without a date."""
    day = (problems.summary(index).date or "")[:10]
    return bisect_right(LAST_DAYS, day) + 1 if day else 0


def _files_of_version(
    files: list[RecordFile], version: str, source: Path | str | None
) -> list[RecordFile]:
    wanted = {number: f"test{'' if number == 1 else number}.jsonl" for number in _releases(version)}
    chosen = [file for file in files if release_of(file) in wanted]
    if not chosen:
        names = ", ".join(wanted.values())
        raise UsageError(
            f"version {version!r} is made of {names}; {source or 'the data folder'} holds none of "
            "them"
        )
    absent = [name for number, name in wanted.items() if number not in set(map(release_of, chosen))]
    # Samples of a release have names of their own; files with the published names claim to be all
    # of it.
    if absent and any(
        isinstance(file, JsonLines) and file.path.name in wanted.values() for file in chosen
    ):
        warnings.warn(
            f"version {version!r} is incomplete: {', '.join(absent)} not found",
            ProblemDataWarning,
            2,
        )
    return chosen


def _releases(version: str) -> range:
    """The numbers of the files that make up a version."""
    if version == "release_latest":
        return range(1, LATEST + 1)
    match = re.fullmatch(r"(?:release_v(?P<union>\d)|v(?P<first>\d)(?:_v(?P<last>\d))?)", version)
    if match:
        first = int(match["first"] or 1)
        last = int(match["union"] or match["last"] or first)
        if 1 <= first <= last <= LATEST:
            return range(first, last + 1)
    raise UsageError(
        f"version: got {version!r}, expected release_v1 to release_v{LATEST}, or v1 to v{LATEST}, "
        "or v1_v3, "
        "or release_latest"
    )


def release_of(file: RecordFile) -> int | None:
    """The release that a file's name states: 5 of `test5.jsonl`, 1 of `test.jsonl`."""
    match = (
        re.match(r"test(\d?)(?![a-z0-9])", file.path.name) if isinstance(file, JsonLines) else None
    )
    return int(match[1] or 1) if match else None


def decode(record: Record, split: str | None) -> Problem:
    """The problem of one record.

    Raises:
        FieldError: a field cannot be read, or its pickle holds anything but a text.
    """
    entry_point = _entry_point(record)
    spare = Spare()
    public = _tests(data_of(record, "public_test_cases") or [], "public_test_cases")
    private = _tests(_private(record), "private_test_cases")
    kinds = {kind for kind, _ in public + private}
    if not kinds:
        raise FieldError(
            "public_test_cases", "a problem without tests, here and in private_test_cases"
        )
    if kinds not in ({"stdin"}, {"functional"}):
        raise FieldError(
            "public_test_cases", f"expected testtype stdin or functional, got {sorted(kinds)}"
        )
    if kinds == {"functional"} and entry_point is None:
        raise FieldError("metadata", "functional tests, but no func_name")
    statement, losses = normalise(required_text(record, "question_content"))
    problem = Problem(
        id=name_of(record, "question_id"),
        statement=statement,
        tests=tuple(test for _, test in public + private),
        starter_code=unix_lines(text_field(record, "starter_code", "")),
        entry_point=entry_point if kinds == {"functional"} else None,
        public_tests=tuple(test for _, test in public),
        limits=LIMITS,
        checker=(checker_for_call if kinds == {"functional"} else checker_for)(statement),
        metadata={
            "dataset": "livecodebench",
            "split": split or "test",
            "title": spare.read(lambda: text_field(record, "question_title", ""), ""),
            "platform": spare.read(lambda: text_field(record, "platform", ""), "") or None,
            "contest_id": spare.read(lambda: _contest(record), ""),
            "date": spare.read(lambda: date_of(record, "contest_date"), None),
            "difficulty": spare.read(lambda: text_field(record, "difficulty", ""), "") or None,
            "losses": losses,
            "private_tests": len(private),
            "unread": spare.unread,
        },
    )
    return in_form(problem)


def _contest(record: Record) -> str:
    return "" if value_of(record, "contest_id") in (None, "") else name_of(record, "contest_id")


def _entry_point(record: Record) -> str | None:
    metadata = data_of(record, "metadata")
    if metadata is None:
        return None
    if not isinstance(metadata, dict):
        raise FieldError("metadata", f"expected an object, got {type(metadata).__name__}")
    name = cast(Mapping[str, Any], metadata).get("func_name")
    if name is not None and not (isinstance(name, str) and name.isidentifier()):
        raise FieldError("metadata.func_name", f"expected a function's name, got {shown(name)}")
    return name


def _private(record: Record) -> Any:
    field = "private_test_cases"
    text = value_of(record, field)
    if not isinstance(text, str) or text.lstrip()[:1] in ("", "[", "{"):
        return data_of(record, field) or []
    return parse_json(unpack(text, field), field)


def _tests(value: Any, field: str) -> list[tuple[str, TestCase]]:
    """The tests of one field, each with its type."""
    tests: list[tuple[str, TestCase]] = []
    for index, test in enumerate(checked_list(value, field)):
        place = f"{field}[{index}]"
        if not isinstance(test, dict):
            raise FieldError(place, f"expected an object, got {type(test).__name__}")
        case = cast(Mapping[str, Any], test)
        given, expected = (
            checked_text(case.get(name), f"{place}.{name}") for name in ("input", "output")
        )
        kind = str(case.get("testtype"))
        if kind == "functional":
            arguments = [
                parse_json(line, f"{place}.input") for line in given.split("\n") if line.strip()
            ]
            outcome = write_json(parse_json(expected, f"{place}.output"))
            tests.append((kind, TestCase(write_json(arguments), outcome)))
        else:
            tests.append((kind, TestCase(unix_lines(given), unix_lines(expected))))
    return tests
