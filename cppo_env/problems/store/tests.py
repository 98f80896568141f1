"""Tests in compressed chunks: what a store keeps, and a sequence that decodes one at a time."""

from __future__ import annotations

import json
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any, overload

from cppo_env.types import TestCase

CHUNK_BYTES = 1 << 20
"""A chunk holds tests of about this size together, or a single larger one."""


Buffer = Any
"""Anything with Python's buffer protocol."""


def pack(tests: Iterable[TestCase]) -> Iterator[tuple[int, bytes]]:
    """Chunks of tests in order: (number of tests, compressed bytes)."""
    pairs: list[tuple[str, str]] = []
    size = 0
    for test in tests:
        length = len(test.input) + len(test.output)
        if pairs and size + length > CHUNK_BYTES:
            yield len(pairs), _compress(pairs)
            pairs, size = [], 0
        pairs.append((test.input, test.output))
        size += length
    if pairs:
        yield len(pairs), _compress(pairs)


def _compress(pairs: list[tuple[str, str]]) -> bytes:
    text = json.dumps(pairs, ensure_ascii=False)
    return zlib.compress(text.encode("utf-8", "surrogatepass"), level=6)


def _decompress(chunk: Buffer) -> list[TestCase]:
    return [TestCase(given, expected) for given, expected in json.loads(zlib.decompress(chunk))]


class StoredTests(Sequence[TestCase]):
    """The tests of one stored problem: at most one chunk of them is decoded at any time.

    Args:
        counts: number of tests in each chunk.
        read: gives the compressed chunks; can be pickled.
    """

    def __init__(self, counts: Sequence[int], read: Callable[[], Sequence[Buffer]]):
        self._counts, self._read = tuple(counts), read
        self._ends = tuple(accumulate(self._counts))
        self._recent: tuple[int, list[TestCase]] | None = None

    def chunks(self) -> Sequence[Buffer]:
        """The compressed chunks."""
        return self._read()

    def __len__(self) -> int:
        """Number of tests."""
        return self._ends[-1] if self._ends else 0

    def __iter__(self) -> Iterator[TestCase]:
        """The tests in order, chunk by chunk; nothing is kept."""
        return (test for chunk in self._read() for test in _decompress(chunk))

    @overload
    def __getitem__(self, index: int) -> TestCase: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[TestCase]: ...
    def __getitem__(self, index: int | slice) -> TestCase | Sequence[TestCase]:
        """One test, or some; the chunk of the last one stays decoded."""
        if isinstance(index, slice):
            return [self[position] for position in range(len(self))[index]]
        position = range(len(self))[index]
        chunk = bisect_right(self._ends, position)
        if self._recent is None or self._recent[0] != chunk:
            self._recent = None
            self._recent = chunk, _decompress(self._read()[chunk])
        return self._recent[1][position - (self._ends[chunk] - self._counts[chunk])]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]

    __hash__ = None  # pyright: ignore[reportAssignmentType] - like a list

    def __reduce__(self) -> tuple[Any, ...]:
        return StoredTests, (self._counts, self._read)
