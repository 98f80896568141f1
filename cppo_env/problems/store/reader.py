"""One indexed Parquet store for any layout: opens at once at any size, decodes on demand.

    index.parquet            one row per problem: its summary and place (shard, group, row)
    problems-00000.parquet   shards of problems in small row groups; compressed tests

Reading a problem costs one row group of its shard, whatever the number of problems. Nothing is held
open, so forked and spawned workers share a store through the page cache.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, cast

from cppo_env.errors import ProblemDataError
from cppo_env.plugins import missing_extra
from cppo_env.problems.selection import select
from cppo_env.problems.store.tests import Buffer, StoredTests
from cppo_env.problems.views import Problems, Summary
from cppo_env.types import CheckerProgram, Limits, Problem, TestCase

INDEX = "index.parquet"
FORMAT = "1"
FORMAT_KEY = b"cppo.store"
JSON_BEGINS = "{", '"'
"""Beginnings of a checker that is stored as JSON; any other is a name."""
"""Schema metadata key that marks a store; its value is the format version."""

DIGEST = "digest"
"""Column of the index: see `cppo_env.problems.contents`."""

SUMMARY_FIELDS = tuple(field.name for field in fields(Summary))
BODY = (
    "id",
    "statement",
    "starter_code",
    "entry_point",
    "limits",
    "checker",
    "references",
    "wrong",
    "metadata",
    "public_tests",
    "chunk_counts",
)
"""Columns of a shard that make a problem; the column `chunks` is read when its tests are."""


def arrow() -> Any:
    """The package `pyarrow`, with its `parquet`.

    Raises:
        MissingExtraError: pyarrow is not installed.
    """
    try:
        import pyarrow  # pyright: ignore[reportMissingTypeStubs]
        import pyarrow.parquet  # pyright: ignore[reportMissingTypeStubs, reportUnusedImport]
    except ModuleNotFoundError as error:
        raise missing_extra(error, "a problem store") from error
    return cast(Any, pyarrow)


def is_store(path: Path) -> bool:
    """Whether a folder is a store."""
    return (path / INDEX).is_file()


def load(source: Path | str, /, **filters: Any) -> Problems:
    """Open a store.

    Args:
        source: its folder.
        **filters: see `cppo_env.problems.selection.Filters`.

    Raises:
        ProblemDataError: it is no store, or one of another version of the format.
    """
    return select(StoredProblems(Path(source)), **filters)


class StoredProblems(Problems):
    """The problems of a store."""

    def __init__(self, folder: Path):
        self.folder = folder
        parquet = arrow().parquet
        path = folder / INDEX
        # Not `read_table`: it would import the data set machinery, which takes longer than
        # everything else here.
        with parquet.ParquetFile(path) as file:
            marks: dict[bytes, bytes] = file.schema_arrow.metadata or {}
            version = marks.get(FORMAT_KEY)
            self._index = file.read(use_threads=False)
        if version != FORMAT.encode():
            raise ProblemDataError(
                f"{path}: store format {version!r}, expected {FORMAT}; write it again with cppo "
                "problems import"
            )

    def __len__(self) -> int:
        """Number of problems."""
        return self._index.num_rows

    def __getitem__(self, index: int, /) -> Problem:
        """The problem at `index`; its tests are decoded when they are used."""
        if not 0 <= index < len(self):
            raise IndexError(f"problem {index}; expected 0 to {len(self) - 1}")
        place = self._place(index)
        return _problem(place, place.read(BODY))

    def __iter__(self) -> Iterator[Problem]:
        """The problems in order; each row group is read once."""
        last: Place | None = None
        rows: list[dict[str, Any]] = []
        for index in range(len(self)):
            place = self._place(index)
            if last is None or (place.shard, place.group) != (last.shard, last.group):
                last, rows = place, place.read_group(BODY).to_pylist()
            yield _problem(place, rows[place.row])

    def _place(self, index: int) -> Place:
        shard, group, row = (
            self._index.column(name)[index].as_py() for name in ("shard", "group", "row")
        )
        return Place(self.folder / shard, group, row)

    def summary(self, index: int) -> Summary:
        """The summary at `index`."""
        return self._summaries[index]

    def digest(self, index: int) -> str:
        """The digest at `index`; stores written before they held digests are read for it."""
        if DIGEST in self._index.column_names:
            return self._index.column(DIGEST)[index].as_py()
        return super().digest(index)

    @cached_property
    def _summaries(self) -> list[Summary]:
        rows: list[dict[str, Any]] = self._index.select(SUMMARY_FIELDS).to_pylist()
        for row in rows:
            row["languages"] = tuple(row["languages"])
        return [Summary(**row) for row in rows]

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self._index.column("id").to_pylist())}

    def __reduce__(self) -> tuple[Any, ...]:
        return StoredProblems, (self.folder,)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stored problem lies."""

    shard: Path
    group: int
    row: int

    def read(self, columns: Sequence[str]) -> dict[str, Any]:
        """The values of some columns."""
        return self.read_group(columns).slice(self.row, 1).to_pylist()[0]

    def read_group(self, columns: Sequence[str]) -> Any:
        """The table of some columns of all problems in the row group."""
        stat = self.shard.stat()
        footer = _footer(self.shard, stat.st_mtime_ns, stat.st_size)
        # Threads of a pool do not survive a fork, so none are used.
        with arrow().parquet.ParquetFile(self.shard, metadata=footer) as file:
            return file.read_row_group(self.group, columns=list(columns), use_threads=False)


@lru_cache(maxsize=64)
def _footer(shard: Path, mtime_ns: int, size: int) -> Any:
    """A shard's own index of row groups; parsing it costs more than reading a problem."""
    return arrow().parquet.read_metadata(shard)


@dataclass(frozen=True, slots=True)
class Chunks:
    """Reads the compressed tests of a stored problem."""

    place: Place

    def __call__(self) -> Sequence[Buffer]:
        """The chunks in order, as views of what was read."""
        column = self.place.read_group(["chunks"]).column("chunks")
        return [chunk.as_buffer() for chunk in column[self.place.row].values]


def _problem(place: Place, body: Mapping[str, Any]) -> Problem:
    return Problem(
        id=body["id"],
        statement=body["statement"],
        tests=StoredTests(body["chunk_counts"], Chunks(place)),
        starter_code=body["starter_code"],
        entry_point=body["entry_point"],
        public_tests=tuple(
            TestCase(given, expected) for given, expected in json.loads(body["public_tests"])
        ),
        limits=Limits(**json.loads(body["limits"])),
        checker=_checker(body["checker"]),
        references=tuple(body["references"]),
        wrong=tuple(body["wrong"]),
        metadata=_frozen(json.loads(body["metadata"])),
    )


def _checker(text: str) -> str | CheckerProgram:
    """A checker's name, or what is stored as JSON: a program, or a name that looks like JSON."""
    found: Any = json.loads(text) if text.startswith(JSON_BEGINS) else text
    return found if isinstance(found, str) else CheckerProgram(**found)


def _frozen(value: Any) -> Any:
    """The value with every list turned into a tuple, as the layouts' decoders make them."""
    if isinstance(value, list):
        return tuple(_frozen(item) for item in cast(list[Any], value))
    if isinstance(value, dict):
        return {key: _frozen(item) for key, item in cast(dict[str, Any], value).items()}
    return value
