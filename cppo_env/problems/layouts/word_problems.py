r"""GSM8K (Cobbe et al. 2021) and MATH (Hendrycks et al. 2021): a text and its worked answer.

    {"question", "answer": "…worked…\n#### 72"}                              GSM8K
    {"problem", "solution": "… \\boxed{…} …", "level", "type" | "subject"}   MATH, and MATH-500

The expected answer is what the worked one states; a record whose answer cannot be read is refused.
There is no input: a solution states its answer, or is a program that prints it (checker "math").
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cppo_env.parsing import read_answer
from cppo_env.problems.files.catalog import Catalog
from cppo_env.problems.files.sources import files_of
from cppo_env.problems.layouts.identity import content_id
from cppo_env.problems.lenient import Spare
from cppo_env.problems.records import FieldError, Record, required_text, text_field, unix_lines
from cppo_env.problems.selection import select
from cppo_env.problems.views import Problems
from cppo_env.solutions import STATED, printing
from cppo_env.types import Problem, TestCase


def load_gsm8k(source: Path | str | None = None, /, **filters: Any) -> Problems:
    """The GSM8K problems of a JSON lines or Parquet file, or of a folder of those.

    Args:
        source: the path; None looks where `cppo problems download gsm8k` puts it.
        **filters: see `cppo_env.problems.selection.Filters`.

    Raises:
        ProblemDataError: there is no such path, or it holds no usable problem.
    """
    return select(Catalog(files_of("gsm8k", source), decode_gsm8k), **filters)


def load_math(source: Path | str | None = None, /, **filters: Any) -> Problems:
    """The MATH problems of a JSON lines or Parquet file, or of a folder of those.

    Args:
        source: the path; None looks where `cppo problems download hendrycks_math` puts it.
        **filters: see `cppo_env.problems.selection.Filters`.

    Raises:
        ProblemDataError: there is no such path, or it holds no usable problem.
    """
    return select(Catalog(files_of("hendrycks_math", source), decode_math), **filters)


def decode_gsm8k(record: Record, split: str | None) -> Problem:
    """The problem of one GSM8K record.

    Raises:
        FieldError: a field cannot be read, or states no answer.
    """
    return _problem("gsm8k", record, "question", "answer", split, {})


def decode_math(record: Record, split: str | None) -> Problem:
    """The problem of one MATH record.

    Raises:
        FieldError: a field cannot be read, or states no answer.
    """
    spare = Spare()
    level = spare.read(lambda: text_field(record, "level", ""), "")
    subject = spare.read(lambda: text_field(record, "type", ""), "") or spare.read(
        lambda: text_field(record, "subject", ""), ""
    )
    facts = {"difficulty": level or None, "source": subject or None, "unread": spare.unread}
    return _problem("hendrycks_math", record, "problem", "solution", split, facts)


def _problem(
    dataset: str, record: Record, asks: str, tells: str, split: str | None, facts: dict[str, Any]
) -> Problem:
    statement = unix_lines(required_text(record, asks)).strip()
    answer = read_answer(unix_lines(required_text(record, tells)))
    if answer is None:
        raise FieldError(tells, r"states no answer (expected \boxed{…} or #### …)")
    return Problem(
        id=content_id(dataset, statement),
        statement=statement,
        tests=(TestCase("", answer),),
        checker=STATED,
        references=(printing(answer),),
        metadata={"dataset": dataset, "split": split, "languages": ("python3",), **facts},
    )
