"""Programs with known verdicts: the data set's own, and those of a file, joined by problem id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cppo_env.errors import ProblemDataError
from cppo_env.problems.files.formats import JsonLines
from cppo_env.problems.files.sources import KNOWN_PROGRAMS
from cppo_env.problems.records import FieldError, text_field
from cppo_env.types import Problem

RUNNABLE = {
    "python3": "python",
    "cpp": "cpp17",
    "cpp17": "cpp17",
    "cpp20": "cpp20",
    "java": "java",
    "rust": "rust",
}
"""Language name in a data set → `Job.language`. Others are not run."""


@dataclass(frozen=True, slots=True)
class Known:
    """A program whose verdict is known."""

    program: str
    right: bool
    language: str = "python3"
    """In the data sets' words, such as "cpp" or "java"."""
    origin: str = "dataset"


def programs_of(problem: Problem, joined: Sequence[Known] = ()) -> list[Known]:
    """All programs with known verdicts of a problem, in any language, each text once."""
    return list(
        {(known.program, known.right): known for known in (*joined, *_own(problem))}.values()
    )


def _own(problem: Problem) -> Iterator[Known]:
    """The data set's programs: Python from the problem's fields, others from its metadata."""
    # Only Python programs are made to work on standard streams where the contest used files.
    suffix = (
        " on files"
        if problem.metadata.get("input_file") or problem.metadata.get("output_file")
        else ""
    )
    for field, python, right in (
        ("solutions", problem.references, True),
        ("incorrect_solutions", problem.wrong, False),
    ):
        yield from (Known(program, right) for program in python)
        for language, programs in problem.metadata.get(field, {}).items():
            yield from (Known(program, right, language + suffix) for program in programs)


def read_known(path: Path) -> tuple[dict[str, list[Known]], dict[str, int]]:
    """Read a file of programs with known verdicts.

    Args:
        path: JSON lines with `key` (the problem's id), `language`, `expected` ("correct" or
            "incorrect") and `code`. Rows with a false `agrees_with_available_tests` are left out:
            the available tests cannot show their verdict.

    Returns:
        Problem id → programs, and the number of rows left out, by reason.

    Raises:
        ProblemDataError: the file cannot be read.
    """
    if not path.is_file():
        raise ProblemDataError(
            f"{path}: no such file; expected JSON lines with key, language, expected, code"
        )
    found: dict[str, list[Known]] = {}
    left_out: dict[str, int] = {}
    file = JsonLines(path)
    for _, number, record in file.scan():
        try:
            if isinstance(record, FieldError):
                raise record
            key, known = _known(record)
        except FieldError as error:
            raise ProblemDataError(str(file.refusal(number, error))) from None
        if isinstance(known, str):
            left_out[known] = left_out.get(known, 0) + 1
        else:
            found.setdefault(key, []).append(known)
    return found, left_out


def _known(record: Mapping[str, Any]) -> tuple[str, Known | str]:
    """A row's problem id, and its program or the reason to leave it out."""
    for field in sorted(KNOWN_PROGRAMS):
        if record.get(field) is None:
            raise FieldError(field, "absent")
    key, expected = str(record["key"]), text_field(record, "expected")
    if expected not in ("correct", "incorrect"):
        raise FieldError("expected", f"expected correct or incorrect, got {expected!r}")
    language = text_field(record, "language", "python3")
    if record.get("agrees_with_available_tests") is False:
        return key, "the tests at hand do not show the verdict"
    origin = text_field(record, "origin", "file")
    return key, Known(text_field(record, "code"), expected == "correct", language, origin)
