"""The local sandbox without root: hostile programs run as its user and may kill it.

As a script it is that process: pickled lists of jobs on standard input, lists of reports on
standard output.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import pickle
import subprocess
import sys

import pytest
from cppo_sandboxes.local import _default_python
from cppo_sandboxes.worker import confine, landlock

import cppo_env
from cppo_env.types import Job, Report, Verdict

FIRST_USER, USERS = 20_000, 40_000
"""One for each process of tests: a program that kills all of its user's kills no other test's."""
NO_NAMESPACES, NO_LANDLOCK = "no-namespaces", "no-landlock"


class Unprivileged:
    """Starts the process anew when a program has killed it."""

    def __init__(self, namespaces: bool = True, landlock: bool = True) -> None:
        user = FIRST_USER + os.getpid() % USERS
        if not _can_import(user):
            pytest.skip("another user than root cannot read this Python or its packages")
        lacking = [NO_NAMESPACES] * (not namespaces) + [NO_LANDLOCK] * (not landlock)
        self._arguments = [str(user), *lacking]
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [_default_python(), "-m", "tests.support.unprivileged", *self._arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            start_new_session=True,
        )

    def run(self, jobs: list[Job]) -> list[Report]:
        """The reports; IE if the process was killed over it."""
        try:
            pickle.dump(jobs, self._process.stdin)
            self._process.stdin.flush()
            return pickle.load(self._process.stdout)
        except (OSError, EOFError):
            self.close()
            self._process = self._start()
            return [Report(Verdict.IE, message="the process that judges was killed")] * max(
                1, len(jobs)
            )

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(BrokenPipeError):  # jobs that it has not read
            self._process.stdin.close()
        self._process.stdout.close()


def _environment() -> dict[str, str]:
    path = ":".join(map(os.path.abspath, sys.path))
    return {**os.environ, "PYTHONPATH": path, "HOME": "/tmp"}


def _can_import(user: int) -> bool:
    """Whether a user reads what judging needs."""
    done = subprocess.run(
        [_default_python(), "-c", "import cppo_sandboxes.local"],
        env=_environment(),
        user=user,
        group=user,
        extra_groups=[],
        capture_output=True,
    )
    return done.returncode == 0


def forbid(number: int) -> None:
    """As on a kernel that lacks a system call."""
    steps = [
        (confine.LOAD, 0, 0, confine.NUMBER_AT),
        (confine.JUMP_EQUAL, 0, 1, number),
        (confine.RETURN, 0, 0, confine.FAIL | errno.ENOSYS),
        (confine.RETURN, 0, 0, confine.ALLOW),
    ]
    libc = ctypes.CDLL(None)
    libc.prctl(confine.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    confine.install(libc, steps)


def main() -> None:
    """Become a plain user, judge."""
    user = int(sys.argv[1])
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    if NO_NAMESPACES in sys.argv:
        confine.confine({"confine": "filter"})  # no process of ours makes a namespace behind it
    if NO_LANDLOCK in sys.argv:
        forbid(landlock.CREATE_RULESET)
    with cppo_env.make_sandbox("local", workers=1) as sandbox:
        while True:
            reports = sandbox.run(pickle.load(sys.stdin.buffer))
            pickle.dump(reports, sys.stdout.buffer)
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
