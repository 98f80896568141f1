"""The pipes through which a test's output leaves its process, and what has come out of them."""

from __future__ import annotations

import fcntl
import os
import select
import struct

F_SETPIPE_SZ, F_GETPIPE_SZ, F_GETSIG, F_GETOWN_EX, F_OFD_SETLK = 1031, 1032, 11, 16, 37
NOBODY = bytes(8)
UNLOCK_ALL = struct.pack("hhqqi4x", fcntl.F_UNLCK, 0, 0, 0, 0)
CAPACITY = 1 << 20
"""Length of an answer up to which the program need not wait for the reader."""
PIECE_BYTES = 1 << 16
MOST_PIECES = 16
TAIL_BYTES = 2048
_BEHIND_THE_ERROR = (b"\tat ", b"\t... ", b"note: ")
"""Lines that follow an error: where it was in Java, advice in Rust."""


def last_words(stderr: bytes) -> bytes:
    """The last line of standard error that says what went wrong."""
    lines = [line for line in stderr.splitlines() if line.strip()]
    telling = [line for line in lines if not line.startswith(_BEHIND_THE_ERROR)]
    return (telling or lines or [b""])[-1].strip()


class Capture:
    """What one test has written so far."""

    def __init__(self):
        self.size = self.sent = 0
        self.tail = b""
        self._pieces = []

    def answer(self, piece):
        """Take in a piece of the answer."""
        self._pieces.append(piece)
        self.size += len(piece)

    def take(self):
        """The new part of the answer."""
        answer = b"".join(self._pieces)
        self.sent += len(answer)
        self._pieces = []
        return answer


class Pipes:
    """The pipes of a program's process: stdout, stderr and, for calls, one for the answer.

    Its tests share them for speed. A program can set some properties of pipes. If a test changed
    their flags, size, owner or signal, the program gets a new process with new pipes; locks and
    times are undone.
    """

    def __init__(self, call_based):
        pairs = [os.pipe() for _ in range(2 + call_based)]
        self.reads, self._writes = zip(*pairs)
        self._poll = select.poll()
        for read, write in pairs:
            os.set_blocking(read, False)
            try:
                os.fchmod(write, 0o622)  # so that a program may open /dev/stdout
            except PermissionError:
                pass  # gVisor's pipes have no mode that could be changed
            self._poll.register(read, select.POLLIN)
        self._answer, self._error = self.reads[-1 if call_based else 0], self.reads[1]
        try:
            fcntl.fcntl(self._answer, F_SETPIPE_SZ, CAPACITY)
        except OSError:
            pass  # this user has many large pipes
        self._state = self._look()
        self.restore()
        self.chatty = False
        """Whether a test has nearly filled a pipe: the next one is drained from its start on."""

    @property
    def writes(self):
        """The ends for stdout, stderr and the answer (stdout again if it goes there)."""
        return (*self._writes, self._writes[0])[:3]

    def close(self):
        """Forget them."""
        for fd in self.reads + self._writes:
            os.close(fd)

    def restore(self):
        """Undo what a test left on the pipes; returns False if new ones are needed."""
        for fd in self._writes:
            os.utime(fd, ns=(0, 0))  # when the test before wrote is not the next one's to know
            fcntl.flock(fd, fcntl.LOCK_UN)
            fcntl.fcntl(fd, F_OFD_SETLK, UNLOCK_ALL)
        return self._look() == self._state

    def _look(self):
        fcntl_, getfl, get_size = fcntl.fcntl, fcntl.F_GETFL, F_GETPIPE_SZ
        return [
            (
                fcntl_(fd, getfl),
                fcntl_(fd, get_size),
                fcntl_(fd, F_GETSIG),
                fcntl_(fd, F_GETOWN_EX, NOBODY),
            )
            for fd in self._writes
        ]

    def drain(self, capture, last=False):
        """Read what is there; the `last` time, when all writers are dead, to the end.

        Until then a writer may be as quick as we are, and a short piece may be one packet of many.
        """
        for fd, _ in self._poll.poll(0):
            pieces = 0
            while last or pieces < MOST_PIECES:
                pieces += 1
                try:
                    piece = os.read(fd, PIECE_BYTES)
                except BlockingIOError:
                    break
                if fd == self._answer:
                    capture.answer(piece)
                    full = capture.size > CAPACITY // 2
                else:
                    full = len(piece) == PIECE_BYTES
                    if fd == self._error:
                        capture.tail = (capture.tail + piece)[-TAIL_BYTES:]
                self.chatty = self.chatty or full
                if len(piece) < PIECE_BYTES and not last:
                    break
