"""The problems that a server has, by name: those of its stores, and those that clients sent."""

from __future__ import annotations

import contextlib
import mmap
import os
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, cast

from cppo_cluster.wire import NAME, check_problem, decode_problem, name_from, name_of
from cppo_env import load_problems
from cppo_env.errors import ProblemDataError, UsageError
from cppo_env.problems.views import Problems
from cppo_env.types import Problem

KEPT_BYTES = 8 << 30
"""What sent problems may take on disk; those not used for longest go first, and are sent again."""
OPEN = 4096
"""Problems kept open."""


class UnknownProblem(LookupError):
    """A problem that is not here: whoever wants it sends it."""


class NoRoom(Exception):
    """A problem that cannot be kept now; half of the others are gone, so it may be next time."""


class Shelf:
    """Problems by name. Thread-safe.

    Args:
        folder: where sent problems are kept; they outlive the server.
        stores: problem sets (paths or names) that clients need not send.
        kept_bytes: see `KEPT_BYTES`.
    """

    def __init__(
        self, folder: Path, stores: Sequence[str] = (), kept_bytes: int = KEPT_BYTES
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder, self._kept_bytes = folder, kept_bytes
        self._open: OrderedDict[str, Problem] = OrderedDict()
        self._stored: dict[str, tuple[Problems, int]] = {}
        self._lock = threading.Lock()
        for source in stores:
            self._index(load_problems(source))

    @property
    def stored(self) -> int:
        """Number of problems of the stores."""
        return len(self._stored) // 2

    def _index(self, problems: Problems) -> None:
        """Note the names of a set; that a problem has integer keys is seen when it is read."""
        for index in range(len(problems)):
            identity = problems.summary(index).id, problems.digest(index)
            for keys in (False, True):
                self._stored[name_from(*identity, keys)] = problems, index

    def __getitem__(self, name: str) -> Problem:
        """The problem of a name; the same object each time, so that its tests are shared.

        Raises:
            UsageError: this is no name.
            UnknownProblem: it is not here.
        """
        with self._lock:
            if (known := self._open.get(name)) is not None:
                self._open.move_to_end(name)
                return known
        if not NAME.fullmatch(name):
            raise UsageError(f"problem: got {name[:80]!r}, expected a name of 32 hex digits")
        problem = self._from_store(name) or self._from_file(name)
        if problem is None:
            raise UnknownProblem(name)
        return self._keep(name, problem)

    @contextlib.contextmanager
    def incoming(self) -> Iterator[BinaryIO]:
        """A file for a problem that arrives; it is gone afterwards, unless it was taken.

        Raises:
            NoRoom: it cannot be written, for example because the disk is full.
        """
        try:
            with tempfile.NamedTemporaryFile(dir=self.folder, prefix=".", delete=False) as file:
                try:
                    yield cast(BinaryIO, file)
                finally:
                    Path(file.name).unlink(missing_ok=True)
        except OSError as error:
            self._make_room()
            raise NoRoom(
                f"the problem cannot be kept in {self.folder}: {error.strerror}"
            ) from error

    def take(self, name: str, file: Path) -> None:
        """Take in the problem in a file.

        Raises:
            ProblemDataError: it is not the problem of that name.
        """
        check_problem(_mapped(file), name)
        path = self.folder / name
        file.replace(path)
        self._make_room(path)

    def put(self, name: str, content: bytes) -> None:
        """Take in a problem; see `take`."""
        with self.incoming() as file:
            file.write(content)
            file.flush()
            self.take(name, Path(file.name))

    def _keep(self, name: str, problem: Problem) -> Problem:
        with self._lock:
            problem = self._open.setdefault(name, problem)
            while len(self._open) > OPEN:
                self._open.popitem(last=False)
            return problem

    def _from_store(self, name: str) -> Problem | None:
        if (place := self._stored.get(name)) is None:
            return None
        problems, index = place
        problem = problems[index]
        return problem if name_of(problem, problems.digest(index)) == name else None

    def _from_file(self, name: str) -> Problem | None:
        path = self.folder / name
        try:
            content = _mapped(path)
            problem = decode_problem(content)
        except FileNotFoundError:
            return None
        except ProblemDataError:  # a crash, or another version: it is sent again
            path.unlink(missing_ok=True)
            return None
        os.utime(path)
        return problem

    def _make_room(self, newest: Path | None = None) -> None:
        """Delete the files that were not used for longest; what is in use stays readable.

        Args:
            newest: what came last, and stays. None: it did not fit, so half of the others go.
        """
        if newest is None:
            with self._lock:
                self._open.clear()
        files: list[tuple[float, int, Path]] = []
        for path in self.folder.iterdir():
            with contextlib.suppress(FileNotFoundError):  # another server's doing
                found = path.stat()
                files.append((found.st_mtime, found.st_size, path))
        total = sum(size for _, size, _ in files)
        kept = self._kept_bytes if newest else total // 2
        for _, size, path in sorted(files):
            if total <= kept or path == newest:
                return
            path.unlink(missing_ok=True)
            total -= size


def _mapped(path: Path) -> mmap.mmap:
    """The bytes of a file, which stay readable when it is deleted."""
    with path.open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            raise ProblemDataError("this is no problem: got 0 bytes")
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
