"""Commands that start in a process which has imported everything: seconds less for each."""

from __future__ import annotations

import atexit
import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

SERVER = Path(__file__).with_name("fork_server.py")


class Forked:
    """`cppo WORDS` as a process of its own, with what tests use of `subprocess.Popen`.

    It differs from the executable in its start alone: signals, streams, environment and exit code
    are real. Standard input is empty.
    """

    def __init__(
        self,
        words: Sequence[object],
        *,
        env: Mapping[str, str] | None = None,
        together: bool = False,
        program: str | Path = "cppo",
        imports: tuple[str, ...] = (),
    ):
        """`together` writes both streams to `stdout`, in their order.

        `program` is a script or `python -m`'s module instead of `cppo`. `imports` are more modules
        that the process has imported; `OMP_NUM_THREADS` is 1 in one that has them.
        """
        self.args = [str(program), *map(str, words)]
        request = {
            "words": self.args,
            "environment": dict(os.environ if env is None else env),
            "folder": os.getcwd(),
        }
        self._report, report = os.pipe()
        with (
            open(os.devnull) as nothing,
            tempfile.NamedTemporaryFile() as out,
            tempfile.NamedTemporaryFile() as err,
        ):
            streams = [nothing.fileno(), out.fileno(), (out if together else err).fileno()]
            sys.audit("cppo.forked")
            socket.send_fds(_server(imports), [json.dumps(request).encode()], [*streams, report])
            os.close(report)
            self.stdout, self.stderr = Path(out.name).open(), Path(err.name).open()
        self.pid = int(self._said())
        self.returncode: int | None = None

    def _said(self) -> bytes:
        line = b""
        while not line.endswith(b"\n"):
            line += os.read(self._report, 1) or b"server has ended\n"
        return line

    def poll(self) -> int | None:
        """The exit code, or None if it runs."""
        return self._ended(0)

    def _ended(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._report], [], [], timeout)[0]:
            self.returncode = int(self._said())
            os.close(self._report)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, when it has ended."""
        if (code := self._ended(timeout)) is None:
            self.kill()
            raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
        return code

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What it wrote, when it has ended."""
        self.wait(timeout)
        with self.stdout, self.stderr:
            return self.stdout.read(), self.stderr.read()

    def send_signal(self, number: int) -> None:
        """Does nothing once it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


@functools.cache
def _server(imports: tuple[str, ...]) -> socket.socket:
    """The channel of requests; the server ends when it is closed."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        server = subprocess.Popen(
            [sys.executable, SERVER, *imports],
            stdin=theirs,
            env=os.environ | ({"OMP_NUM_THREADS": "1"} if imports else {}),
        )

    def end() -> None:
        ours.close()
        server.wait()

    atexit.register(end)
    return ours
