"""The index of a file of records; that of a large file is cached.

Every record is decoded once for its summary, which also checks that it can be read. Packed tests
make that slow for large files, so the index is written to the platform's cache folder. It is valid
as long as the sizes and times of the files and the code that reads them stay the same.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from cppo_env.atomic import write_atomically
from cppo_env.problems.contents import digest_of
from cppo_env.problems.files.formats import FileState, Found, RecordFile
from cppo_env.problems.files.sources import cache_folder
from cppo_env.problems.lenient import MOST
from cppo_env.problems.records import FieldError, Record
from cppo_env.problems.views import Summary, summarise
from cppo_env.progress import live
from cppo_env.types import Problem

Decode = Callable[[Record, str | None], Problem]
"""A layout's decoder: (record, split that the file states) → problem. Raises `FieldError`."""

SMALLEST_KEPT = 16 * 1024 * 1024
"""Smallest file in bytes that gets a cached index; smaller ones take less than a second."""


class Located(NamedTuple):
    """Where one problem of a file lies."""

    position: int
    number: int
    summary: Summary
    digest: str
    """See `cppo_env.problems.contents`."""


class Refused(NamedTuple):
    """A record that is no problem."""

    number: int
    id: str
    error: FieldError


@dataclass(frozen=True, slots=True)
class FileIndex:
    """The problems of one file, and the records that are none."""

    problems: list[Located]
    refused: list[Refused]
    unread: Counter[str] = field(default_factory=Counter[str])
    """Field → how many problems were loaded without it, because it could not be read."""


def index_of(file: RecordFile, decode: Decode) -> FileIndex:
    """The index of a file, from the last run's if it is large and unchanged."""
    state = file.state()
    if sum(file.size for file in state) < SMALLEST_KEPT:
        return _build(file.scan(), file.split, decode)
    place, mark = _place(state, decode), _mark(state, decode)
    index = _load(place, mark)
    if index is None:
        index = _build(_with_progress(file), file.split, decode)
        _keep(place, mark, index)
    return index


def _build(found: Iterator[Found], split: str | None, decode: Decode) -> FileIndex:
    index = FileIndex([], [])
    for position, number, record in found:
        try:
            if isinstance(record, FieldError):
                raise record
            problem = decoded(decode, record, split)
            index.problems.append(Located(position, number, summarise(problem), digest_of(problem)))
            unread: tuple[str, ...] = problem.metadata.get("unread", ())
            index.unread.update({re.split(r"[:\[]", line)[0] for line in unread})
        except FieldError as error:
            index.refused.append(Refused(number, _identifier(record), error))
    return index


def decoded(decode: Decode, record: Record, split: str | None) -> Problem:
    """The problem of a record; no record, however odd, ends the reading of a set.

    Raises:
        FieldError: it cannot be read.
    """
    try:
        return decode(record, split)
    except FieldError:
        raise
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as e:
        raise FieldError("", f"a value that nobody expected ({type(e).__name__}: {e})") from e


def _identifier(record: Record | FieldError) -> str:
    """How a record names its problem; empty where it cannot be told."""
    if isinstance(record, FieldError):
        return ""
    values = (record.get(field) for field in ("question_id", "name", "problem_id", "id"))
    return next((str(one)[:80] for one in values if isinstance(one, str) or _is_short(one)), "")


def _is_short(value: Any) -> bool:
    return isinstance(value, int) and abs(value) < MOST


def _with_progress(file: RecordFile) -> Iterator[Found]:
    """The records of a file; a terminal shows how far it is."""
    if not sys.stderr.isatty():  # and so no rich, which the environments do without
        yield from file.scan()
        return
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    if not live(console):
        yield from file.scan()
        return
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(
            f"indexing {Path(file.state()[0].path).name}, once", total=file.end
        )
        for found in file.scan():
            progress.update(task, completed=found.position)
            yield found


def _place(state: list[FileState], decode: Decode) -> Path:
    name = hashlib.sha256(f"{state[0].path} {len(state)} {decode.__module__}".encode()).hexdigest()[
        :24
    ]
    return cache_folder() / "index" / f"{name}.json"


def _mark(state: list[FileState], decode: Decode) -> str:
    return hashlib.sha256(
        repr((state, _code(inspect.getsourcefile(decode) or __file__))).encode()
    ).hexdigest()


@lru_cache
def _code(decoder: str) -> str:
    """A digest of the code that reads records; other code might read something else."""
    digest = hashlib.sha256()
    for path in sorted({*Path(__file__).parents[1].rglob("*.py"), Path(decoder)}):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _load(place: Path, mark: str) -> FileIndex | None:
    try:
        kept: dict[str, Any] = json.loads(place.read_text())
        if kept["mark"] != mark:
            return None
        problems = [
            Located(position, number, _summary(values), digest)
            for position, number, values, digest in kept["problems"]
        ]
        return FileIndex(
            problems,
            [Refused(number, name, FieldError(*error)) for number, name, *error in kept["refused"]],
            Counter(kept["unread"]),
        )
    except (OSError, ValueError, KeyError, TypeError):  # absent, or damaged: made again
        return None


def _summary(values: dict[str, Any]) -> Summary:
    values["languages"] = tuple(values["languages"])
    return Summary(**values)


def _keep(place: Path, mark: str, index: FileIndex) -> None:
    """Write an index. If the cache folder is not writable, the next run just takes longer."""
    content = {
        "mark": mark,
        "problems": [
            (position, number, _values(summary), digest)
            for position, number, summary, digest in index.problems
        ],
        "refused": [
            (number, name, error.field, error.reason) for number, name, error in index.refused
        ],
        "unread": index.unread,
    }
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(place, json.dumps(content))


def _values(summary: Summary) -> dict[str, Any]:
    return {field.name: getattr(summary, field.name) for field in fields(Summary)}
