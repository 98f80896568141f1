"""What separates tests: kill every process of the program, empty every folder it can write to."""

from __future__ import annotations

import os
import time
from _signal import SIGKILL  # pyright: ignore[reportMissingImports] - C modules have no stubs

from .folders import Folder, SharedFolder, written_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_S = 10.0
"""How long killed processes may take to vanish before the worker gives up."""


class Stuck(Exception):
    """Processes or files of a program that cannot be removed: discard the worker."""


class Fence:
    """The processes and files of one program at a time.

    Args:
        uid: the user that programs run as; 0 if this worker cannot change users. The reaper uses
            `uid + 1`.
        hub: process id of the hub, which adopts orphans.
        scratch: folders that only programs write to.
        shared: folders that everybody on the machine may write to; a program's files there are
            deleted as well.
    """

    def __init__(self, uid: int, hub: int, scratch: list[str], shared: list[str]) -> None:
        self.uid = uid
        self._must_list = bool(uid) and _has_processes(uid)
        """gVisor's kernel says of every user that it has processes; here the user has none yet."""
        self._children_of_hub = f"/proc/{hub}/task/{hub}/children"
        self._trusted: set[int] = set()
        self._scratch = [Folder(path) for path in scratch]
        self._shared = [SharedFolder(path, uid) for path in shared if uid and os.path.isdir(path)]

    def learn_trusted(self) -> None:
        """Note the hub's children while no program runs."""
        if not self.uid:
            self._trusted = self._children()

    def restore(self) -> None:
        """Ensure that nothing of the last test is left. Cheap if it left nothing.

        Raises:
            Stuck: something could not be removed.
        """
        if self._alive():
            self._kill()
        for folder in self._scratch:
            if folder.touched():
                folder.open_up()
                if folder.entries():
                    self._as_program(folder.empty)
                    folder.empty()
                if not folder.renew():
                    raise Stuck(f"files are left in {folder.path}")
        for shared in self._shared:
            if shared.touched():
                self._as_program(shared.empty)

    def _alive(self) -> bool:
        """Whether any process of the program exists, even a zombie; the main one is reaped."""
        if not self.uid:
            return bool(self._orphans())
        if self._must_list:
            return bool(self._pids())
        return _has_processes(self.uid)

    def _kill(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        pause_s = 0.0005
        while self._alive():
            if time.monotonic() > deadline:
                raise Stuck("processes of the program survive SIGKILL")
            self.kill_all()
            time.sleep(pause_s)
            _reap()
            pause_s = min(0.05, pause_s * 2)

    def kill_all(self) -> None:
        """Kill all processes of the program at once, whatever their parents."""
        if self.uid:
            self._run_helper(self._kill_user)
        else:
            for pid in self._orphans():
                os.kill(pid, SIGKILL)

    def _kill_user(self) -> None:
        # The effective uid may signal the program's processes; the real and the saved one keep them
        # from signalling back. kill(-1) holds the kernel's task lock, so that no fork escapes it.
        reaper = self.uid + 1
        os.setresuid(reaper, self.uid, reaper)
        try:
            os.kill(-1, SIGKILL)
        except ProcessLookupError:
            pass

    def _pids(self) -> list[int]:
        mark = f"\nUid:\t{self.uid}\t".encode()
        return [
            int(name)
            for name in os.listdir("/proc")
            if name.isdigit() and mark in _read(f"/proc/{name}/status")
        ]

    def _orphans(self) -> set[int]:
        """Without a separate uid: the hub, as subreaper, adopts every orphan of the program."""
        return self._children() - self._trusted

    def _children(self) -> set[int]:
        with open(self._children_of_hub) as file:
            return {int(word) for word in file.read().split()}

    def written_bytes(self) -> int:
        """What the program has in files, as far as one look shows."""
        return sum(written_bytes(folder) for folder in (*self._scratch, *self._shared))

    def _as_program(self, action: Callable[[], None]) -> None:
        """Run `action` as the program's user: root without capabilities cannot enter folders."""

        def act() -> None:
            if self.uid:
                os.setresuid(self.uid, self.uid, self.uid)
            action()

        self._run_helper(act)

    @staticmethod
    def _run_helper(action: Callable[[], None]) -> None:
        pid = os.fork()
        if pid == 0:
            try:
                action()
            finally:
                os._exit(0)
        os.waitpid(pid, 0)


def _has_processes(uid: int) -> bool:
    """Whether a user has any process, by one system call."""
    try:
        os.getpriority(os.PRIO_USER, uid)
    except ProcessLookupError:
        return False
    return True


def _reap() -> None:
    """Wait for killed orphans, if this process adopted them."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _read(path: str) -> bytes:
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read(4096)
    except OSError:
        return b""  # the process has ended
