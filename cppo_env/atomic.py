"""Files that appear whole."""

from __future__ import annotations

import os
import threading
from pathlib import Path


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file in one step: a reader sees what was there before or all of this, never half of it.

    Raises:
        OSError: it cannot be written (the disk is full, the folder is absent); what was there before
            still is, and nothing else is left.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.partial")
    try:
        partial.write_bytes(content.encode() if isinstance(content, str) else content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
