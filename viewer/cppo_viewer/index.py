"""An index of a run's episodes, so that 100,000 of them can be filtered and searched at once.

SQLite tables of what filters ask for, and the place of each line in `rollouts/*.jsonl`; the texts
stay there. The index lies in the user's cache folder, since a viewer writes nothing into a run. It
follows a run that grows: complete lines are added, a file that was replaced is read again.
"""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cppo_env.errors import UsageError
from cppo_env.evaluation.folders import step_of
from cppo_env.records import EpisodeRecord
from cppo_env.types import Verdict

VERSION = 1
"""Of the tables; another one is made anew."""
BATCH = 2000
"""Lines added in one transaction."""

_TABLES = """
CREATE TABLE files (name TEXT PRIMARY KEY, inode INTEGER, read INTEGER);
CREATE TABLE episodes (
    id INTEGER PRIMARY KEY, file TEXT, step INTEGER, start INTEGER, size INTEGER, problem TEXT,
    episode INTEGER, reward REAL, accepted INTEGER, correct INTEGER, void INTEGER,
    unreadable INTEGER, tokens INTEGER, verdicts TEXT, methods TEXT
);
CREATE INDEX by_file ON episodes (file, id);
CREATE INDEX by_problem ON episodes (problem, step, id);
CREATE VIRTUAL TABLE texts USING fts5 (content, content='', tokenize="unicode61 tokenchars '_'");
"""


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
        methods: digest of the methods as a set, so that repeated plans are seen.
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
    unreadable: bool
    tokens: int
    verdicts: str
    methods: str


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
        folder = cache or _cache_folder()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = hashlib.sha256(str(self._rollouts).encode()).hexdigest()[:24]
        self._lock = threading.Lock()
        self._db = sqlite3.connect(folder / f"{name}.sqlite", check_same_thread=False)
        if self._db.execute("PRAGMA user_version").fetchone()[0] != VERSION:
            self._make()

    def close(self) -> None:
        """Close the index."""
        self._db.close()

    def _make(self) -> None:
        tables = self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            if not table.startswith(("texts_", "sqlite_")):
                self._db.execute(f"DROP TABLE {table}")
        self._db.executescript(
            f"PRAGMA journal_mode = WAL; {_TABLES} PRAGMA user_version = {VERSION};"
        )

    def refresh(self) -> int:
        """Add what the run has written since; returns the number of episodes added."""
        with self._lock:
            return sum(self._add(file) for file in self._files())

    def _files(self) -> list[Path]:
        if not self._rollouts.is_dir():
            return []
        return sorted(self._rollouts.glob("*.jsonl"), key=lambda file: (step_of(file.stem), file))

    def _add(self, file: Path) -> int:
        stat = file.stat()
        known = self._db.execute(
            "SELECT inode, read FROM files WHERE name = ?", (file.stem,)
        ).fetchone()
        start = known[1] if known and known[0] == stat.st_ino and known[1] <= stat.st_size else 0
        if known and start == stat.st_size:
            return 0
        if known and not start:
            # An FTS table without contents cannot delete; what it finds is joined, so it may stay.
            self._db.execute("DELETE FROM episodes WHERE file = ?", (file.stem,))
        added = 0
        with file.open("rb") as lines:
            lines.seek(start)
            while batch := _complete(lines, BATCH):
                with self._db:
                    for line in batch:
                        self._insert(file.stem, start, line)
                        start += len(line)
                    self._db.execute(
                        "INSERT OR REPLACE INTO files VALUES (?, ?, ?)",
                        (file.stem, stat.st_ino, start),
                    )
                added += len(batch)
        return added

    def _insert(self, file: str, start: int, line: bytes) -> None:
        try:
            record = EpisodeRecord.from_json(line.decode())
        except (ValueError, TypeError) as error:
            raise UsageError(
                f"{self._rollouts / file}.jsonl, byte {start}: {error}; expected the record of an "
                "episode"
            ) from error
        methods = sorted(" ".join(method.lower().split()) for method in record.methods)
        row = self._db.execute(
            "INSERT INTO episodes (file, step, start, size, problem, episode, reward, accepted, "
            "correct, void, unreadable, tokens, verdicts, methods) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(file, step_of(file), start, len(line), record.problem_id, record.episode),
                *(record.reward, record.accepted, record.correct, record.void),
                *(bool(record.unreadable), record.tokens, " ".join(record.verdicts)),
                hashlib.sha256("\n".join(methods).encode()).hexdigest()[:12],
            ),
        )
        texts = record.problem_id, *record.methods, *(text or "" for text in record.programs)
        more = record.plans if not record.programs else ()
        self._db.execute(
            "INSERT INTO texts (rowid, content) VALUES (?, ?)",
            (row.lastrowid, "\n".join((*texts, *more))),
        )

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

    def of_problem(self, problem: str) -> list[Entry]:
        """The episodes of a problem over the run."""
        return self._entries("WHERE problem = ? ORDER BY step, id", (problem,))

    def entry(self, number: int) -> Entry | None:
        """One episode."""
        return next(iter(self._entries("WHERE id = ?", (number,))), None)

    def solved(self, file: str) -> dict[str, float]:
        """Problem → share of its episodes of a file, of those that count, with a right program.

        Of an episode that was replayed because it was void, the newest counts.
        """
        rows = self._rows(
            "SELECT problem, avg(correct > 0) AS solved FROM episodes WHERE id IN "
            "(SELECT max(id) FROM episodes WHERE file = ? GROUP BY problem, episode) "
            "AND NOT void GROUP BY problem",
            (file,),
        )
        return {row["problem"]: row["solved"] for row in rows}

    def search(
        self, filters: Mapping[str, str], start: int = 0, limit: int = 50
    ) -> tuple[list[Entry], int]:
        """Episodes that fulfil all filters, and how many do.

        Args:
            filters: any of `q` (words in problem id, methods and programs; "a phrase"), `problem`
                (part of its id), `file`, `verdict` (of any program), `solved`, `accepted`, `void`,
                `unreadable` (yes or no), `min_reward` and `max_reward`.
            start: number of matches to leave out.
            limit: number of matches to return.

        Raises:
            UsageError: a value cannot be understood; the message says what was expected.
        """
        where, values = _conditions(filters)
        total = self._rows(f"SELECT count(*) AS n FROM episodes {where}", values)[0]["n"]
        return self._entries(
            f"{where} ORDER BY id LIMIT ? OFFSET ?", (*values, limit, start)
        ), total

    def record(self, entry: Entry) -> EpisodeRecord:
        """The whole record of an episode."""
        with self._lock:
            start, size = self._db.execute(
                "SELECT start, size FROM episodes WHERE id = ?", (entry.id,)
            ).fetchone()
        with (self._rollouts / f"{entry.file}.jsonl").open("rb") as file:
            file.seek(start)
            return EpisodeRecord.from_json(file.read(size).decode())

    def _entries(self, rest: str, values: Sequence[Any] = ()) -> list[Entry]:
        return [
            Entry(
                **row
                | {
                    "accepted": None if row["accepted"] is None else bool(row["accepted"]),
                    "void": bool(row["void"]),
                    "unreadable": bool(row["unreadable"]),
                }
            )
            for row in self._rows(f"SELECT {_COLUMNS} FROM episodes {rest}", values)
        ]

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        with self._lock:
            found = self._db.execute(query, values)
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found]


def _conditions(filters: Mapping[str, str]) -> tuple[str, list[Any]]:
    """The SQL condition of some filters, and its values."""
    conditions: list[str] = []
    values: list[Any] = []

    def add(condition: str, *given: Any) -> None:
        conditions.append(condition)
        values.extend(given)

    for name, value in filters.items():
        if not value.strip():
            continue
        if name == "q":
            add("id IN (SELECT rowid FROM texts WHERE texts MATCH ?)", _query(value))
        elif name == "problem":
            add("instr(problem, ?)", value)
        elif name == "file":
            add("file = ?", value)
        elif name == "verdict":
            known = [verdict.value for verdict in Verdict]
            if value not in known:
                raise UsageError(f"verdict: got {value!r}, expected one of {', '.join(known)}")
            add("instr(' ' || verdicts || ' ', ?)", f" {value} ")
        elif name in ("solved", "accepted", "void", "unreadable"):
            if value not in ("yes", "no"):
                raise UsageError(f"{name}: got {value!r}, expected yes or no")
            column = "correct > 0" if name == "solved" else name
            add(column if value == "yes" else f"NOT ({column})")
        elif name in ("min_reward", "max_reward"):
            try:
                add(f"reward {'>=' if name == 'min_reward' else '<='} ?", float(value))
            except ValueError:
                raise UsageError(f"{name}: got {value!r}, expected a number") from None
        else:
            raise UsageError(f"there is no filter {name!r}")
    return ("WHERE " + " AND ".join(conditions) if conditions else ""), values


def _query(text: str) -> str:
    """Words and "phrases", all of which must occur, in the search's own language."""
    parts = re.findall(r'"([^"]*)"|(\S+)', text.replace("\0", " "))
    phrases = [phrase or word.replace('"', "") for phrase, word in parts]
    quoted = [f'"{phrase}"' for phrase in phrases if re.search(r"\w", phrase)]
    if not quoted:
        raise UsageError(f"q: got {text!r}, expected at least one word")
    return " ".join(quoted)


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
