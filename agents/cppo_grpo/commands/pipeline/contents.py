"""What the files of an artefact hold. Files of many gigabytes are read once, when they are new."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from cppo_env.provenance import sha256_of

Seen = Sequence[int | str]
"""Size, time of the last change in nanoseconds, and SHA-256 of a file."""


def contents(path: Path, known: Mapping[str, Seen]) -> dict[str, Seen]:
    """Name → facts of each file of a folder, or of the one file that `path` is.

    Files of a known size and time are not read again, so a copy or `touch` costs a reading and
    changes no SHA-256.
    """
    files = [path] if path.is_file() else sorted(one for one in path.rglob("*") if one.is_file())
    found: dict[str, Seen] = {}
    for file in files:
        name, stat = file.relative_to(path.parent).as_posix(), file.stat()
        before = known.get(name)
        if before is not None and list(before[:2]) == [stat.st_size, stat.st_mtime_ns]:
            found[name] = before
        else:
            found[name] = [stat.st_size, stat.st_mtime_ns, sha256_of(file)]
    return found
