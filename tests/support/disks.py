"""A small disk, which fills up."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

REMOUNT = 32


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Callable[[str], None]]:
    """Mount a disk of that size on a new folder; yields what makes it another size."""
    libc = ctypes.CDLL(None, use_errno=True)
    folder.mkdir()

    def mount(flags: int, size: str) -> int:
        return libc.mount(b"tmpfs", bytes(folder), b"tmpfs", flags, f"size={size}".encode())

    if mount(0, size):
        pytest.skip("this machine mounts nothing")

    def resize(size: str) -> None:
        assert mount(REMOUNT, size) == 0

    try:
        yield resize
    finally:
        libc.umount(bytes(folder))
