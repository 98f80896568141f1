"""What a worker outside a container gives up, once, before it starts: no test pays for it.

- No process gains privileges by executing a file (`no_new_privs`).
- Its own namespaces, where allowed: all of `view`, else network and IPC. Otherwise a program can
  make only AF_UNIX sockets.
- Without `view`: the files that no program needs, and signals to the outside, by `landlock`.
- A system call filter, from the same list as the Docker sandbox's: see `syscalls`.

A worker that cannot change users runs programs as its own user. Each test then gives up once more
what could harm the worker: see `landlock.leave_worker`.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys

from . import landlock, syscalls, view

NEWNS, NEWIPC, NEWUSER, NEWPID, NEWNET = 0x20000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
KEPT_CAPABILITIES = 1 << 5 | 1 << 6 | 1 << 7
"""Those with which a supervisor kills programs and changes users: KILL, SETGID, SETUID."""
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 22, 38
SECCOMP_MODE_FILTER = 2
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
CAPABILITY_VERSION_3 = 0x20080522

CAPSET = {"x86_64": 126, "aarch64": 91}
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""The kernel's name for a machine's native calling convention; others are killed."""
X32 = 0x40000000
"""From this number on, x86-64 calls use another convention; no machine has that many."""

LOAD, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER_AT, ARCHITECTURE_AT, ARGUMENTS_AT = 0, 4, 16
ALLOW, KILL, FAIL = 0x7FFF0000, 0x80000000, 0x00050000
Step = tuple[int, int, int, int]


def confine(options) -> bool:
    """Give up what this process may; what the kernel or a surrounding container forbids is skipped.

    Args:
        options: the worker's; changed where its places move.

    Returns:
        Whether programs have a private network.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    machine = os.uname().machine
    isolated = options["confine"] != "all"
    if not isolated:
        isolated = _isolate(libc, machine, options)
    if machine in syscalls.MACHINES:
        install(libc, _steps(machine, isolated, same_user=os.geteuid() != 0))
    return isolated


def _isolate(libc, machine, options) -> bool:
    def try_view() -> None:
        _enter_view(libc, machine, {**options, "remove_with_it": ""})
        os._exit(not view.starts_python())

    if machine in syscalls.MACHINES and _succeeds(try_view):
        _enter_view(libc, machine, {**options, "remove_with_it": options["remove"]})
        options.update(view.PLACES)
        os.environ["HOME"] = "/tmp"
        os.environ.pop("TMPDIR", None)
        return True
    own_network = _succeeds(lambda: _leave_network(libc, machine))
    if own_network:
        _leave_network(libc, machine)
    if landlock.version():
        _hide_files(options)
    return own_network


def _hide_files(options) -> None:
    """Leave what no program needs: the user's files, other users' folders, this package's data."""
    shown = landlock.visible([*view.SYSTEM, *view.FILES, *_interpreter(options)], options["hidden"])
    base = options["remove"]
    rights = {
        **shown,
        **{f"/dev/{name}": landlock.READ_FILE | landlock.WRITE_FILE for name in landlock.DEVICES},
        "/proc": landlock.READ_FILE | landlock.READ_DIR,
        "/dev/shm": landlock.SEMAPHORES,
        os.path.dirname(base): landlock.REMOVE_DIR,  # the worker removes its folder
        base: landlock.READ | landlock.CHANGE,
    }
    every = landlock.READ | landlock.CHANGE | landlock.MAKE_DEVICES | landlock.IOCTL_DEV
    landlock.restrict(rights, every)


def _interpreter(options) -> list[str]:
    """The folders that Python needs."""
    found = {sys.prefix, sys.base_prefix, os.path.dirname(os.path.realpath(sys.executable))}
    venv = os.path.dirname(os.path.dirname(sys.executable))
    if os.path.exists(os.path.join(venv, "pyvenv.cfg")):
        found.add(venv)
    return [*found, *options["paths"]]


def _succeeds(action) -> bool:
    """Whether `action` works here, tried in another process."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            action()
            status = 0
        finally:
            os._exit(status)
    return os.waitpid(pid, 0)[1] == 0


def _enter_view(libc, machine, options) -> None:
    """Continue as the first process of new namespaces; this one waits and ends as it does."""
    _unshare(libc, NEWNS | NEWPID | NEWNET | NEWIPC)
    pid = os.fork()
    if pid:
        os.closerange(0, 2)  # the host is to see when the worker closes its stream
        status = os.waitpid(pid, 0)[1]
        if options["remove_with_it"]:
            import shutil

            shutil.rmtree(options["remove_with_it"], ignore_errors=True)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
    view.build(libc, options["remove"], _interpreter(options), options["hidden"])
    _raise_loopback()
    _drop_capabilities(libc, machine, 0 if os.geteuid() else KEPT_CAPABILITIES)


def _leave_network(libc, machine) -> None:
    """Keep only a private loopback; leave the machine's shared memory, semaphores and queues."""
    _unshare(libc, NEWNET | NEWIPC)
    _raise_loopback()
    if os.geteuid():
        _drop_capabilities(libc, machine, 0)


def _unshare(libc, flags) -> None:
    uid, gid = os.geteuid(), os.getegid()
    if libc.unshare(flags | (NEWUSER if uid else 0)) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    if uid:
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{uid} {uid} 1"),
            ("gid_map", f"{gid} {gid} 1"),
        ):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)


def _raise_loopback() -> None:
    import _socket  # `socket` would be mapped by every process that is forked from here
    import fcntl

    control = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM)
    try:
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
    finally:
        control.close()


def _drop_capabilities(libc, machine, kept: int) -> None:
    """All but the kept ones, whether from root or from a new user namespace."""
    header = struct.pack("=Ii", CAPABILITY_VERSION_3, 0)
    sets = struct.pack("=6I", kept, kept, 0, 0, 0, 0)
    if libc.syscall(CAPSET[machine], header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def install(libc, steps: list[Step]) -> None:
    """Filter the system calls of this process and of its children from now on."""
    program = b"".join(struct.pack("=HBBI", *step) for step in steps)
    code = ctypes.create_string_buffer(program, len(program))
    head = struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
    libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, head, 0, 0)


def _steps(machine, sockets: bool, same_user: bool = False) -> list[Step]:
    """The filter as (operation, steps to skip if true, steps to skip if false, operand)."""
    refuse, allow = (RETURN, 0, 0, FAIL | errno.EPERM), (RETURN, 0, 0, ALLOW)
    unknown = (RETURN, 0, 0, FAIL | errno.ENOSYS)
    steps = [
        (LOAD, 0, 0, ARCHITECTURE_AT),
        (JUMP_EQUAL, 1, 0, AUDIT[machine]),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER_AT),
        (JUMP_EQUAL, 0, 1, syscalls.CLONE3[machine]),
        unknown,
    ]
    rules = dict(syscalls.RULES)
    allowed = dict(syscalls.ALLOWED)
    if not sockets:
        rules["socket"] = (0, syscalls.ONE_OF, (syscalls.AF_UNIX,))
    if same_user:
        allowed.update(syscalls.LANDLOCK)
        del allowed["ioprio_set"]
        for name, indices in syscalls.ITSELF_ONLY.items():
            number = allowed.pop(name)[machine]
            steps += [(JUMP_EQUAL, 0, 3 * len(indices) + 1, number), *_all_zero(indices), allow]
    for name, (index, how, value) in rules.items():
        checks = _checks(how, value)
        steps += [
            (JUMP_EQUAL, 0, len(checks) + 2, allowed[name][machine]),
            (LOAD, 0, 0, ARGUMENTS_AT + 8 * index),
            *checks,
            refuse,
        ]
    numbers = [
        calls[machine] for name, calls in allowed.items() if machine in calls and name not in rules
    ]
    for start, stop in _ranges(numbers):
        steps += [(JUMP_AT_LEAST, 1, 0, start), refuse, (JUMP_AT_LEAST, 1, 0, stop), allow]
    return [*steps, (JUMP_AT_LEAST, 0, 1, X32), refuse, unknown]


def _checks(how, value) -> list[Step]:
    """Steps that allow a call by its loaded argument, or fall through."""
    allow = (RETURN, 0, 0, ALLOW)
    if how == syscalls.ONE_OF:
        return [step for one in value for step in ((JUMP_EQUAL, 0, 1, one), allow)]
    return [(JUMP_AT_LEAST if how == syscalls.BELOW else JUMP_ANY_BIT, 1, 0, value), allow]


def _all_zero(indices) -> list[Step]:
    """Steps that refuse a call, or fall through if these arguments are 0."""
    refuse = (RETURN, 0, 0, FAIL | errno.EPERM)
    return [
        step
        for index in indices
        for step in ((LOAD, 0, 0, ARGUMENTS_AT + 8 * index), (JUMP_EQUAL, 1, 0, 0), refuse)
    ]


def _ranges(numbers) -> list[tuple[int, int]]:
    """Numbers as ranges [start, stop)."""
    found: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if found and found[-1][1] == number:
            found[-1] = (found[-1][0], number + 1)
        else:
            found.append((number, number + 1))
    return found
