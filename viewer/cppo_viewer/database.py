"""The SQLite database of an index: its tables, and how it is opened."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VERSION = 6
"""Of the tables; another one is made anew."""
WAIT_S = 60.0
"""How long one viewer waits for another one's transaction."""

_TABLES = """
CREATE TABLE files (name TEXT PRIMARY KEY, stamp TEXT, head TEXT, read INTEGER);
CREATE TABLE faults (file TEXT, start INTEGER, said TEXT);
CREATE TABLE episodes (
    id INTEGER PRIMARY KEY AUTOINCREMENT, file TEXT, step INTEGER, start INTEGER, size INTEGER,
    problem TEXT, episode INTEGER, reward REAL, accepted INTEGER, correct INTEGER, void INTEGER,
    reason TEXT, unreadable INTEGER, tokens INTEGER, verdicts TEXT, methods TEXT, twice INTEGER,
    advantage REAL, advantages TEXT, cpu_s REAL
);
CREATE INDEX by_file ON episodes (file, id);
CREATE INDEX by_problem ON episodes (problem, step, id);
CREATE VIRTUAL TABLE texts USING fts5 (content, content='', tokenize="unicode61 tokenchars '_'");
"""


def open_database(file: Path | str) -> sqlite3.Connection:
    """The database in a file, or in memory (":memory:"); a damaged file is made anew.

    Raises:
        OSError, sqlite3.Error: the file cannot be used.
    """
    try:
        return _opened(file)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:  # damaged, or no database at all
        file = Path(file)
        for end in ("", "-wal", "-shm"):
            file.with_name(file.name + end).unlink(missing_ok=True)
        return _opened(file)


def _opened(file: Path | str) -> sqlite3.Connection:
    """A database with our tables."""
    db = sqlite3.connect(file, WAIT_S, check_same_thread=False, isolation_level=None)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        if _version(db) != VERSION:
            with transaction(db):
                if _version(db) != VERSION:  # another viewer may have made them
                    _make(db)
        db.execute("SELECT count(*) FROM files").fetchone()
    except sqlite3.Error:
        db.close()
        raise
    return db


def _version(db: sqlite3.Connection) -> int:
    return db.execute("PRAGMA user_version").fetchone()[0]


def _make(db: sqlite3.Connection) -> None:
    tables = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (table,) in tables:
        if not table.startswith(("texts_", "sqlite_")):
            db.execute(f"DROP TABLE {table}")
    for statement in filter(str.strip, _TABLES.split(";")):
        db.execute(statement)
    db.execute(f"PRAGMA user_version = {VERSION}")


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Alone in the database, from the first read on; undone by an error."""
    db.execute("BEGIN IMMEDIATE")
    with db:
        yield
