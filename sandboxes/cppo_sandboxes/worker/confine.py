"""What a worker outside a container gives up before it starts, once and for all that it forks: no test pays for it.

- No process gains privileges by executing a file (`no_new_privs`).
- Network and IPC namespaces of its own, where it may make them; else a program cannot make a socket but AF_UNIX.
- A system call filter: no namespaces, mounts, tracing, kernel keys, System V or POSIX message queues. What it refuses
  is what a container engine's default profile and the Docker sandbox's settings refuse.
"""

# ruff: noqa: E501 - tables of numbers
from __future__ import annotations

import ctypes
import errno
import os
import struct

NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = (
    0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000,
)  # fmt: skip
ANY_NAMESPACE = NEWNS | NEWCGROUP | NEWUTS | NEWIPC | NEWUSER | NEWPID | NEWNET
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 22, 38
SECCOMP_MODE_FILTER = 2
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
CAPABILITY_VERSION_3 = 0x20080522
AF_UNIX = 1

# unshare setns mount umount2 pivot_root open_tree move_mount fsopen fsmount, ptrace
# process_vm_readv process_vm_writev, add_key request_key keyctl, bpf perf_event_open userfaultfd
# io_uring_setup, shmget msgget semget mq_open
ARCHITECTURES = {
    "x86_64": {
        "audit": 0xC000003E,
        "refused": (272, 308, 165, 166, 155, 428, 429, 430, 432, 101, 310, 311, 248, 249, 250, 321, 298, 323, 425, 29, 68, 64, 240),
        "clone": 56, "clone3": 435, "socket": 41, "capset": 126, "foreign": 0x40000000,
    },
    "aarch64": {
        "audit": 0xC00000B7,
        "refused": (97, 268, 40, 39, 41, 428, 429, 430, 432, 117, 270, 271, 217, 218, 219, 280, 241, 282, 425, 194, 186, 190, 180),
        "clone": 220, "clone3": 435, "socket": 198, "capset": 91, "foreign": 0,
    },
}  # fmt: skip
"""System call numbers by machine. "foreign": from this number on they belong to another calling convention."""

LOAD, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER_AT, ARCHITECTURE_AT, FIRST_ARGUMENT_AT = 0, 4, 16
ALLOW, KILL, FAIL = 0x7FFF0000, 0x80000000, 0x00050000


def confine() -> None:
    """Give up what this process may give up. What the kernel or a container around it forbids is left out."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    machine = ARCHITECTURES.get(os.uname().machine)
    isolated = _succeeds(lambda: _leave_namespaces(libc, machine))
    if isolated:
        _leave_namespaces(libc, machine)
    if machine is not None:
        _filter(libc, machine, sockets=isolated)


def _succeeds(action) -> bool:
    """Whether `action` can be done here, tried in another process."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            action()
            status = 0
        finally:
            os._exit(status)
    return os.waitpid(pid, 0)[1] == 0


def _leave_namespaces(libc, machine) -> None:
    """Have no network but a loopback of its own, and no shared memory, semaphores or queues of others."""
    uid, gid = os.geteuid(), os.getegid()
    flags = NEWNET | NEWIPC | (NEWUSER if uid else 0)
    if libc.unshare(flags) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    if uid:
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{uid} {uid} 1"),
            ("gid_map", f"{gid} {gid} 1"),
        ):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
    _raise_loopback()
    if uid:
        _drop_capabilities(libc, machine)


def _raise_loopback() -> None:
    import _socket  # `socket` would be mapped by every process that is forked from here
    import fcntl

    control = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM)
    try:
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
    finally:
        control.close()


def _drop_capabilities(libc, machine) -> None:
    """Those that a new user namespace gives."""
    header = struct.pack("=Ii", CAPABILITY_VERSION_3, 0)
    if libc.syscall(machine["capset"], header, bytes(24)) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def _filter(libc, machine, sockets: bool) -> None:
    program = b"".join(struct.pack("=HBBI", *step) for step in _steps(machine, sockets))
    code = ctypes.create_string_buffer(program, len(program))
    head = struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
    libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, head, 0, 0)


def _steps(machine, sockets: bool) -> list[tuple[int, int, int, int]]:
    """The filter as (operation, steps to skip if true, steps to skip if false, operand)."""
    refuse, allow = (RETURN, 0, 0, FAIL | errno.EPERM), (RETURN, 0, 0, ALLOW)
    steps = [
        (LOAD, 0, 0, ARCHITECTURE_AT),
        (JUMP_EQUAL, 1, 0, machine["audit"]),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER_AT),
    ]
    if machine["foreign"]:
        steps += [(JUMP_AT_LEAST, 0, 1, machine["foreign"]), refuse]
    for number in machine["refused"]:
        steps += [(JUMP_EQUAL, 0, 1, number), refuse]
    # The flags of clone3 cannot be seen here; the C library falls back on clone.
    steps += [(JUMP_EQUAL, 0, 1, machine["clone3"]), (RETURN, 0, 0, FAIL | errno.ENOSYS)]
    load = (LOAD, 0, 0, FIRST_ARGUMENT_AT)
    steps += [
        (JUMP_EQUAL, 0, 4, machine["clone"]),
        load,
        (JUMP_ANY_BIT, 0, 1, ANY_NAMESPACE),
        refuse,
        allow,
    ]
    if not sockets:
        steps += [
            (JUMP_EQUAL, 0, 4, machine["socket"]),
            load,
            (JUMP_EQUAL, 1, 0, AF_UNIX),
            refuse,
            allow,
        ]
    return [*steps, allow]
