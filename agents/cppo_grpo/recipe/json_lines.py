"""JSON lines that other people wrote, and that interrupted writers left."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any, cast

from cppo_env.errors import CppoError, UsageError

logger = logging.getLogger(__name__)


def read_lines(file: Path, what: str) -> list[tuple[int, dict[str, Any]]]:
    """(line number, object) of each line that is not blank.

    A last line without its end is what an interrupted write leaves: it is dropped, with a warning.

    Raises:
        UsageError: the file cannot be read, holds nothing, or a line is no JSON object.
    """
    try:
        content = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{file} cannot be read ({error}); expected JSON lines of {what}"
        ) from None
    rows: list[tuple[int, dict[str, Any]]] = []
    lines = content.split("\n")
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row: Any = json.loads(line)
            if "\\u" in line:  # an escape may be half a surrogate pair, which no text can hold
                json.dumps(row, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as error:
            if number == len(lines):
                logger.warning("%s:%d was cut off while it was written; dropped", file, number)
                continue
            raise UsageError(
                f"{file}:{number} is no JSON ({error}); expected {what}, one on each line"
            ) from None
        if not isinstance(row, dict):
            raise UsageError(f"{file}:{number}: got {type(row).__name__}, expected {what}")
        rows.append((number, cast(dict[str, Any], row)))
    if not rows:
        raise UsageError(f"{file} holds no line; expected JSON lines of {what}")
    return rows


def append_line(file: Path, row: dict[str, Any]) -> None:
    """Add a line, after `mend_end`; half a surrogate pair becomes a question mark.

    Raises:
        CppoError: it cannot be written, for example on a full disk.
    """
    line = json.dumps(row, ensure_ascii=False) + "\n"
    try:
        mend_end(file)
        with file.open("ab") as out:
            out.write(line.encode("utf-8", "replace"))
    except OSError as error:
        raise CppoError(
            f"cannot write {file} ({error}); its lines are kept: free some space or give the right "
            "to write, and give the same command again"
        ) from error


def mend_end(file: Path) -> None:
    """Cut off what an interrupted write left; a whole last line gets the end that it lacks."""
    if not file.exists() or not file.stat().st_size:
        return
    with file.open("rb+") as opened:
        opened.seek(-1, os.SEEK_END)
        if opened.read() == b"\n":
            return
        opened.seek(0)
        content = opened.read()
        begin = content.rfind(b"\n") + 1
        try:
            json.loads(content[begin:])
            opened.write(b"\n")
        except (ValueError, RecursionError):
            logger.warning("%s: its last line was cut off while it was written; dropped", file)
            opened.truncate(begin)
