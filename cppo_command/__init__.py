"""The script `cppo`: answers Ctrl-C in one line from its first moment on, and runs `cppo_env.cli`.

A package of its own, because `import cppo_env` takes some tenths of a second.
"""

from __future__ import annotations

import os
import signal
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line; until its command begins, Ctrl-C ends the process at once."""
    try:
        asked = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if asked:
            signal.signal(signal.SIGINT, _stop)
    except KeyboardInterrupt:
        _stop()
    from cppo_env.cli import main as run

    def begin() -> None:
        if asked:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    run(begin=begin)


def _stop(*_: object) -> NoReturn:
    # No exception: one that is raised while modules are imported may be lost in one of them.
    os.write(2, b"cppo: interrupted\n")
    os._exit(130)
