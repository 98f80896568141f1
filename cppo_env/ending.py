"""The end of a `cppo` process, where a library's threads would crash it on its way out."""

from __future__ import annotations

import atexit
import os
import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import NoReturn

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
        end_at_ctrl_c()
        _code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        raise


def end_at_ctrl_c() -> None:
    """What is left to do is no work: from now on a Ctrl-C ends the process without a word."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupted)


def _interrupted(*_: object) -> NoReturn:
    os._exit(130)


def be_sudden() -> None:
    """End after what Python modules do at the end, before native code is torn down."""
    global _sudden
    _sudden = True


def _leave() -> None:
    if _sudden and _code is not None:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(_code)
