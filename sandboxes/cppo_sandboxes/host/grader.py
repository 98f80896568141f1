"""A grader: a process that calls other people's checkers, one answer at a time.

Whatever a checker does to it, the host loses only this process: see `checks`. Messages are pickled
tuples. To the grader: (key, pickled checker and problem), or (key, pickled test, answer). Back:
(None or whether the answer is right, why that is unknown).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pickle
import resource
import signal
import sys
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from cppo_sandboxes.host.faults import reason_of

if TYPE_CHECKING:
    from cppo_env.types import Checker, Problem, TestCase

CheckerReply = tuple[bool | None, str]
MEMORY_BYTES = 1 << 30
"""What checkers may take, beyond what the process has once they are loaded."""
CPU_S = 10
"""CPU time for one answer."""
LOAD_S = 60
"""CPU time to load a checker: its module may import much."""
LOADED = 64
"""Checkers kept; the oldest is forgotten first."""
_PR_SET_PDEATHSIG = 1
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Grader:
    """The checkers that were sent here."""

    def __init__(self) -> None:
        self._rules: dict[bytes, tuple[Checker, Problem]] = {}

    def load(self, key: bytes, rule: bytes) -> CheckerReply:
        """Take in a checker; that fails if this process cannot find its module."""
        _limit(resource.RLIMIT_DATA, _data_bytes() + MEMORY_BYTES)
        _limit(resource.RLIMIT_CPU, _cpu_s() + LOAD_S)
        try:
            self._rules[key] = pickle.loads(rule)
        except BaseException as error:  # anyone's code
            return None, reason_of(error)
        if len(self._rules) > LOADED:
            del self._rules[next(iter(self._rules))]
        _limit(resource.RLIMIT_DATA, _data_bytes() + MEMORY_BYTES)
        return True, ""

    def check(self, key: bytes, pickled: bytes, answer: bytes) -> CheckerReply:
        """What a checker says of an answer."""
        checker, problem = self._rules[key]
        _limit(resource.RLIMIT_CPU, _cpu_s() + CPU_S)
        try:
            test: TestCase = pickle.loads(pickled)
            got = answer.decode("utf-8", "surrogateescape")
            return bool(checker(replace(problem, tests=(test,)), test, got)), ""
        except BaseException as error:  # anyone's code
            return None, reason_of(error)


def serve(connection: Connection) -> None:
    """Answer until the host closes the connection."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's Ctrl-C is the host's to handle
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    _limit(resource.RLIMIT_CORE, 0)
    grader = Grader()
    connection.send((True, ""))
    while True:
        try:
            message = connection.recv()
        except EOFError:
            return
        connection.send(grader.load(*message) if len(message) == 2 else grader.check(*message))


def _limit(which: int, value: int) -> None:
    hard = resource.getrlimit(which)[1]
    resource.setrlimit(which, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def _cpu_s() -> int:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return int(usage.ru_utime + usage.ru_stime) + 1


def _data_bytes() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[5]) * _PAGE_BYTES


if __name__ == "__main__":
    with contextlib.suppress(OSError):  # there is no standard error
        os.dup2(2, 1)  # the host's standard output is for results, not for what a checker prints
    serve(Connection(int(sys.argv[1])))
