"""A quick version of the test corpora, for the user's own machine and any sandbox."""

# ruff: noqa: E501 - a table of one-line programs
from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from cppo_env.errors import SandboxError
from cppo_env.protocols import Sandbox
from cppo_env.types import MIB, Job, Limits, Problem, Report, TestCase
from cppo_sandboxes.languages import LANGUAGES, SELF_TEST

_SUMS = replace(
    SELF_TEST, limits=Limits(cpu_s=0.5, wall_s=2.0, memory_bytes=128 * MIB, output_bytes=MIB)
)
_BRIEF = replace(SELF_TEST, limits=Limits(cpu_s=0.5, wall_s=0.4))
_ADD = "a, b = map(int, input().split())\n"
_CALL = Problem(
    "selftest-call",
    "",
    (TestCase("[[1, 2]]", "[3]"),),
    "class Solution:\n",
    "add",
    limits=_SUMS.limits,
)


@dataclass(frozen=True, slots=True)
class Check:
    """A program and the verdicts that an honest judge may give it."""

    about: str
    program: str
    expected: tuple[str, ...]
    vital: bool = True
    """Whether training must not start on a sandbox that fails it."""
    problem: Problem = _SUMS
    language: str = "python"


CHECKS = (
    Check("a right program", _ADD + "print(a + b)", ("AC",)),
    Check("a wrong program", _ADD + "print(a - b)", ("WA",)),
    Check("standard input is a regular file", "import os\ndata = os.read(0, os.fstat(0).st_size)\nprint(sum(map(int, data.split())))", ("AC",)),
    Check("a call-based program", "class Solution:\n    def add(self, xs): return (sum(xs),)", ("AC",), problem=_CALL),
    Check("an answer that claims to equal everything", "class Liar(list):\n    __eq__ = lambda *_: True\nclass Solution:\n    def add(self, xs): return Liar()", ("WA", "RE"), problem=_CALL),
    Check("a syntax error", "def", ("CE",)),
    Check("an exception", "1 / 0", ("RE",)),
    Check("exit code 1 after the right answer", _ADD + "print(a + b)\nraise SystemExit(1)", ("RE",)),
    Check("leaving with exit code 0 before an answer", "import os\nos._exit(0)", ("WA",)),
    Check("an endless loop that swallows exceptions", "while True:\n    try:\n        while True: pass\n    except BaseException: pass", ("TLE",)),
    Check("sleeping", "import time\ntime.sleep(100)", ("TLE",), problem=_BRIEF),
    Check("too much memory", "x = bytearray(10**9)\nx[::4096] = b'x' * len(x[::4096])", ("MLE",)),
    Check("an output flood", "while True: print('x' * 1000)", ("OLE",)),
    Check("50,000 levels of recursion", _ADD + "def f(n): return n and 1 + f(n - 1)\nf(50000)\nprint(a + b)", ("AC",)),
    Check("numpy", _ADD + "import numpy\nprint(numpy.array([a, b]).sum())", ("AC",), vital=False, problem=SELF_TEST),
    Check("a fork bomb", "import os\nwhile True: os.fork()", ("RE", "TLE", "MLE")),
    Check("a daemon that outlives its test", _ADD + "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(100)\nprint(a + b)", ("AC",)),
    Check("the test after it finds no other process", _ADD + "import os\nothers = [p for p in os.listdir('/proc') if p.isdigit() and int(p) != os.getpid()]\ndef mine(p):\n    try: return f'Uid:\\t{os.getuid()}\\t' in open(f'/proc/{p}/status').read()\n    except OSError: return False\nassert not any(map(mine, others))\nprint(a + b)", ("AC",), vital=False),
    Check("files of the test before are gone", _ADD + "import os, tempfile\nfor folder in ('.', tempfile.gettempdir()):\n    path = os.path.join(folder, 'selftest-leftover')\n    assert not os.path.exists(path)\n    open(path, 'w').close()\nprint(a + b)", ("AC",)),
    Check("killing the supervisor", _ADD + "import os, signal\nfor pid in (os.getppid(), 1):\n    try: os.kill(pid, 9)\n    except PermissionError: pass\nprint(a + b)", ("AC",), vital=False),
    Check("no network", _ADD + "import socket\ntry:\n    socket.create_connection(('1.1.1.1', 53), 1)\nexcept OSError:\n    print(a + b)", ("AC",), vital=False),
    Check("tracing, kernel keys and io_uring", _ADD + "import ctypes, os\nlibc, x86 = ctypes.CDLL(None), os.uname().machine == 'x86_64'\ncalls = ((101, 117, 0, 0, 0, 0), (250, 219, 0, -3, 0), (425, 425, 4, bytes(120)), (206, 0, 1, bytes(8)))\nprint(a + b, *[r for c in calls if (r := libc.syscall(c[not x86], *c[2:])) != -1])", ("AC",), vital=False),
    Check("a child that is given to the supervisor", _ADD + "import ctypes, os, time\nif ctypes.CDLL(None).syscall(56 if os.uname().machine == 'x86_64' else 220, 0x8011, 0, 0, 0, 0) == 0: time.sleep(2)\nelse: print(a + b)", ("AC",)),
    Check("no secret in the environment", _ADD + "import os\nassert not {'HF_TOKEN', 'OPENAI_API_KEY', 'SSH_AUTH_SOCK'} & set(os.environ)\nprint(a + b)", ("AC",)),
    Check("not root", _ADD + "import os\nassert os.getuid() != 0\nprint(a + b)", ("AC",), vital=False),
    Check("a right program after all of these", _ADD + "print(a + b)", ("AC",)),
    *(Check(f"the language {row.name}", row.self_test, ("AC",), row.name == "python", SELF_TEST, row.name) for row in LANGUAGES.values()),
)  # fmt: skip


def run_checks(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Run all checks, one after the other, so that each finds what the one before it has left."""
    return [_result(check, sandbox.run([_job(check)])[0]) for check in CHECKS]


def require_trust(sandbox: Sandbox) -> None:
    """Run the vital checks, all at once, then a right program: about as long as the slowest of them.

    Raises:
        SandboxError: one of them failed.
    """
    vital = [check for check in CHECKS if check.vital]
    reports = sandbox.run(list(map(_job, vital))) + sandbox.run([_job(CHECKS[0])])
    results = [
        _result(check, report) for check, report in zip([*vital, CHECKS[0]], reports, strict=True)
    ]
    if failed := [
        f"{result['check']} ({result['verdict']})" for result in results if not result["ok"]
    ]:
        raise SandboxError(
            f"{type(sandbox).__name__} cannot be trusted here, it failed: {', '.join(failed)}; "
            "see `cppo sandbox selftest`, or train on it all the same with --allow_untrusted_sandbox true"
        )


def _job(check: Check) -> Job:
    return Job(check.problem, check.program, check.language)


def _result(check: Check, report: Report) -> dict[str, Any]:
    ok = report.verdict in check.expected
    return {
        "check": check.about,
        "vital": check.vital,
        "ok": ok,
        "verdict": str(report.verdict),
        "message": report.message,
    }
