"""An index of a run's episodes, so that 100,000 of them can be filtered and searched at once.

SQLite tables of what filters ask for, and the place of each line in `rollouts/*.jsonl`; the texts
stay there. The index lies in the user's cache folder, since a viewer writes nothing into a run. It
follows a run that grows: complete lines are added, a file that was replaced is read again. Several
viewers may share it; where it cannot be kept, each has its own in memory.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppo_env.errors import UsageError
from cppo_env.evaluation.folders import step_of
from cppo_env.evaluation.summary import solved_tables
from cppo_env.judges import folded, repeats_a_method
from cppo_env.records import EpisodeRecord
from cppo_viewer.database import open_database, transaction
from cppo_viewer.queries import conditions, ordering

BATCH = 2000
"""Lines added in one transaction."""
COUNTED = 10_000
"""Matches of words that are counted; of more, it is said that there are more."""
BETWEEN = "\n\ue000\n"
"""A word of its own between two texts, so that no phrase is found across them."""
REASON = 300
"""Characters of a reason that are kept."""
_NO_RECORD = ValueError, TypeError, AttributeError, OverflowError
"""What reading or storing something else than a record raises."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One episode in the index.

    Attributes:
        id: number in the index; the order of the file.
        file: name of its file without `.jsonl`.
        step: the training step; 0 before training, one more than the last step after it.
        accepted: J; None without a planner.
        correct: number of programs that passed every test.
        verdicts: K verdicts separated by blanks.
        reason: why it is void or its plan was refused.
        methods: digest of the methods as a set, so that repeated plans are seen.
        twice: whether the plan holds a method twice.
        advantage: the plan's; None where no update learned from it.
        advantages: those of the programs that an update learned from, separated by blanks.
        cpu_s: the most that a program took in the first test that it failed; None if none failed,
            or none is recorded.
    """

    id: int
    file: str
    step: int
    problem: str
    episode: int
    reward: float
    accepted: bool | None
    correct: int
    void: bool
    reason: str
    unreadable: bool
    tokens: int
    verdicts: str
    methods: str
    twice: bool
    advantage: float | None
    advantages: str
    cpu_s: float | None


_COLUMNS = ", ".join(Entry.__slots__)


class EpisodeIndex:
    """The index of one run. Its methods may be called from any thread."""

    def __init__(self, run: Path, cache: Path | None = None):
        """Open the index, or make an empty one.

        Args:
            run: the run folder.
            cache: folder of the indexes. Default: `cppo/view` in the user's cache folder.
        """
        self._rollouts = run.resolve() / "rollouts"
        self._lock = threading.Lock()
        folder = cache or _cache_folder()
        name = hashlib.sha256(os.fsencode(self._rollouts)).hexdigest()[:24]
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._db = open_database(folder / f"{name}.sqlite")
        except (OSError, sqlite3.Error) as error:
            self._db = self._in_memory(error)

    def close(self) -> None:
        """Close the index."""
        self._db.close()

    def _in_memory(self, error: Exception) -> sqlite3.Connection:
        """An index of this process's own, in place of a file that failed."""
        warnings.warn(
            f"the index of {self._rollouts} is kept in memory, since its file cannot be used "
            f"({error})",
            stacklevel=2,
        )
        return open_database(":memory:")

    def refresh(self) -> int:
        """Add what the run has written since; returns the number of episodes added."""
        with self._lock:
            try:
                return self._refresh()
            except sqlite3.Error as error:  # such as a full disk, or a file that was damaged
                self._db.close()
                self._db = self._in_memory(error)
                return self._refresh()

    def _refresh(self) -> int:
        known = dict(self._db.execute("SELECT name, stamp FROM files").fetchall())
        found = {file.stem: file for file in self._files()}
        for name in known.keys() - found.keys():
            with transaction(self._db):
                self._forget(name)
        added = 0
        for name, file in found.items():
            try:
                stamp = _stamp(file.stat())
                more = known.get(name) != stamp
                while more:
                    count, more = self._add(file, stamp)
                    added += count
            except FileNotFoundError:
                continue  # it has just been deleted
        return added

    def _files(self) -> list[Path]:
        if not self._rollouts.is_dir():
            return []
        return sorted(self._rollouts.glob("*.jsonl"), key=lambda file: (step_of(file.stem), file))

    def _add(self, file: Path, stamp: str) -> tuple[int, bool]:
        """Add the next lines of a file; returns the number of episodes, and whether more follow."""
        with file.open("rb") as lines, transaction(self._db):
            # Read within the transaction: another viewer may have added these lines.
            known = self._db.execute(
                "SELECT head, read FROM files WHERE name = ?", (file.stem,)
            ).fetchone()
            head = hashlib.sha256(lines.readline()).hexdigest()
            start = 0
            if known and known[0] == head and known[1] <= os.fstat(lines.fileno()).st_size:
                start = known[1]
            elif known:
                self._forget(file.stem)
            lines.seek(start)
            batch, added = _complete(lines, BATCH), 0
            for line in batch:
                added += self._insert(file.stem, start, line)
                start += len(line)
            more = len(batch) == BATCH
            self._db.execute(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)",
                (file.stem, "" if more else stamp, head, start),
            )
        return added, more

    def _forget(self, file: str) -> None:
        # An FTS table without contents cannot delete; what it finds is joined, so it may stay: no
        # number of an episode is used again.
        for table, column in (("episodes", "file"), ("faults", "file"), ("files", "name")):
            self._db.execute(f"DELETE FROM {table} WHERE {column} = ?", (file,))

    def _insert(self, file: str, start: int, line: bytes) -> bool:
        """Add one line; a damaged one is noted instead."""
        try:
            record = EpisodeRecord.from_json(line.decode())
            methods = "\n".join(sorted(map(folded, record.methods)))
            texts = record.problem_id, *record.methods, *(text or "" for text in record.programs)
            content = BETWEEN.join((*texts, *(record.plans if not record.programs else ())))
            row: dict[str, Any] = {
                "file": file,
                "step": step_of(file),
                "start": start,
                "size": len(line),
                "problem": record.problem_id,
                "episode": record.episode,
                "reward": record.reward,
                "accepted": record.accepted,
                "correct": record.correct,
                "void": record.void,
                "reason": record.why[:REASON].encode(errors="replace").decode(),
                "unreadable": bool(record.unreadable),
                "tokens": record.tokens,
                "verdicts": " ".join(record.verdicts),
                "methods": hashlib.sha256(methods.encode(errors="replace")).hexdigest()[:12],
                "twice": repeats_a_method([method for method in record.methods if method]),
                "advantage": record.advantage,
                "advantages": " ".join(f"{one:g}" for one in record.advantages if one is not None),
                "cpu_s": max((one.cpu_s for one in record.failures if one), default=None),
            }
            values = ", ".join(f":{name}" for name in row)
            added = self._db.execute(
                f"INSERT INTO episodes ({', '.join(row)}) VALUES ({values})", row
            )
        except (*_NO_RECORD, sqlite3.ProgrammingError, sqlite3.InterfaceError) as error:
            said = f"{file}.jsonl, byte {start}: {error}; expected the record of an episode"
            self._db.execute("INSERT INTO faults VALUES (?, ?, ?)", (file, start, said))
            return False
        # A model may write half of a surrogate pair, which is no text to SQLite.
        words = content.encode(errors="replace").decode()
        self._db.execute(
            "INSERT INTO texts (rowid, content) VALUES (?, ?)", (added.lastrowid, words)
        )
        return True

    def faults(self) -> list[str]:
        """The lines that are no records, and so are left out, each with its place."""
        return [row["said"] for row in self._rows("SELECT said FROM faults ORDER BY file, start")]

    def names(self) -> list[str]:
        """The files of episodes in the order of their steps."""
        found = [row["name"] for row in self._rows("SELECT name FROM files WHERE read > 0")]
        return sorted(found, key=lambda name: (step_of(name), name))

    def files(self) -> list[dict[str, Any]]:
        """The files of episodes in the order of their steps, with counts and means."""
        return self._rows(
            "SELECT file, step, count(*) AS episodes, avg(reward) AS reward, "
            "avg(correct > 0) AS solved, avg(accepted) AS accepted, sum(void) AS void "
            "FROM episodes GROUP BY file ORDER BY step, file"
        )

    def count(self) -> int:
        """The number of episodes."""
        return self._rows("SELECT count(*) AS n FROM episodes")[0]["n"]

    def of_file(self, file: str) -> list[Entry]:
        """The episodes of a file, in its order."""
        return self._entries("WHERE file = ? ORDER BY id", (file,))

    def of_group(self, entry: Entry) -> list[Entry]:
        """The episodes of the same problem in the same file."""
        return self._entries(
            "WHERE problem = ? AND file = ? ORDER BY id", (entry.problem, entry.file)
        )

    def of_problem(self, problem: str) -> list[Entry]:
        """The episodes of a problem over the run."""
        return self._entries("WHERE problem = ? ORDER BY step, id", (problem,))

    def entry(self, number: int) -> Entry | None:
        """One episode."""
        return next(iter(self._entries("WHERE id = ?", (number,))), None)

    def solved(self, file: str, k: int) -> dict[str, NDArray[np.bool_]]:
        """Problem → (T, K): which attempts passed, of its episodes of a file that count.

        Of an episode that was replayed because it was void, the newest counts.
        """
        rows = self._rows(
            "SELECT problem, verdicts FROM episodes WHERE id IN "
            "(SELECT max(id) FROM episodes WHERE file = ? GROUP BY problem, episode) "
            "AND NOT void ORDER BY id",
            (file,),
        )
        return solved_tables(((row["problem"], row["verdicts"].split()) for row in rows), k)

    def played(self) -> list[tuple[str, str, bool]]:
        """Problem, file and whether it was solved there, for `histories`."""
        rows = self._rows(
            "SELECT problem, file, max(correct > 0) AS solved FROM episodes "
            "WHERE NOT void GROUP BY problem, file"
        )
        return [(row["problem"], row["file"], bool(row["solved"])) for row in rows]

    def search(
        self,
        filters: Mapping[str, str],
        start: int = 0,
        limit: int = 50,
        order: str = "as played",
    ) -> tuple[list[Entry], int]:
        """Episodes that fulfil all filters, and how many do; with `q`, at most `COUNTED` + 1.

        Args:
            filters: any of `q` (words in problem id, methods and programs; "a phrase"), `problem`
                (part of its id), `file`, `verdict` (of any program), `solved`, `accepted`, `void`,
                `unreadable`, `twice` (yes or no), `min_reward` and `max_reward`.
            start: number of matches to leave out.
            limit: number of matches to return.
            order: one of `queries.ORDERS`.

        Raises:
            UsageError: a value cannot be understood; the message says what was expected.
        """
        where, values = conditions(filters)
        if filters.get("q", "").strip():
            # Once through the texts, in their order: a phrase takes most of the time. Neither the
            # page nor the count needs more matches than these.
            source = "texts CROSS JOIN episodes ON id = texts.rowid"
            found = self._rows(
                f"SELECT id FROM {source} {where} "
                f"ORDER BY {ordering(order, 'texts.rowid')} LIMIT ?",
                (*values, COUNTED + 1),
            )
            chosen = [row["id"] for row in found[start : start + limit]]
            places = ", ".join("?" * len(chosen))
            return self._entries(f"WHERE id IN ({places}) ORDER BY {ordering(order)}", chosen), len(
                found
            )
        total = self._rows(f"SELECT count(*) AS n FROM episodes {where}", values)[0]["n"]
        return self._entries(
            f"{where} ORDER BY {ordering(order)} LIMIT ? OFFSET ?", (*values, limit, start)
        ), total

    def record(self, entry: Entry) -> EpisodeRecord:
        """The whole record of an episode.

        Raises:
            UsageError: it is not there any more.
        """
        row = self._rows("SELECT start, size FROM episodes WHERE id = ?", (entry.id,))
        try:
            with (self._rollouts / f"{entry.file}.jsonl").open("rb") as file:
                file.seek(row[0]["start"])
                return EpisodeRecord.from_json(file.read(row[0]["size"]).decode())
        except (OSError, IndexError, *_NO_RECORD) as error:
            raise UsageError(
                f"episode {entry.id} of {entry.file} cannot be read ({error}); the run has been "
                "changed or deleted since: go back to its page"
            ) from error

    def _entries(self, rest: str, values: Sequence[Any] = ()) -> list[Entry]:
        return [
            Entry(
                **row
                | {
                    "accepted": None if row["accepted"] is None else bool(row["accepted"]),
                    "void": bool(row["void"]),
                    "unreadable": bool(row["unreadable"]),
                    "twice": bool(row["twice"]),
                }
            )
            for row in self._rows(f"SELECT {_COLUMNS} FROM episodes {rest}", values)
        ]

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        with self._lock:
            found = self._db.execute(query, values)
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found]


def _stamp(stat: os.stat_result) -> str:
    """What changes whenever a file is written."""
    return f"{stat.st_ino} {stat.st_size} {stat.st_mtime_ns}"


def _complete(lines: Any, most: int) -> list[bytes]:
    """The next lines that have been written to their end."""

    def read() -> Iterator[bytes]:
        for _ in range(most):
            line = lines.readline()
            if not line.endswith(b"\n"):
                return
            yield line

    return list(read())


def _cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "cppo" / "view"
