"""What went wrong with a file that should hold records: a pointer, an error page, half a file."""

from __future__ import annotations

import re
from pathlib import Path

_HEAD = 512
_PARQUET = b"PAR1"
_KINDS = (
    (
        re.compile(rb"version https://(?:git-lfs|hawser)\.github\.com/spec"),
        "a Git LFS pointer and not the file itself; get the file with git lfs pull",
    ),
    (
        re.compile(rb"(?:<!--.*?-->\s*)?<(?:!doctype\s+html|html|head)\b", re.I | re.S),
        "an HTML page, probably a server's error message; download the file again",
    ),
    (
        re.compile(rb"<\?xml\b|<Error>"),
        "an XML document, probably a server's error message; download the file again",
    ),
    (
        re.compile(
            rb"(?:Entry not found|Access to dataset|Repository not found|Invalid username)", re.I
        ),
        "a server's error message; download the file again",
    ),
)


def damage_of(path: Path) -> str | None:
    """Why a file holds no records, and what to do; None where nothing looks wrong."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
        start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        for pattern, what in _KINDS:
            if pattern.match(start):
                return what
        if path.suffix != ".parquet":
            return None if head else "an empty file; download it again"
        file.seek(0, 2)
        size = file.tell()
        file.seek(max(0, size - len(_PARQUET)))
        whole = head.startswith(_PARQUET) and file.read() == _PARQUET and size > 2 * len(_PARQUET)
    if whole:
        return None
    if head.startswith(_PARQUET):
        return f"half a download: {size} bytes of a Parquet file without its end; get it again"
    return None if head else "an empty file; download it again"
