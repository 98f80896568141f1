"""The host's end of the connection to one worker."""

from __future__ import annotations

import contextlib
import socket
from collections import deque
from collections.abc import Callable

from cppo_sandboxes.worker import frames

RECEIVE_BYTES = 1 << 18


class WorkerGone(Exception):
    """The worker, its container or the connection to it has ended."""


class Link:
    """Frames to and from a worker over a stream socket; never blocks.

    Args:
        connection: the connected socket.
        end: frees whatever is at the other end; called once.
        unwrap: extracts the worker's bytes from those of the socket.
        complaint: the worker's messages on standard error, for people.
        starved: whether the worker ended for lack of memory.
    """

    def __init__(
        self,
        connection: socket.socket,
        end: Callable[[], None],
        unwrap: Callable[[bytes], bytes] | None = None,
        complaint: Callable[[], str] = str,
        starved: Callable[[], bool] = bool,
    ):
        connection.setblocking(False)
        self._socket = connection
        self._end = end
        self._unwrap = unwrap
        self.complaint = complaint
        self.starved = starved
        self._reader = frames.Reader()
        self._outgoing: deque[memoryview] = deque()
        self.outgoing_bytes = 0

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._socket.fileno()

    @property
    def wants_to_write(self) -> bool:
        """Whether bytes wait for the socket."""
        return bool(self._outgoing)

    def send(self, data: bytes) -> None:
        """Queue bytes; see `write`."""
        self._outgoing.append(memoryview(data))
        self.outgoing_bytes += len(data)

    def write(self) -> None:
        """Write what the socket accepts.

        Raises:
            WorkerGone: nobody is at the other end.
        """
        while self._outgoing:
            if len(self._outgoing) > 1 and len(self._outgoing[0]) < 4096:
                self._join()
            try:
                count = self._socket.send(self._outgoing[0])
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                raise WorkerGone(f"cannot write to the worker: {error}") from error
            self.outgoing_bytes -= count
            if count == len(self._outgoing[0]):
                self._outgoing.popleft()
            else:
                self._outgoing[0] = self._outgoing[0][count:]

    def _join(self) -> None:
        """Merge the small pieces at the front: each write wakes several processes."""
        parts: list[memoryview] = []
        size = 0
        while self._outgoing and size < 65536:
            parts.append(self._outgoing.popleft())
            size += len(parts[-1])
        self._outgoing.appendleft(memoryview(b"".join(parts)))

    def read(self) -> list[tuple[int, bytes]]:
        """The frames that have arrived.

        Raises:
            WorkerGone: the stream has ended.
        """
        try:
            data = self._socket.recv(RECEIVE_BYTES)
        except (BlockingIOError, InterruptedError):
            return []
        except OSError as error:
            raise WorkerGone(f"cannot read from the worker: {error}") from error
        if not data:
            raise WorkerGone("the worker has ended")
        return self._reader.feed(data if self._unwrap is None else self._unwrap(data))

    def close(self) -> None:
        """End the connection and the worker."""
        with contextlib.suppress(OSError):
            self._socket.close()
        self._end()
