"""Write files atomically, and say which file could not be written."""

from __future__ import annotations

import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file in one step: a reader sees the old content or all of the new.

    Raises:
        OSError: writing failed (disk full, folder absent); it names the file. The old file stays,
            and no partial file is left.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.partial")
    with naming(path):
        try:
            partial.write_bytes(content.encode() if isinstance(content, str) else content)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


@contextmanager
def naming(path: Path) -> Generator[None]:
    """Let an OSError of the block name this file: on a full disk, Python's error names none.

    Raises:
        OSError: of the same kind, with the name.
    """
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error
