"""Codeforces as `open-r1/codeforces` publishes it: official tests, generated tests, checkers.

    {"id", "title", "description", "input_format", "output_format", "interaction_format", "note",
    "examples": [{"input", "output"}], "time_limit": s, "memory_limit": MB, "rating", "tags",
    "official_tests": [...], "official_tests_complete", "input_mode", "generated_checker",
    "generated_tests": int, ...}

More tests lie in `generated_tests/test_cases_NNNN.parquet` (`problem_id`, `input`, `output`), one
file a contest; they are added where that folder lies beside the records or above them. Interactive
problems are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from cppo_env.problems.files.catalog import Catalog
from cppo_env.problems.files.formats import FileState, Found, RecordFile, open_parquet, state_of
from cppo_env.problems.files.sources import files_of
from cppo_env.problems.layouts.cues import INTERACTIVE, checker_for, refuse_interactive
from cppo_env.problems.layouts.limits import limits_of
from cppo_env.problems.layouts.statements import normalise, with_streams
from cppo_env.problems.layouts.tested import column_tests
from cppo_env.problems.lenient import Spare, date_of, name_of, number_of, whole
from cppo_env.problems.records import (
    FieldError,
    Record,
    Refusal,
    checked_list,
    required_text,
    text_field,
    unix_lines,
    value_of,
)
from cppo_env.problems.selection import select
from cppo_env.problems.views import Problems
from cppo_env.types import MIB, CheckerProgram, Problem, TestCase

FOLDER = "generated_tests"
_FOUND = "generated tests of the folder"
"""Key under which a record carries what was found in the folder."""
KEPT = ("contest_id", "index", "rating", "official_tests_complete", "testset_size", "contest_type")


def load(source: Path | str | None = None, /, **filters: Any) -> Problems:
    """The Codeforces problems of a Parquet or JSON lines file, or of a folder of those.

    Args:
        source: the path; None looks where `cppo problems download codeforces` puts it.
        **filters: see `cppo_env.problems.selection.Filters`.

    Raises:
        ProblemDataError: there is no such path, or it holds no usable problem.
    """
    return select(
        Catalog([_with_tests(file) for file in files_of("codeforces", source)], decode), **filters
    )


def decode(record: Record, split: str | None) -> Problem:
    """The problem of one record.

    Raises:
        FieldError: a field cannot be read, or the problem is interactive.
    """
    spare = Spare()
    if spare.read(lambda: text_field(record, "interaction_format", ""), "").strip():
        raise FieldError("interaction_format", f"{INTERACTIVE}: there is no interactor for it")
    public = spare.read(partial(column_tests, record, "examples"), ())
    official = spare.read(partial(column_tests, record, "official_tests"), ())
    generated = column_tests(record, _FOUND)
    tests = tuple(dict.fromkeys(official + generated))
    if not tests:
        raise FieldError("official_tests", "a problem without tests, here and in generated_tests")
    _count(record, spare, len(generated))
    statement, losses = normalise(_statement(record, spare, public))
    refuse_interactive("description", statement)
    checker = spare.read(lambda: text_field(record, "generated_checker", ""), "")
    tags = spare.read(lambda: checked_list(value_of(record, "tags") or [], "tags"), [])
    return Problem(
        id=name_of(record, "id"),
        statement=statement,
        tests=tests,
        public_tests=public,
        limits=limits_of(
            spare,
            partial(number_of, record, "time_limit"),
            lambda: number_of(record, "memory_limit") * MIB,
        ),
        checker=CheckerProgram("python", unix_lines(checker))
        if checker.strip()
        else checker_for(statement),
        metadata={
            "dataset": "codeforces",
            "split": split,
            "platform": "codeforces",
            "title": spare.read(lambda: text_field(record, "title", ""), ""),
            "difficulty": whole(value_of(record, "rating")),
            "date": spare.read(lambda: date_of(record, "contest_start"), None),
            "tags": tuple(tags),
            "losses": losses,
            "generated_tests": len(tests) - len(set(official)),
            **{field: whole(value_of(record, field)) for field in KEPT},
            "unread": spare.unread,
        },
    )


def _count(record: Record, spare: Spare, found: int) -> None:
    """Note where the record states generated tests that are not there."""

    def check() -> None:
        stated = number_of(record, "generated_tests")
        if found < stated:
            raise FieldError("generated_tests", f"{stated} stated, {found} found in {FOLDER}/")

    spare.read(check, None)


def _statement(record: Record, spare: Spare, examples: tuple[TestCase, ...]) -> str:
    """The statement as a contestant sees it, in the order of the site."""

    def text(field: str) -> str:
        return spare.read(partial(text_field, record, field, ""), "").strip()

    parts = [text("title"), required_text(record, "description").strip()]
    parts += [f"{head}\n{text(field)}" for head, field in _SECTIONS if text(field)]
    for one in examples:
        parts.append(f"Example\nInput\n{one.input.strip()}\nOutput\n{one.output.strip()}")
    if note := text("note"):
        parts.append(f"Note\n{note}")
    files = text("input_mode") == "file"
    names = ("input.txt", "output.txt") if files else ("", "")
    return with_streams("\n\n".join(filter(None, parts)), *names)


_SECTIONS = (("Input", "input_format"), ("Output", "output_format"))


def _with_tests(file: RecordFile) -> RecordFile:
    """The file, with the tests of the folder beside or above it."""
    place = Path(file.state()[0].path)
    folders = [parent / FOLDER for parent in (place.parent, place.parent.parent)]
    return next((WithTests(file, folder) for folder in folders if folder.is_dir()), file)


@dataclass(frozen=True, slots=True)
class WithTests:
    """A file of records, each joined with the rows of a folder of tests."""

    file: RecordFile
    folder: Path

    @property
    def split(self) -> str | None:
        """That of the records."""
        return self.file.split

    @property
    def end(self) -> int:
        """That of the records."""
        return self.file.end

    def state(self) -> list[FileState]:
        """That of the records and of the tests."""
        return [*self.file.state(), *map(state_of, sorted(self.folder.glob("*.parquet")))]

    def scan(self) -> Iterator[Found]:
        """All records in order, with their tests."""
        for found in self.file.scan():
            if isinstance(found.record, FieldError):
                yield found
            else:
                yield found._replace(record=self._joined(found.record))

    def read(self, position: int) -> Record:
        """The record at a position, with its tests."""
        return self._joined(self.file.read(position))

    def refusal(self, number: int, error: FieldError) -> Refusal:
        """Names the place of the record."""
        return self.file.refusal(number, error)

    def _joined(self, record: Record) -> Record:
        contest = str(whole(value_of(record, "contest_id")) or "")
        path = self.folder / f"test_cases_{contest.zfill(4)}.parquet"
        if not path.is_file():
            return record
        stat = path.stat()
        tests = _tests_of(path, stat.st_mtime_ns, stat.st_size)
        return {**record, _FOUND: tests.get(str(record.get("id")), [])}


@lru_cache(maxsize=2)
def _tests_of(path: Path, mtime_ns: int, size: int) -> dict[str, list[dict[str, Any]]]:
    """Problem id → the rows of a contest's file; problems of a contest are read in a row."""
    found: dict[str, list[dict[str, Any]]] = {}
    with open_parquet(path) as file:
        for row in file.read(columns=sorted({"problem_id", "input", "output"})).to_pylist():
            found.setdefault(str(row["problem_id"]), []).append(row)
    return found
