"""The folders that programs write to: emptied of every trace before each test."""

from __future__ import annotations

import fcntl
import os
import stat
import time

LOOK_ENTRIES = 4096
"""A program with more files than this is not examined further."""
FS_IOC_SETFLAGS, NO_FLAGS = 0x40086602, bytes(8)
COARSE_NS = 20_000_000
"""File times are as coarse as the kernel's tick."""


class Folder:
    """A folder that only programs write to.

    A touched folder is made anew, so neither its times nor its flags tell the next program
    anything. The root of a mounted file system cannot be: its times are reset.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._mode = stat.S_IMODE(os.stat(path).st_mode)
        self._mounted = os.path.ismount(path)
        self._kept = frozenset(
            name
            for name in os.listdir(path)
            if self._mounted and os.path.ismount(os.path.join(path, name))
        )
        self._clean_ns = 0
        self._renew()

    def touched(self) -> bool:
        """Whether there is something to undo. Costs one system call if nothing was touched."""
        status = os.lstat(self.path)
        if status.st_ctime_ns != self._ctime_ns:
            return True
        if self._ctime_ns != self._clean_ns:  # a change within a tick would not show
            if self.entries():
                return True
            if time.time_ns() - self._ctime_ns > COARSE_NS:
                self._clean_ns = self._ctime_ns
        return False

    def entries(self) -> list[str]:
        """Its entries, less those in which something is mounted: programs cannot write to them."""
        return [name for name in os.listdir(self.path) if name not in self._kept]

    def renew(self) -> bool:
        """Make it anew; returns False if something is still in it."""
        try:
            if not self._mounted:
                os.rmdir(self.path)
                os.mkdir(self.path)
                os.chmod(self.path, self._mode)
            elif self.entries():
                return False
            else:
                self._clear_marks()
            self._renew()
        except OSError:
            return False
        return True

    def _clear_marks(self) -> None:
        """Remove marks from a mounted folder whose owner is the programs' user."""
        for name in os.listxattr(self.path):
            os.removexattr(self.path, name)
        folder = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.ioctl(folder, FS_IOC_SETFLAGS, NO_FLAGS)
        except OSError:
            pass  # a file system without such flags
        finally:
            os.close(folder)

    def _renew(self) -> None:
        os.utime(self.path, ns=(0, 0))
        self._ctime_ns = os.lstat(self.path).st_ctime_ns

    def open_up(self) -> None:
        """Undo a change of its mode that would lock everybody out."""
        try:
            os.chmod(self.path, self._mode)
        except OSError:
            pass  # not ours, so not changed either

    def empty(self) -> None:
        """Delete all entries that this user may delete; see `empty`."""
        empty(self.path, self.entries)


class SharedFolder:
    """A folder of the machine, such as /tmp, where only one user's entries are the program's."""

    def __init__(self, path: str, uid: int) -> None:
        self.path, self._uid = path, uid
        self._fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        self._clean_ns = 0

    def touched(self) -> bool:
        """Whether there is something to undo."""
        changed_ns = os.fstat(self._fd).st_ctime_ns
        if changed_ns == self._clean_ns:
            return False
        if self.entries():
            return True
        self._clean_ns = changed_ns if time.time_ns() - changed_ns > COARSE_NS else 0
        return False

    def entries(self) -> list[str]:
        """The program's entries."""
        with os.scandir(self._fd) as entries:
            return [entry.name for entry in entries if self._is_ours(entry)]

    def _is_ours(self, entry: os.DirEntry[str]) -> bool:
        try:
            return entry.stat(follow_symlinks=False).st_uid == self._uid
        except FileNotFoundError:
            return False

    def empty(self) -> None:
        """Delete the program's entries."""
        empty(self.path, self.entries)


def written_bytes(top: Folder | SharedFolder) -> int:
    """The size of its entries, including those in sub-folders that this user may enter."""
    found, paths = 0, [os.path.join(top.path, name) for name in top.entries()]
    for count, path in enumerate(paths):  # grows while it is walked
        try:
            status = os.lstat(path)
            found += status.st_blocks * 512
            if stat.S_ISDIR(status.st_mode) and count < LOOK_ENTRIES:
                paths.extend(os.path.join(path, name) for name in os.listdir(path))
        except OSError:
            continue  # it has been deleted, or is closed to us
    return found


def empty(path: str, entries) -> None:
    """Delete what `entries` lists, as far as this user may.

    Sub-folders are moved up before they are entered, so any depth or path length works.
    """
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    prefix, serial = f".{os.getpid()}-{time.monotonic_ns()}-", 0
    try:
        while True:
            moved = serial
            for name in entries():
                if _unlink(name, folder):
                    continue
                try:
                    os.chmod(name, 0o700, dir_fd=folder)
                    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
                    inner = os.open(name, flags, dir_fd=folder)
                except OSError:
                    continue  # not ours: the caller looks whether anything is left
                try:
                    for child in os.listdir(inner):
                        if not _unlink(child, inner):
                            serial += 1
                            os.chmod(child, 0o700, dir_fd=inner)
                            new = f"{prefix}{serial}"
                            os.rename(child, new, src_dir_fd=inner, dst_dir_fd=folder)
                    os.rmdir(name, dir_fd=folder)
                except OSError:
                    pass
                finally:
                    os.close(inner)
            if serial == moved:
                return
    finally:
        os.close(folder)


def _unlink(name: str, folder: int) -> bool:
    """Delete a file; returns False for a folder."""
    try:
        if stat.S_ISDIR(os.lstat(name, dir_fd=folder).st_mode):
            return False
        os.unlink(name, dir_fd=folder)
    except OSError:
        pass
    return True
