"""Where records lie: lines of a JSON file, rows of a Parquet file, folders of the APPS archive.

Each kind finds its records in one pass and reads any single one again by position. No record stays
in memory.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from cppo_env.errors import ProblemDataError
from cppo_env.plugins import missing_extra
from cppo_env.problems.records import FieldError, Record, Refusal, parse_json

SPLITS = ("train", "valid", "validation", "test")


class Found(NamedTuple):
    """A record met by a scan, or the fault that keeps it from being read."""

    position: int
    """What `read` takes."""
    number: int
    """What `refusal` takes."""
    record: Record | FieldError


class FileState(NamedTuple):
    """What the file system knows about changes to a file."""

    path: str
    size: int
    mtime_ns: int


def state_of(path: Path) -> FileState:
    """The state of a file now."""
    stat = path.stat()
    return FileState(os.path.abspath(path), stat.st_size, stat.st_mtime_ns)


class RecordFile(Protocol):
    """A file or folder of records."""

    @property
    def split(self) -> str | None:
        """The split that the file's name states."""
        ...

    @property
    def end(self) -> int:
        """A position behind the last record."""
        ...

    def state(self) -> list[FileState]:
        """What changes when the records do."""
        ...

    def scan(self) -> Iterator[Found]:
        """All records in order, one in memory at a time."""
        ...

    def read(self, position: int) -> Record:
        """The record at a position that `scan` gave."""
        ...

    def refusal(self, number: int, error: FieldError) -> Refusal:
        """`error`, with the place of the record that has this number."""
        ...


def split_of(name: str) -> str | None:
    """The split in a file or folder name, as in `train-00000-of-00039`."""
    words = set(re.split(r"[^a-z]+", name.lower()))
    stated = [split for split in SPLITS if split in words]
    return stated[0] if len(stated) == 1 else None


@dataclass(frozen=True, slots=True)
class JsonLines:
    """JSON lines. A position is a byte offset; a number is a line, counted from 1."""

    path: Path

    @property
    def split(self) -> str | None:
        """The split that the file's name states."""
        return split_of(self.path.stem)

    @property
    def end(self) -> int:
        """Size of the file."""
        return self.path.stat().st_size

    def state(self) -> list[FileState]:
        """The file's."""
        return [state_of(self.path)]

    def scan(self) -> Iterator[Found]:
        """All lines but blank ones."""
        offset = 0
        with self.path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    try:
                        yield Found(offset, number, _parse_line(line))
                    except FieldError as error:
                        yield Found(offset, number, error if line.endswith(b"\n") else _cut(error))
                offset += len(line)

    def read(self, position: int) -> Record:
        """The record of the line at a byte offset."""
        with self.path.open("rb") as file:
            file.seek(position)
            return _parse_line(file.readline())

    def refusal(self, number: int, error: FieldError) -> Refusal:
        """Names the line, counting blank ones as an editor does."""
        return Refusal(self.path, number, error.field, error.reason)


def _cut(error: FieldError) -> FieldError:
    """The fault of a last line without an end."""
    return FieldError(
        error.field, f"the file ends in the middle of a line, half a download? {error.reason}"
    )


def _parse_line(line: bytes) -> Record:
    try:
        text = line.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError as error:
        raise FieldError("", f"not UTF-8 at byte {error.start} of the line") from None
    value = parse_json(text, "")
    if not isinstance(value, dict):
        raise FieldError("", f"expected a JSON object, got {type(value).__name__}")
    return value  # pyright: ignore[reportUnknownVariableType]


@dataclass(frozen=True, slots=True)
class ParquetRows:
    """A Parquet file of records. A position is a row from 0; a number is the same from 1."""

    path: Path

    @property
    def split(self) -> str | None:
        """The split that the file's name states."""
        return split_of(self.path.stem)

    @property
    def end(self) -> int:
        """Number of rows."""
        with open_parquet(self.path) as file:
            return file.metadata.num_rows

    def state(self) -> list[FileState]:
        """The file's."""
        return [state_of(self.path)]

    def scan(self) -> Iterator[Found]:
        """All rows, read in small batches."""
        position = 0
        with open_parquet(self.path) as file:
            for batch in file.iter_batches(batch_size=16):
                for row in batch.to_pylist():
                    yield Found(position, position + 1, row)
                    position += 1

    def read(self, position: int) -> Record:
        """The record of a row. Reads its row group, unless that was the last one read.

        Published files have hundreds of rows per group, so random access is slow. `cppo problems
        import` makes a store that is fast.
        """
        stat = self.path.stat()
        for group, first, last in _row_groups(self.path, stat.st_mtime_ns, stat.st_size):
            if first <= position < last:
                table = _read_group(self.path, stat.st_mtime_ns, stat.st_size, group)
                return table.slice(position - first, 1).to_pylist()[0]
        raise FieldError("", f"no row {position + 1}")

    def refusal(self, number: int, error: FieldError) -> Refusal:
        """Names the row."""
        return Refusal(self.path, number, error.field, error.reason)


@lru_cache(maxsize=256)
def _row_groups(path: Path, mtime_ns: int, size: int) -> list[tuple[int, int, int]]:
    """(number, first row, row after the last) of each row group."""
    with open_parquet(path) as file:
        counts = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
    ends = list(accumulate(counts))
    return [
        (group, end - count, end)
        for group, (count, end) in enumerate(zip(counts, ends, strict=True))
    ]


@lru_cache(maxsize=1)
def _read_group(path: Path, mtime_ns: int, size: int, group: int) -> Any:
    """One row group; the last one stays, because problems are mostly read in order."""
    # Threads of a pool do not survive a fork, so none are used.
    with open_parquet(path) as file:
        return file.read_row_group(group, use_threads=False)


def open_parquet(path: Path) -> Any:
    """A `pyarrow.parquet.ParquetFile`.

    Raises:
        MissingExtraError: pyarrow is not installed.
    """
    try:
        import pyarrow.parquet as parquet  # pyright: ignore[reportMissingTypeStubs]
    except ModuleNotFoundError as error:
        raise missing_extra(error, str(path)) from error
    try:
        return parquet.ParquetFile(path)  # pyright: ignore[reportUnknownMemberType]
    except ValueError as error:  # pyarrow's own errors are of this kind
        raise ProblemDataError(
            f"{path}: no whole Parquet file ({str(error).partition('.')[0]}); get it again"
        ) from error


APPS_FILES = {
    "question": "question.txt",
    "input_output": "input_output.json",
    "solutions": "solutions.json",
    "starter_code": "starter_code.py",
    "metadata": "metadata.json",
}


@dataclass(frozen=True, slots=True)
class RawFolders:
    """Folders of the APPS archive, of one split. Positions and numbers index `folders`."""

    folders: tuple[Path, ...]
    split: str | None

    @property
    def end(self) -> int:
        """Number of folders."""
        return len(self.folders)

    def state(self) -> list[FileState]:
        """That of all files in the folders."""
        paths = (folder / name for folder in self.folders for name in sorted(APPS_FILES.values()))
        return [state_of(path) for path in paths if path.exists()]

    def scan(self) -> Iterator[Found]:
        """All folders, in the order of their names."""
        for position in range(len(self.folders)):
            try:
                yield Found(position, position, self.read(position))
            except FieldError as error:
                yield Found(position, position, error)

    def read(self, position: int) -> Record:
        """A folder's files as the fields of the published JSON lines."""
        folder = self.folders[position]
        record: dict[str, Any] = {"problem_id": folder.name}
        for field, name in APPS_FILES.items():
            try:
                record[field] = (folder / name).read_bytes().decode("utf-8-sig")
            except FileNotFoundError:
                continue
            except UnicodeDecodeError as error:
                raise FieldError(field, f"not UTF-8 at byte {error.start}") from None
        details = parse_json(record.pop("metadata", "{}"), "metadata")
        if not isinstance(details, dict):
            raise FieldError("metadata", f"expected a JSON object, got {type(details).__name__}")
        return {**details, **record}

    def refusal(self, number: int, error: FieldError) -> Refusal:
        """Names the file of the folder that holds the field."""
        name = APPS_FILES.get(error.field.partition(".")[0].partition("[")[0])
        folder = self.folders[number]
        return Refusal(folder / name if name else folder, None, error.field, error.reason)
