"""Writing a store: problems stream through, one row group in memory at a time."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cppo_env.errors import UsageError
from cppo_env.problems.contents import digest_of
from cppo_env.problems.store.reader import (
    DIGEST,
    FORMAT,
    FORMAT_KEY,
    INDEX,
    JSON_BEGINS,
    arrow,
)
from cppo_env.problems.store.tests import pack
from cppo_env.problems.views import Problems, summarise
from cppo_env.types import CheckerProgram, Problem, TestCase

GROUP_BYTES = 1 << 20
"""Size of a row group, and so about what reading one problem costs."""
GROUPS_PER_SHARD = 256
"""More would make a shard's footer slow to parse."""


def write_store(
    problems: Problems, folder: Path, *, progress: Callable[[int], None] = lambda done: None
) -> int:
    """Write a problem set as a store.

    Args:
        problems: the set, read once in order.
        folder: the store's folder; appears when the store is complete.
        progress: called with the number of problems written, after each.

    Returns:
        Size of the store in bytes.

    Raises:
        UsageError: the folder exists.
    """
    if folder.exists():
        raise UsageError(f"{folder}: exists already; delete it or give another folder")
    partial = folder.with_name(folder.name + ".partial")
    if partial.exists():
        shutil.rmtree(partial)
    partial.mkdir(parents=True)
    with _Writer(partial) as writer:
        for done in range(len(problems)):
            writer.add(problems[done])
            progress(done + 1)
    partial.rename(folder)
    return sum(file.stat().st_size for file in folder.iterdir())


class _Writer:
    """Collects rows into groups, groups into shards, and the index of them all."""

    def __init__(self, folder: Path):
        self._folder, self._arrow = folder, arrow()
        self._rows: list[dict[str, Any]] = []
        self._bytes = 0
        self._index: list[dict[str, Any]] = []
        self._shards = self._groups = 0
        self._file: Any = None

    def __enter__(self) -> _Writer:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._end_group()
            self._write_index()
        if self._file is not None:
            self._file.close()

    def add(self, problem: Problem) -> None:
        row = _row(problem)
        size = _size(row)
        # A large problem gets a group of its own, so that its neighbours stay cheap to read.
        if self._rows and self._bytes + size > GROUP_BYTES:
            self._end_group()
        shard = self._shards if self._groups < GROUPS_PER_SHARD else self._shards + 1
        self._index.append(
            asdict(summarise(problem))
            | {
                DIGEST: digest_of(problem),
                "shard": _shard_name(shard),
                "group": self._groups % GROUPS_PER_SHARD,
                "row": len(self._rows),
            }
        )
        self._rows.append(row)
        self._bytes += size

    def _end_group(self) -> None:
        if not self._rows:
            return
        if self._groups == GROUPS_PER_SHARD:
            self._file.close()
            self._file, self._groups = None, 0
            self._shards += 1
        if self._file is None:
            self._file = self._arrow.parquet.ParquetWriter(
                self._folder / _shard_name(self._shards),
                self._row_schema(),
                compression=_COMPRESSION,
                use_dictionary=False,
                write_statistics=False,
            )
        self._file.write_table(self._arrow.Table.from_pylist(self._rows, schema=self._row_schema()))
        self._groups += 1
        self._rows, self._bytes = [], 0

    def _row_schema(self) -> Any:
        arrow = self._arrow
        texts = (
            "id",
            "statement",
            "starter_code",
            "entry_point",
            "limits",
            "checker",
            "metadata",
            "public_tests",
        )
        return arrow.schema(
            [
                *((name, arrow.string()) for name in texts),
                ("references", arrow.list_(arrow.string())),
                ("wrong", arrow.list_(arrow.string())),
                ("chunk_counts", arrow.list_(arrow.int32())),
                ("chunks", arrow.list_(arrow.large_binary())),
            ]
        )

    def _write_index(self) -> None:
        arrow = self._arrow
        texts = ("id", "split", "difficulty", "platform", "source", "date")
        schema = arrow.schema(
            [
                *((name, arrow.string()) for name in texts),
                ("languages", arrow.list_(arrow.string())),
                *((name, arrow.int64()) for name in ("tests", "public_tests", "statement_chars")),
                ("call_based", arrow.bool_()),
                (DIGEST, arrow.string()),
                ("shard", arrow.string()),
                *((name, arrow.int32()) for name in ("group", "row")),
            ],
            metadata={FORMAT_KEY: FORMAT.encode()},
        )
        table = arrow.Table.from_pylist(self._index, schema=schema)
        arrow.parquet.write_table(table, self._folder / INDEX, compression="zstd")


_COMPRESSION = {
    **dict.fromkeys(("statement", "starter_code", "metadata", "public_tests"), "zstd"),
    **dict.fromkeys(("references.list.element", "wrong.list.element"), "zstd"),
    "chunks.list.element": "none",
}


def _shard_name(number: int) -> str:
    return f"problems-{number:05d}.parquet"


def _row(problem: Problem) -> dict[str, Any]:
    counts: list[int] = []
    chunks: list[bytes] = []
    for count, chunk in pack(problem.tests):
        counts.append(count)
        chunks.append(chunk)
    return {
        "id": problem.id,
        "statement": problem.statement,
        "starter_code": problem.starter_code,
        "entry_point": problem.entry_point,
        "limits": json.dumps(asdict(problem.limits)),
        "checker": _checker_name(problem),
        "references": list(problem.references),
        "wrong": list(problem.wrong),
        "metadata": json.dumps(dict(problem.metadata)),
        "public_tests": _pairs(problem.public_tests),
        "chunk_counts": counts,
        "chunks": chunks,
    }


def _checker_name(problem: Problem) -> str:
    if isinstance(problem.checker, CheckerProgram):
        return json.dumps(asdict(problem.checker))
    if not isinstance(problem.checker, str):
        raise UsageError(
            f"problem {problem.id!r} has a function as its checker, which cannot be stored; "
            "name it in the entry-point group cppo_env.checkers"
        )
    name = problem.checker
    return json.dumps(name) if name.startswith(JSON_BEGINS) else name


def _pairs(tests: Sequence[TestCase]) -> str:
    return json.dumps([(test.input, test.output) for test in tests])


def _size(row: dict[str, Any]) -> int:
    texts = (
        row["statement"],
        row["metadata"],
        row["public_tests"],
        row["checker"],
        *row["references"],
        *row["wrong"],
    )
    return sum(map(len, texts)) + sum(map(len, row["chunks"]))
