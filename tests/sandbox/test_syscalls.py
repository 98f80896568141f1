"""The local system call filter agrees with the engine's profile, on both machines."""

import ctypes
import os
import platform
import struct

import pytest
from cppo_sandboxes.worker import confine, syscalls

ALLOW, KILL, EPERM, ENOSYS = 0x7FFF0000, 0x80000000, 0x50001, 0x50026
NEVER = {  # numbers on x86-64 and arm64
    "ptrace": (101, 117),
    "io_setup": (206, 0),
    "io_uring_setup": (425, 425),
    "unshare": (272, 97),
    "mount": (165, 40),
    "add_key": (248, 217),
    "keyctl": (250, 219),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "bpf": (321, 280),
    "seccomp": (317, 277),
    "shmget": (29, 194),
    "mq_open": (240, 180),
}


def ruling(machine, number, *arguments, sockets=True, same_user=False):
    """What the filter returns for a call: its steps, done here."""
    padding = [0] * (6 - len(arguments))
    call = struct.pack("=IIQ6Q", number, confine.AUDIT[machine], 0, *arguments, *padding)
    steps, position, loaded = confine._steps(machine, sockets, same_user), 0, 0
    while True:
        operation, yes, no, operand = steps[position]
        position += 1
        if operation == confine.RETURN:
            return operand
        if operation == confine.LOAD:
            [loaded] = struct.unpack_from("=I", call, operand)
            continue
        true = {
            confine.JUMP_EQUAL: loaded == operand,
            confine.JUMP_AT_LEAST: loaded >= operand,
            confine.JUMP_ANY_BIT: bool(loaded & operand),
        }[operation]
        position += yes if true else no


@pytest.fixture(params=syscalls.MACHINES)
def machine(request):
    return request.param


def test_every_number_gets_the_ruling_of_the_profile(machine):
    [plain] = [rule for rule in syscalls.profile()["syscalls"] if "read" in rule["names"]]
    allowed = {syscalls.ALLOWED[name].get(machine) for name in plain["names"]}
    ruled = {syscalls.ALLOWED[name][machine] for name in syscalls.RULES}
    for number in range(600):
        if number not in ruled:
            assert (ruling(machine, number) == ALLOW) == (number in allowed), number


def test_what_no_program_needs_is_refused(machine):
    for name, numbers in NEVER.items():
        assert name not in syscalls.ALLOWED
        assert ruling(machine, numbers[syscalls.MACHINES.index(machine)]) == EPERM, name
    assert ruling(machine, syscalls.CLONE3[machine]) == ENOSYS
    assert ruling(machine, 599) == ENOSYS
    assert ruling(machine, confine.X32) == EPERM


@pytest.mark.parametrize(
    ("name", "argument", "right"),
    [
        ("clone", 0x11, True),
        ("clone", 0x3D0F00, True),  # a thread
        ("clone", 0x8011, False),
        ("clone", 0x10000011, False),
        ("socket", 1, True),
        ("socket", 2, True),
        ("socket", 16, False),
        ("socket", 40, False),
        ("socketpair", 1, True),
        ("socketpair", 30, False),
        ("prctl", 4, True),
        ("prctl", 62, False),
        ("prctl", 1 << 31, False),
    ],
)
def test_arguments_are_looked_at(machine, name, argument, right):
    number = syscalls.ALLOWED[name][machine]
    assert ruling(machine, number, argument) == (ALLOW if right else EPERM)


def test_without_a_network_of_its_own_a_worker_has_only_unix_sockets(machine):
    number = syscalls.ALLOWED["socket"][machine]
    assert ruling(machine, number, 1, sockets=False) == ALLOW
    assert ruling(machine, number, 2, sockets=False) == EPERM


def test_programs_that_are_the_workers_user_change_only_themselves(machine):
    priority, limits = (syscalls.ALLOWED[name][machine] for name in ("setpriority", "prlimit64"))
    for number, arguments, right in (
        (priority, (0, 0, 19), True),
        (priority, (0, 1, 19), False),
        (priority, (2, 0, 19), False),
        (limits, (0, 7), True),
        (limits, (1, 7), False),
        (syscalls.ALLOWED["read"][machine], (5,), True),
        (syscalls.ALLOWED["ioprio_set"][machine], (1, 0, 0), False),
    ):
        expected = ALLOW if right else EPERM
        assert ruling(machine, number, *arguments, same_user=True) == expected
        assert ruling(machine, number, *arguments) == ALLOW
    restrict = syscalls.LANDLOCK["landlock_restrict_self"][machine]
    assert ruling(machine, restrict, same_user=True) == ALLOW
    assert ruling(machine, restrict) == EPERM


def test_programs_of_another_calling_convention_are_killed(machine):
    other = next(name for name in syscalls.MACHINES if name != machine)
    steps = confine._steps(machine, True)
    assert steps[:3] == [
        (confine.LOAD, 0, 0, confine.ARCHITECTURE_AT),
        (confine.JUMP_EQUAL, 1, 0, confine.AUDIT[machine]),
        (confine.RETURN, 0, 0, KILL),
    ]
    assert confine.AUDIT[machine] != confine.AUDIT[other]


def test_the_numbers_are_those_of_this_machine():
    """Calls without an effect answer as the C library's own functions do."""
    if platform.machine() not in syscalls.MACHINES:
        pytest.skip("no table for this machine")
    libc = ctypes.CDLL(None)

    def call(name, *arguments):
        return libc.syscall(syscalls.ALLOWED[name][platform.machine()], *arguments)

    assert call("getpid") == os.getpid()
    assert call("getuid") == os.getuid()
    assert call("getppid") == os.getppid()
    assert call("umask", os.umask(0o22)) == 0o22
