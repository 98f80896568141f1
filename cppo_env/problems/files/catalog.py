"""Problem sets read from files: one pass builds the index; problems are decoded on demand."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from cppo_env.errors import ProblemDataError
from cppo_env.problems.files.file_index import Decode, decoded, index_of
from cppo_env.problems.files.formats import RecordFile
from cppo_env.problems.records import FieldError, Refusal
from cppo_env.problems.views import Problems, Summary
from cppo_env.types import Problem


@dataclass(frozen=True, slots=True)
class Entry:
    """Where one problem lies."""

    file: int
    position: int
    number: int
    summary: Summary
    digest: str


class Catalog(Problems):
    """The problems of some files of one layout.

    Everything in it can be pickled and holds no open file, so forked and spawned workers can use
    it.
    """

    def __init__(self, files: Sequence[RecordFile], decode: Decode):
        self._files, self._decode = tuple(files), decode
        self._entries, self._refused, self._unread = _index(self._files, decode)

    def __len__(self) -> int:
        """Number of problems."""
        return len(self._entries)

    def __getitem__(self, index: int, /) -> Problem:
        """The problem at `index`, read and decoded now.

        Raises:
            ProblemDataError: the file has changed since it was indexed.
        """
        if index < 0:
            raise IndexError(f"problem {index}; expected 0 to {len(self) - 1}")
        entry = self._entries[index]
        file = self._files[entry.file]
        try:
            problem = decoded(self._decode, file.read(entry.position), file.split)
        except FieldError as error:
            raise ProblemDataError(
                f"{file.refusal(entry.number, error)}; the file has changed, load it again"
            ) from None
        return (
            problem
            if problem.id == entry.summary.id
            else dataclasses.replace(problem, id=entry.summary.id)
        )

    def summary(self, index: int) -> Summary:
        """The summary at `index`."""
        return self._entries[index].summary

    def digest(self, index: int) -> str:
        """The digest at `index`, known since the file was indexed."""
        return self._entries[index].digest

    @property
    def refused(self) -> tuple[Refusal, ...]:
        """The records that were not loaded, and why."""
        return self._refused

    @property
    def unread(self) -> Counter[str]:
        """The fields that some problems were loaded without, and how many of them."""
        return self._unread


def _index(
    files: tuple[RecordFile, ...], decode: Decode
) -> tuple[list[Entry], tuple[Refusal, ...], Counter[str]]:
    entries: list[Entry] = []
    refused: list[Refusal] = []
    unread = Counter[str]()
    first: dict[tuple[str | None, str], Entry] = {}
    for number, file in enumerate(files):
        index = index_of(file, decode)
        unread += index.unread
        refused += [
            dataclasses.replace(file.refusal(one.number, one.error), id=one.id)
            for one in index.refused
        ]
        for found in index.problems:
            entry = Entry(number, *found)
            earlier = first.setdefault((entry.summary.split, entry.summary.id), entry)
            if earlier is entry:
                entries.append(entry)
                continue
            place = files[earlier.file].refusal(earlier.number, FieldError("", "")).place
            refusal = file.refusal(entry.number, FieldError("", f"already in {place}"))
            refused.append(dataclasses.replace(refusal, id=entry.summary.id))
    return _with_unique_ids(entries), tuple(refused), unread


def _with_unique_ids(entries: list[Entry]) -> list[Entry]:
    """Ids that several splits use are qualified: train/12 and test/12."""
    uses = Counter(entry.summary.id for entry in entries)
    if len(uses) == len(entries):
        return entries

    def qualified(entry: Entry) -> Entry:
        summary = entry.summary
        if uses[summary.id] == 1:
            return entry
        return dataclasses.replace(
            entry, summary=dataclasses.replace(summary, id=f"{summary.split}/{summary.id}")
        )

    return [qualified(entry) for entry in entries]
