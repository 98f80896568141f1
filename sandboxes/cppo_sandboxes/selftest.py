"""A quick version of the test corpora, for the user's machine and any sandbox.

The sandbox under test may contain nothing, so no program here can exhaust the machine: each ends by
itself soon after showing that a limit did not stop it. Programs that only read, compute and print
come first. Those that load the machine follow one at a time, and only if the first have passed.
"""

# ruff: noqa: E501 - a table of one-line programs
from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cppo_env.errors import SandboxError
from cppo_env.protocols import Sandbox
from cppo_env.roles import run_jobs
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
    load: str = ""
    """What it does to a machine whose sandbox does not stop it; it then runs alone."""


_BOMB = """
import os, time
end = time.time() + 2
children = []
for _ in range(200):
    pid = os.fork()
    if pid == 0:
        while time.time() < end: pass
        os._exit(0)
    children.append(pid)
for pid in children: os.waitpid(pid, 0)
print(a + b)
"""

_CHILDREN = """
import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for _ in range(15):
    read, write = os.pipe()
    if os.fork() == 0:
        stop = time.process_time() + 0.1
        while time.process_time() < stop: pass
        os._exit(os.write(write, b"."))
    os.close(write)
    os.read(read, 1)
    os.close(read)
print(a + b)
"""
_QUEUE = """
import os, time
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
end = time.time() + 5
for _ in range(4):
    if os.fork() == 0:
        while time.time() < end: pass
        os._exit(0)
os.nice(19)
while time.time() < end: pass
print(a + b)
"""
_SHARED = """
import mmap, os, time
read, write = os.pipe()
if os.fork() == 0:
    shared = mmap.mmap(-1, 256 << 20)
    for page in range(0, 256 << 20, 4096): shared[page] = 1
    os.write(write, b".")
    time.sleep(1)
    os._exit(0)
os.read(read, 1)
time.sleep(0.5)
print(a + b)
"""
_FILES = """
import os, time
files = [os.memfd_create("selftest") for _ in range(8)]
for _ in range(32):
    for file in files: os.write(file, b"x" * (1 << 20))
time.sleep(0.5)
print(a + b)
"""

CHECKS = (
    Check("a right program", _ADD + "print(a + b)", ("AC",)),
    Check("a wrong program", _ADD + "print(a - b)", ("WA",)),
    Check("standard input is a regular file", "import os\ndata = os.read(0, os.fstat(0).st_size)\nprint(sum(map(int, data.split())))", ("AC",)),
    Check("a call-based program", "class Solution:\n    def add(self, xs): return (sum(xs),)", ("AC",), problem=_CALL),
    Check("an answer that claims to equal everything", "class Liar(list):\n    __eq__ = lambda *_: True\nclass Solution:\n    def add(self, xs): return Liar()", ("WA", "RE"), problem=_CALL),
    Check("an answer of 900,000 bytes where two are right", _ADD + "print('3 ' * 450000)", ("WA",)),
    Check("a returned value of 900,000 bytes where three are right", "class Solution:\n    def add(self, xs): return [[]] * 225000", ("WA",), problem=_CALL),
    Check("a syntax error", "def", ("CE",)),
    Check("a relative import", "from . import x", ("RE",)),
    Check("an exception", "1 / 0", ("RE",)),
    Check("exit code 1 after the right answer", _ADD + "print(a + b)\nraise SystemExit(1)", ("RE",)),
    Check("leaving with exit code 0 before an answer", "import os\nos._exit(0)", ("WA",)),
    Check("50,000 levels of recursion", _ADD + "def f(n): return n and 1 + f(n - 1)\nf(50000)\nprint(a + b)", ("AC",)),
    Check("numpy", _ADD + "import numpy\nprint(numpy.array([a, b]).sum())", ("AC",), vital=False, problem=SELF_TEST),
    Check("files of the test before are gone", _ADD + "import os, tempfile\nfor folder in ('.', tempfile.gettempdir()):\n    path = os.path.join(folder, 'cppo-selftest-leftover')\n    if os.path.exists(path): os.remove(path); raise SystemExit(1)\n    open(path, 'w').close()\nprint(a + b)", ("AC",)),
    Check("no power over the supervisor", _ADD + "import os\nfor pid in (os.getppid(), 1):\n    try: os.kill(pid, 0)\n    except PermissionError: continue\n    if pid != os.getpid(): raise SystemExit(1)\nprint(a + b)", ("AC",), vital=False),
    Check("no network", _ADD + "import socket\ntry:\n    socket.create_connection(('1.1.1.1', 53), 1)\nexcept OSError:\n    print(a + b)", ("AC",), vital=False),
    Check("no secret in the environment", _ADD + "import os\nassert not {'HF_TOKEN', 'OPENAI_API_KEY', 'SSH_AUTH_SOCK'} & set(os.environ)\nprint(a + b)", ("AC",)),
    Check("not root", _ADD + "import os\nassert os.getuid() != 0\nprint(a + b)", ("AC",), vital=False),
    *(Check(f"the language {row.name}", row.self_test, ("AC",), row.name == "python", SELF_TEST, row.name) for row in LANGUAGES.values()),
    Check("a C++ program that does not compile", "int main( {", ("CE",), False, SELF_TEST, "cpp17"),
    Check("the test after it finds an empty folder", _ADD + "import os\nassert not os.listdir('.')\nprint(a + b)", ("AC",), vital=False),
    Check("sleeping", _ADD + "import time\ntime.sleep(5)\nprint(a + b)", ("TLE",), problem=_BRIEF, load="sleeps 5 s"),
    Check("an endless loop that swallows exceptions", _ADD + "import time\nend = time.time() + 5\nwhile time.time() < end:\n    try:\n        while time.time() < end: pass\n    except BaseException: pass\nprint(a + b)", ("TLE",), load="keeps a core busy for 5 s"),
    Check("a daemon that outlives its test", _ADD + "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(5)\n    os._exit(0)\nprint(a + b)", ("AC",), load="leaves a process that sleeps 5 s"),
    Check("the test after it finds no other process", _ADD + "import os\nothers = [p for p in os.listdir('/proc') if p.isdigit() and int(p) != os.getpid()]\ndef mine(p):\n    try: return f'Uid:\\t{os.getuid()}\\t' in open(f'/proc/{p}/status').read()\n    except OSError: return False\nassert not any(map(mine, others))\nprint(a + b)", ("AC",), vital=False),
    Check("an output flood", _ADD + "for _ in range(1024): print('x' * 65535)\nprint(a + b)", ("OLE",), load="writes 64 MiB"),
    Check("too much memory", _ADD + "parts = []\nfor _ in range(64): parts.append(b'x' * (1 << 24))\nprint(a + b)", ("MLE",), load="takes 1 GiB of memory"),
    Check("children whose CPU time nobody inherits", _ADD + _CHILDREN, ("TLE",), vital=False, load="keeps a core busy for 1.5 s"),
    Check("a program kept from its core by its own children", _ADD + _QUEUE, ("TLE",), vital=False, load="keeps a core busy for 5 s"),
    Check("shared memory of a child", _ADD + _SHARED, ("MLE",), vital=False, load="takes 256 MiB of memory"),
    Check("files in memory", _ADD + _FILES, ("MLE", "RE"), vital=False, load="takes 256 MiB of memory"),
    Check("a fork bomb", _ADD + _BOMB, ("RE", "TLE", "MLE"), load="keeps 200 processes busy for 2 s"),
    Check("a right program after all of these", _ADD + "print(a + b)", ("AC",)),
)  # fmt: skip


def on_stderr(text: str) -> None:
    """Announce what a check is about to do."""
    print(text, file=sys.stderr, flush=True)


def run_checks(sandbox: Sandbox, say: Callable[[str], None] = on_stderr) -> list[dict[str, Any]]:
    """Run the checks one after another, so each finds what the previous one left.

    A failed vital check that loads nothing ends the run, so results may be fewer than `CHECKS`.
    `say` announces each load before it starts.
    """
    results: list[dict[str, Any]] = []
    for check in CHECKS:
        if check.load:
            if _failed(results):
                break
            say(f"self-test: {check.about}: {check.load} if nothing stops it")
        results += _run(sandbox, [check])
    return results


def require_trust(sandbox: Sandbox, say: Callable[[str], None] = on_stderr) -> None:
    """Run the vital checks: those that load nothing all at once, then the others one by one.

    Raises:
        SandboxError: one of them failed; later ones have not run.
    """
    vital = [check for check in CHECKS if check.vital]
    loads = [check for check in vital if check.load]
    stages = [[check for check in vital if not check.load], *([check] for check in loads)]
    for number, stage in enumerate([*stages, [CHECKS[0]]]):
        if number == 1:
            say(
                "checking that the sandbox keeps its limits; a program at a time tries what would, "
                f"if nothing stopped it: {'; '.join(check.load for check in loads)}"
            )
        if failed := _failed(_run(sandbox, stage)):
            raise SandboxError(
                f"{type(sandbox).__name__} cannot be trusted here, it failed: {', '.join(failed)}; "
                "see `cppo sandbox selftest`, or train on it all the same with "
                "--allow_untrusted_sandbox true"
            )


def _run(sandbox: Sandbox, checks: Sequence[Check]) -> list[dict[str, Any]]:
    reports = run_jobs(sandbox, [_job(check) for check in checks])
    return [_result(check, report) for check, report in zip(checks, reports, strict=True)]


def _failed(results: Sequence[dict[str, Any]]) -> list[str]:
    return [
        f"{result['check']} ({result['verdict']})"
        for result in results
        if result["vital"] and not result["ok"]
    ]


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
