"""Keep-lists: which problems of a set are fit for use, as `cppo problems validate` found; accepted as `problems=`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from cppo_env.errors import ProblemDataError
from cppo_env.problems.selection import select
from cppo_env.problems.views import Problems
from cppo_env.protocols import ProblemSet

FORMAT = "cppo keep-list 1"


def write(path: Path, source: str, keep: Sequence[str], drop: Mapping[str, str], checkers: Path | None = None) -> None:
    """Write a keep-list.

    Args:
        path: the file.
        source: what `load_problems` is given to open the set; a relative path is relative to the working folder.
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
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def is_keep_list(path: Path) -> bool:
    """Whether a file is a keep-list."""
    if path.suffix != ".json" or not path.is_file():
        return False
    try:
        return _read(path).get("format") == FORMAT
    except ValueError:
        return False


def load(source: Path, /, **filters: Any) -> Problems:
    """The kept problems of the set that a keep-list was made for.

    Args:
        source: the keep-list.
        **filters: passed on to the set.

    Raises:
        ProblemDataError: the set has moved, or holds none of the kept problems.
    """
    from cppo_env.problems import load_problems

    content = _read(source)
    origin: str = content["source"]
    if not Path(origin).exists() and Path(origin).is_absolute():
        raise ProblemDataError(f"{source}: made for {origin}, which is not there; validate the set where it is now")
    problems: ProblemSet = load_problems(origin, checkers=content["checkers"], **filters)
    return select(problems, keep=cast(Sequence[str], content["keep"]))


def _read(path: Path) -> dict[str, Any]:
    content = json.loads(path.read_text())
    return cast(dict[str, Any], content) if isinstance(content, dict) else {}
