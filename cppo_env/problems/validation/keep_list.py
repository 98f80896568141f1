"""Keep-lists: the usable problems of a set, as `cppo problems validate` found them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from cppo_env.atomic import write_atomically
from cppo_env.errors import ProblemDataError

FORMAT = "cppo keep-list 1"


def write(
    path: Path,
    source: str,
    keep: Sequence[str],
    drop: Mapping[str, str],
    checkers: Path | None = None,
) -> None:
    """Write a keep-list, which `problems=` accepts.

    Args:
        path: the file.
        source: what `load_problems` needs to open the set; a relative path is relative to the
            working folder.
        keep: ids of the problems to use.
        drop: id → reason, of the others.
        checkers: file of the checkers that the set was opened with; its content is copied.
    """
    content = {
        "format": FORMAT,
        "source": str(Path(source).resolve()) if Path(source).exists() else source,
        "checkers": json.loads(checkers.read_text()) if checkers else None,
        "keep": list(keep),
        "drop": dict(drop),
    }
    write_atomically(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def is_keep_list(path: Path) -> bool:
    """Whether a file is a keep-list."""
    if path.suffix != ".json" or not path.is_file():
        return False
    try:
        return _read_list(path).get("format") == FORMAT
    except ValueError:
        return False


def load(path: Path) -> tuple[str, tuple[str, ...], dict[str, str] | None]:
    """The set that a keep-list was made for, the ids of the kept problems, and its checkers.

    Raises:
        ProblemDataError: the set has moved.
    """
    content = _read_list(path)
    source: str = content["source"]
    if not Path(source).exists() and Path(source).is_absolute():
        raise ProblemDataError(
            f"{path}: made for {source}, which is not there; validate the set where it is now"
        )
    return source, tuple(content["keep"]), content["checkers"]


def _read_list(path: Path) -> dict[str, Any]:
    content = json.loads(path.read_text())
    return cast(dict[str, Any], content) if isinstance(content, dict) else {}
