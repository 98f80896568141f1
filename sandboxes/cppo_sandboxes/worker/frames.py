"""The wire format between the host and a worker.

A frame is `length: uint32, kind: uint8, payload` in little-endian order; `length` counts kind and
payload. The host is trusted by the worker, so its structured payloads are marshalled. The worker is
not trusted by the host: its payloads are fixed structs and raw bytes.
"""

from __future__ import annotations

import marshal
from _struct import Struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

HEADER = Struct("<IB")

# host → worker
PUT = 1  # KEY, then the input of one test
DROP = 2  # RANGE: forget the inputs of tests [start, stop) of a test set
RUN = 3  # a marshalled dict: see `program.Task`
TESTS = 4  # WINDOW: the inputs of tests up to `stop` have arrived, and whether they are all
CANCEL = 5  # JOB: stop a program, or never start it
MARSHAL_VERSION = 2  # what every Python from 3.9 on reads

# worker → host
READY = 16  # UTF-8 text: what the worker is
OUTPUT = 17  # TEST, then a piece of the answer of a test that is still running
RESULT = 18  # TEST, OUTCOME, then the (rest of the) answer and the end of stderr
DONE = 19  # JOB, uint8 (DONE_*), then UTF-8 text for people
RETURNED = 20  # JOB: a queued program that was not started, because the one before it is slow
RETIRING = 22  # the worker must not get any more programs: the last one has left traces in it
IDLING = 21  # JOB: the program has run for a while and used next to no CPU
BUSY = 22  # JOB: a program that was idling wants a core again
HEARTBEAT = 23  # the worker has nothing to say, but is there

# zygote or program → hub
WARM = 32  # SIZE: the zygote is ready, with this many bytes of memory
COMPILED = 33  # SECONDS of CPU time that the program's process has used; its first test begins
REFUSED = 34  # uint8 (DONE_*), UTF-8 text: there is nothing to run
ENDED = 35  # USAGE of a test's process
FAULT = 36  # UTF-8 text: a test could not be started
FREE = 37  # USAGE of the program's process, which has ended

# hub → zygote or program
TEST_NEXT = 48  # COMMAND

KEY = Struct("<II")
RANGE = Struct("<III")
JOB = Struct("<I")
WINDOW = Struct("<IIB")
TEST = Struct("<II")
# how (ENDED_*), whether others may be to blame, exit code or signal, cpu_s, wall_s, peak bytes,
# length of the answer
OUTCOME = Struct("<B?iddQI")

SIZE = Struct("<Q")
SECONDS = Struct("<d")
COMMAND = Struct("<IB")  # index of a test, and NEXT, LAST (in the program's own process) or QUIT
USAGE = Struct("<IdQ")  # wait status, cpu_s with all descendants waited for, peak bytes
USAGE_BYTES = USAGE.size + 1
USAGE_FRAME = Struct("<IBIdQ")  # USAGE as a whole frame
RIGHTS = Struct("3i")  # descriptors
RANDOM = Struct("<II")
NEXT, LAST, QUIT = range(3)

DONE_ALL, DONE_COMPILE_ERROR, DONE_CRASHED, DONE_CANCELLED, DONE_UNABLE = range(5)
ENDED_EXIT, ENDED_SIGNAL, ENDED_CPU, ENDED_WALL, ENDED_MEMORY, ENDED_OUTPUT, ENDED_FAULT = range(7)

NO_COMPILER = "the sandbox has no %s; install it there (cppo sandbox build)"


def frame(kind: int, *parts: bytes) -> bytes:
    """One frame of `kind` with the concatenated parts as payload."""
    payload = b"".join(parts)
    return HEADER.pack(len(payload) + 1, kind) + payload


def marshalled(kind: int, value: Any) -> bytes:
    """One frame whose payload is a marshalled value."""
    return frame(kind, marshal.dumps(value, MARSHAL_VERSION))


class Reader:
    """Cuts a byte stream into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """The (kind, payload) of all frames that `data` completes."""
        buffer = self._buffer
        buffer += data
        frames: list[tuple[int, bytes]] = []
        position = 0
        while len(buffer) - position >= 5:
            length, kind = HEADER.unpack_from(buffer, position)
            end = position + 4 + length
            if len(buffer) < end:
                break
            frames.append((kind, bytes(buffer[position + 5 : end])))
            position = end
        del buffer[:position]
        return frames


def ended(kind, status, usage) -> bytes:
    """The frame that reports how a process ended."""
    return USAGE_FRAME.pack(
        USAGE_BYTES, kind, status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss << 10
    )


def exactly(sock, count: int) -> bytes:
    """Read this many bytes from a blocking socket.

    Never reads ahead: several processes take turns at the other end of the hub's sockets.

    Raises:
        EOFError: the stream has ended.
    """
    parts = []
    while count:
        part = sock.recv(min(count, 1 << 20))
        if not part:
            raise EOFError("the hub is gone")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
