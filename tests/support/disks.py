"""A small disk, which fills up."""

from __future__ import annotations

import ctypes
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

DETACH = 2
REMOUNT = 32


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Callable[[str], None]]:
    """Mount a disk of that size, which a new link leads to; yields what makes it another size.

    It lies outside of pytest's folders: one that a killed test leaves must not keep pytest from
    deleting these.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    place = Path(tempfile.mkdtemp(prefix="cppo-small-disk-"))

    def mount(flags: int, size: str) -> int:
        return libc.mount(b"tmpfs", bytes(place), b"tmpfs", flags, f"size={size}".encode())

    if mount(0, size):
        place.rmdir()
        pytest.skip("this machine mounts nothing")
    folder.symlink_to(place)

    def resize(size: str) -> None:
        assert mount(REMOUNT, size) == 0

    try:
        yield resize
    finally:
        assert libc.umount2(bytes(place), DETACH) == 0
        place.rmdir()
