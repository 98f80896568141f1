"""The end of a `cppo` process, where a library's threads would crash it on its way out."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager

_code: int | None = None
_sudden = False


@contextmanager
def noted() -> Generator[None]:
    """Around all that a process does: notes the code that it exits with.

    It must begin before other modules register what they do at the end.
    """
    global _code
    atexit.register(_leave)
    try:
        yield
    except SystemExit as stop:
        _code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        raise


def be_sudden() -> None:
    """End after what Python modules do at the end, before native code is torn down."""
    global _sudden
    _sudden = True


def _leave() -> None:
    if _sudden and _code is not None:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(_code)
