"""Landlock: how a process gives up files and signals where it may make no namespaces.

It needs Linux 5.13 or newer, and no rights. What a process gives up, its children give up as well.
"""

from __future__ import annotations

import ctypes
import os
import struct

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""Numbers of the system calls on every machine."""
PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = (1 << bit for bit in range(6))
MAKE_DIR, MAKE_REG, MAKE_SOCK, MAKE_FIFO, MAKE_SYM = 1 << 7, 1 << 8, 1 << 9, 1 << 10, 1 << 12
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
SINCE = {REFER: 2, TRUNCATE: 3, IOCTL_DEV: 5}
"""Rights that came later than with version 1."""
SCOPES_SINCE = 6
MAKE_DEVICES = 1 << 6 | 1 << 11
READ = EXECUTE | READ_FILE | READ_DIR
CHANGE = (
    WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_SOCK | MAKE_FIFO | MAKE_SYM
    | REFER | TRUNCATE
)  # fmt: skip
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE
"""The rights that a file can have; the others are a folder's."""
SEMAPHORES = READ_FILE | WRITE_FILE | MAKE_REG | REMOVE_FILE | TRUNCATE | REFER
"""What the C library needs in /dev/shm for named semaphores, on which multiprocessing builds."""
SCOPES = 3
"""Signals, and sockets with abstract names."""
DEVICES = ("null", "zero", "full", "random", "urandom")
"""The files of /dev that a program may use."""


def version() -> int:
    """What the kernel offers; 0 if nothing."""
    return max(0, ctypes.CDLL(None).syscall(CREATE_RULESET, None, ctypes.c_size_t(0), 1))


def restrict(rights: dict[str, int], handled: int) -> None:
    """Give up the `handled` rights for good, except those of `rights` at and below their paths.

    Where the kernel can, also give up signals to, and abstract sockets of, the processes outside.

    Args:
        rights: path → rights; a path that does not exist is left out.
        handled: what is given up elsewhere, as far as the kernel knows it.

    Raises:
        OSError: the kernel refused.
    """
    libc, known = ctypes.CDLL(None, use_errno=True), version()
    for right, since in SINCE.items():
        if known < since:
            handled &= ~right
    head = struct.pack("=QQQ", handled, 0, SCOPES if known >= SCOPES_SINCE else 0)
    size = ctypes.c_size_t(len(head) if known >= SCOPES_SINCE else 8)
    ruleset = _call(libc, CREATE_RULESET, head, size, 0)
    try:
        for path, allowed in rights.items():
            _allow(libc, ruleset, path, allowed & handled)
        _call(libc, RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def leave_worker(scratch: list[str]) -> None:
    """Keep a test from the files and processes of its worker, whose user it shares.

    Args:
        scratch: the folders that it may change.
    """
    rights = {
        "/dev/shm": SEMAPHORES,
        **dict.fromkeys((f"/dev/{name}" for name in DEVICES), WRITE_FILE),
        **dict.fromkeys(scratch, CHANGE),
    }
    restrict(rights, CHANGE | MAKE_DEVICES)


def _allow(libc, ruleset: int, path: str, allowed: int) -> None:
    try:
        place = os.open(path, os.O_PATH)
    except OSError:
        return  # there is no such place here
    try:
        if not os.path.isdir(path):
            allowed &= OF_FILES
        _call(libc, ADD_RULE, ruleset, PATH_BENEATH, struct.pack("=Qi", allowed, place), 0)
    finally:
        os.close(place)


def _call(libc, number: int, *arguments) -> int:
    result = libc.syscall(number, *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), "landlock")
    return result


def visible(shown: list[str], hidden: list[str]) -> dict[str, int]:
    """Rights to read some paths except for hidden folders below them.

    A folder with something hidden below it can be listed, and each other entry can be read.
    """
    rights: dict[str, int] = {}
    pending = list(shown)
    for path in pending:  # grows while it is walked
        if path in hidden:
            continue
        if any(secret.startswith(f"{path}/") for secret in hidden):
            rights[path] = READ_DIR
            pending += (os.path.join(path, name) for name in os.listdir(path))
        else:
            rights[path] = READ
    return rights
