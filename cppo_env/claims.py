"""One process at a time writes into the folder of a run."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from cppo_env.errors import UsageError


@contextmanager
def claimed(folder: Path) -> Generator[None]:
    """Let nobody else write into this folder during the block.

    The lock is one of the operating system on the folder itself: it leaves no file, and ends with
    the process, however that ends. Some network file systems have none; nothing is checked there.

    Raises:
        UsageError: someone writes into it.
    """
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                f"{folder} is in use: another process writes into it; wait for its end, or give "
                "another folder"
            ) from None
        except OSError:  # this file system has no such locks
            pass
        yield
    finally:
        os.close(handle)
