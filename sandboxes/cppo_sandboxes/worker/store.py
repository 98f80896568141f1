"""The inputs of tests, kept as files until the host drops them."""

from __future__ import annotations

import os

from . import frames

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Store:
    """Files that only the hub and zygotes may open.

    Args:
        path: the folder to make.
    """

    def __init__(self, path):
        self._path = path
        os.makedirs(path, exist_ok=True)
        os.chmod(path, 0o700)
        self._hidden = frames.RANDOM.unpack(os.urandom(frames.RANDOM.size))
        self._sizes = {}
        self.bytes = 0
        """What they occupy."""

    def put(self, payload):
        """Keep a PUT frame's input; if it does not fit, the test is an infrastructure failure."""
        name = self._name(*frames.KEY.unpack_from(payload))
        self._remove(name)
        try:
            fd = os.open(f"{self._path}/{name}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o444)
            try:
                view = memoryview(payload)[frames.KEY.size :]
                while view:
                    view = view[os.write(fd, view) :]
            finally:
                os.close(fd)
        except OSError:
            self._unlink(name)
        else:
            size = len(payload) - frames.KEY.size
            self._sizes[name] = pages = -(-size // PAGE_BYTES) * PAGE_BYTES
            self.bytes += pages

    def drop(self, key, start, stop):
        """Forget the inputs of tests `start` to `stop` of a test set."""
        for index in range(start, stop):
            self._remove(self._name(key, index))

    def number(self, index):
        """The number by which programs find a test's input: it does not reveal the test."""
        factor, offset = self._hidden
        return (index * (factor | 1) + offset) & 0xFFFFFFFF

    def _name(self, key, index):
        return f"{key}-{self.number(index)}"

    def _remove(self, name):
        if name in self._sizes:
            self.bytes -= self._sizes.pop(name)
            self._unlink(name)

    def _unlink(self, name):
        try:
            os.unlink(f"{self._path}/{name}")
        except FileNotFoundError:
            pass
