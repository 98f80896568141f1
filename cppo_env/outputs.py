"""Files that a command is asked to write."""

from __future__ import annotations

import os
from pathlib import Path

from cppo_env.errors import UsageError


def require_writable(path: Path, option: str) -> None:
    """Fail at the start of a command, not at its end, if its result cannot be written.

    Raises:
        UsageError: names the option.
    """
    # The processes of one command try the same file at the same time.
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        if path.is_dir():
            raise IsADirectoryError(f"{path} is a folder")
        partial.touch()
        partial.unlink()
    except OSError as error:
        raise UsageError(
            f"{option}: got {path}, expected a file in a folder that exists and can be written "
            f"({error})"
        ) from error
