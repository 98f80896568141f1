"""JSON lines that other people wrote, and that interrupted writers left."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any, cast

from cppo_env.errors import UsageError

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
        except ValueError as error:
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
    """Add a line; what an interrupted write left behind is cut off first."""
    if file.exists():
        content = file.read_bytes()
        if content and not content.endswith(b"\n"):
            file.write_bytes(content[: content.rfind(b"\n") + 1])
    with file.open("a", encoding="utf-8") as out:
        out.write(json.dumps(row, ensure_ascii=False) + "\n")
