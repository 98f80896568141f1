"""The programs of the self-test, and the verdicts that an honest judge gives them.

The sandbox under test may contain nothing, so no program here can exhaust the machine. One that
tries a limit ends by itself once it has used clearly more, counted in CPU time, bytes or processes,
so its verdict does not depend on how busy the machine is.
"""

# ruff: noqa: E501 - a table of one-line programs
from __future__ import annotations

import os
from dataclasses import dataclass, replace

from cppo_env.types import MIB, Checker, CheckerProgram, Limits, Problem, TestCase
from cppo_sandboxes.languages import LANGUAGES, OPTIONAL, SELF_TEST

_SUMS = replace(SELF_TEST, limits=Limits(10.0, 20.0, memory_bytes=128 * MIB, output_bytes=MIB))
_ONCE = replace(_SUMS, tests=_SUMS.tests[:1])
_BRIEF = replace(_ONCE, limits=Limits(cpu_s=0.25, wall_s=0.4))
_BUSY = replace(_ONCE, limits=Limits(cpu_s=0.1, wall_s=2.0))
_ADD = "a, b = map(int, input().split())\n"


def _raises(problem: Problem, test: TestCase, got: str) -> bool:
    raise ValueError("the self-test's checker")


def _ends(problem: Problem, test: TestCase, got: str) -> bool:
    os._exit(3)


def _expects(output: str, checker: str | Checker | CheckerProgram) -> Problem:
    return Problem("selftest-checker", "", (TestCase("1 2\n", output),), checker=checker)


_FIRST = CheckerProgram(
    "python",
    "import sys\nanswer, output = (open(path).read().split()[:1] for path in sys.argv[2:])\nassert output\nprint(int(answer == output))",
)
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
    needs: str = ""
    """A compiler that the sandbox may lack; the check is then absent."""
    load: str = ""
    """What it does to a machine whose sandbox does not stop it; it then runs alone."""


_BOMB = """
import os, time
children = []
for _ in range(200):
    pid = os.fork()
    if pid == 0:
        while time.process_time() < 0.02: pass
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
for _ in range(4):
    if os.fork() == 0:
        while time.process_time() < 1: pass
        os._exit(0)
os.nice(19)
while time.process_time() < 0.2: pass
print(a + b)
"""
_SHARED = """
import mmap, os, time
read, write = os.pipe()
if os.fork() == 0:
    shared = mmap.mmap(-1, 256 << 20)
    for page in range(0, 256 << 20, 4096): shared[page] = 1
    os.write(write, b".")
    time.sleep(3)
    os._exit(0)
os.read(read, 1)
time.sleep(2)
print(a + b)
"""
_FILES = """
import os, time
files = [os.memfd_create("selftest") for _ in range(8)]
for _ in range(32):
    for file in files: os.write(file, b"x" * (1 << 20))
time.sleep(2)
print(a + b)
"""
_SCRATCH = """
import os, time
names = [f"selftest-{number}" for number in range(8)]
for name in names:
    with open(name, "wb") as file:
        for _ in range(32): file.write(b"x" * (1 << 20))
time.sleep(2)
for name in names: os.unlink(name)
print(a + b)
"""
_CALLS = """
import ctypes, os, platform
call = ctypes.CDLL(None).syscall
numbers = {"ptrace": (101, 0, 0, 0, 0), "io_uring_setup": (425, 4, 0), "io_setup": (206, 1, ctypes.byref(ctypes.c_long(0))),
    "userfaultfd": (323, 1), "keyctl": (250, 0, -3, 0), "perf_event_open": (298, 0, 0, -1, -1, 0), "AF_VSOCK": (41, 40, 1, 0),
    "a user namespace": (272, 0x10000000)}
if platform.machine() == "x86_64":
    for name, numbers in numbers.items():
        assert call(*numbers) == -1, name
    child = call(56, 0x8000 | 17, 0, 0, 0, 0)
    if child == 0: os._exit(0)
    assert child == -1, "CLONE_PARENT"
print(a + b)
"""
_TABLES = """
import ctypes, os
libc = ctypes.CDLL(None)
assert sum(libc.inotify_init1(0) >= 0 for _ in range(300)) <= 256, "inotify"
terminals = 0
try:
    for _ in range(300):
        os.openpty()
        terminals += 1
except OSError:
    pass
assert terminals <= 256, "terminals"
print(a + b)
"""
_MARKS = """
import fcntl, os
marks = [lambda: os.stat(".").st_mtime_ns == 738291000, lambda: b"7" in os.getxattr(".", "user.mark"),
    lambda: fcntl.fcntl(1, 1032) == 8192, lambda: fcntl.fcntl(1, 11) == 12]
def holds(mark):
    try: return mark()
    except OSError: return False
assert not any(map(holds, marks))
for mark in (lambda: os.utime(".", ns=(738291000, 738291000)), lambda: os.setxattr(".", "user.mark", b"7"),
        lambda: fcntl.fcntl(1, 1031, 8192), lambda: fcntl.fcntl(1, 10, 12)):
    try: mark()
    except OSError: pass
print(a + b)
"""
_LEAVES = """
import socket
try:
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection(server.getsockname(), source_address=("127.0.0.1", 27382)) as client:
            peer = server.accept()[0]
            client.close()
            peer.recv(1)
            peer.close()
except OSError:
    pass
print(a + b)
"""
_LOOKS = """
try:
    with open("/proc/net/tcp") as file: seen = file.read()
except OSError:
    seen = ""
assert f":{27382:04X}" not in seen
print(a + b)
"""
_VIEW = """
import os, sys
def entries(folder):
    try: return os.listdir(folder)
    except OSError: return []
for path in sys.path: assert not {"cppo_env", "cppo_sandboxes"} & set(entries(path)), path
needed = {*sys.path, sys.prefix, sys.base_prefix, os.path.realpath(sys.executable)}
def search(folder):
    inner = {path[len(folder) + 1:].partition("/")[0] for path in needed if path.startswith(folder + "/")}
    assert not set(entries(folder)) - inner, folder
    for name in inner:
        if f"{folder}/{name}" not in needed: search(f"{folder}/{name}")
for folder in ("/root", "/home"): search(folder)
for path in ("/run/docker.sock", "/var/run/docker.sock", "/run/user"): assert not os.path.exists(path), path
print(a + b)
"""
_INPUT = """
import os, re
try: name = os.path.basename(os.readlink("/proc/self/fd/0"))
except OSError: name = ""
number = re.findall("[0-9]+", name)[-1:]
assert number not in (["0"], ["1"], ["2"]), name
print(a + b)
"""
_GREEDY = {
    "java": "public class Main { public static void main(String[] words) { byte[][] parts = new byte[64][]; for (int i = 0; i < 64; i++) parts[i] = new byte[1 << 24]; } }",
    "rust": "fn main() { let parts: Vec<Vec<u8>> = (0..64).map(|_| vec![1u8; 1 << 24]).collect(); std::process::exit(parts.len() as i32 - 64) }",
}
_STACKS = """
public class Main {
    public static void main(String[] words) {
        for (int i = 0; i < 20; i++) {
            Thread one = new Thread(null, () -> { try { Thread.sleep(9999); } catch (InterruptedException e) { } }, "", 1 << 26);
            one.setDaemon(true);
            one.start();
        }
        java.util.Scanner in = new java.util.Scanner(System.in);
        System.out.println(in.nextLong() + in.nextLong());
    }
}
"""
CHECKS = (
    Check("a right program", _ADD + "print(a + b)", ("AC",)),
    Check("a wrong program", _ADD + "print(a - b)", ("WA",)),
    Check("standard input is a regular file", "import os\ndata = os.read(0, os.fstat(0).st_size)\nprint(sum(map(int, data.split())))", ("AC",)),
    Check("a call-based program", "class Solution:\n    def add(self, xs): return (sum(xs),)", ("AC",), problem=_CALL),
    Check("an answer that claims to equal everything", "class Liar(list):\n    __eq__ = lambda *_: True\nclass Solution:\n    def add(self, xs): return Liar()", ("WA", "RE"), problem=_CALL),
    Check("an answer of 900,000 bytes where two are right", _ADD + "print('3 ' * 450000)", ("WA",)),
    Check("a returned value of 900,000 bytes where three are right", "class Solution:\n    def add(self, xs): return [[]] * 225000", ("WA",), problem=_CALL),
    Check("a letter that only looks like the one expected", "print('\u212a')", ("WA",), problem=_expects("k", "case_insensitive")),
    Check("a number of 400 digits in another spelling", "print(10**400)", ("AC",), problem=_expects("1e400", "float_1e-6")),
    Check("twice a number that no float can hold", "print('2e400')", ("WA",), problem=_expects("1e400", "float_1e-6")),
    Check("infinity where a large number is right", "print('inf')", ("WA",), problem=_expects("1e400", "float_1e-6")),
    Check("a checker that raises", _ADD + "print(a + b)", ("IE",), vital=False, problem=_expects("3", _raises)),
    Check("a checker that ends its process", _ADD + "print(a + b)", ("IE",), vital=False, problem=_expects("3", _ends)),
    Check("an answer that a checker program accepts", _ADD + "print(a + b, 'and more')", ("AC",), vital=False, problem=_expects("3", _FIRST)),
    Check("an answer that crashes a checker program", "pass", ("IE",), vital=False, problem=_expects("3", _FIRST)),
    Check("a syntax error", "def", ("CE",)),
    Check("a relative import", "from . import x", ("RE",)),
    Check("an exception", "1 / 0", ("RE",)),
    Check("control characters in the message of an exception", "raise ValueError('\\x1b[2J\\x07')", ("RE",), vital=False),
    Check("exit code 1 after the right answer", _ADD + "print(a + b)\nraise SystemExit(1)", ("RE",)),
    Check("leaving with exit code 0 before an answer", "import os\nos._exit(0)", ("WA",)),
    Check("50,000 levels of recursion", _ADD + "def f(n): return n and 1 + f(n - 1)\nf(50000)\nprint(a + b)", ("AC",)),
    Check("numpy", _ADD + "import numpy\nprint(numpy.array([a, b]).sum())", ("AC",), vital=False, problem=SELF_TEST),
    Check("files of the test before are gone", _ADD + "import os, tempfile\nfor folder in ('.', tempfile.gettempdir()):\n    path = os.path.join(folder, 'cppo-selftest-leftover')\n    if os.path.exists(path): os.remove(path); raise SystemExit(1)\n    open(path, 'w').close()\nprint(a + b)", ("AC",)),
    Check("no power over the supervisor", _ADD + "import os\nfor pid in (os.getppid(), 1):\n    try: os.kill(pid, 0)\n    except PermissionError: continue\n    if pid != os.getpid(): raise SystemExit(1)\nprint(a + b)", ("AC",), vital=False),
    Check("no tracing, no new namespaces, no kernel queues or keys", _ADD + _CALLS, ("AC",), vital=False),
    Check("few entries in tables of the machine", _ADD + _TABLES, ("AC",), vital=False),
    Check("no file of the user or of this package, no socket of the machine", _ADD + _VIEW, ("AC",), vital=False),
    Check("the name of the input does not tell the test", _ADD + _INPUT, ("AC",), vital=False),
    Check("no marks on the folder or the pipes from the test before", _ADD + _MARKS, ("AC",), vital=False),
    Check("a connection left to be forgotten", _ADD + _LEAVES, ("AC",), vital=False, problem=_ONCE),
    Check("the program after it does not see it", _ADD + _LOOKS, ("AC",), vital=False, problem=_ONCE),
    Check("no network", _ADD + "import socket\ntry:\n    socket.create_connection(('1.1.1.1', 53), 1)\nexcept OSError:\n    print(a + b)", ("AC",), vital=False),
    Check("no secret in the environment", _ADD + "import os\nassert not {'HF_TOKEN', 'OPENAI_API_KEY', 'SSH_AUTH_SOCK'} & set(os.environ)\nprint(a + b)", ("AC",)),
    Check("not root", _ADD + "import os\nassert os.getuid() != 0\nprint(a + b)", ("AC",), vital=False),
    *(Check(f"the language {row.name}", row.self_test, ("AC",), row.name == "python", SELF_TEST, row.name) for row in LANGUAGES.values() if row.name not in OPTIONAL),
    *(Check(f"the language {name}, if its compiler is there", LANGUAGES[name].self_test, ("AC",), False, SELF_TEST, name, needs=LANGUAGES[name].compiler) for name in OPTIONAL),
    *(Check(f"more memory than allowed in {name}, if its compiler is there", program, ("MLE",), False, _ONCE, name, needs=LANGUAGES[name].compiler) for name, program in _GREEDY.items()),
    Check("threads with stacks that they do not use in java, if its compiler is there", _STACKS, ("AC",), False, _ONCE, "java", needs=LANGUAGES["java"].compiler),
    Check("a compiler that is told to read the input of a test", f'#include "/dev/stdin"\n{LANGUAGES["cpp17"].self_test}', ("AC",), False, SELF_TEST, "cpp17"),
    Check("a C++ program that does not compile", "int main( {", ("CE",), False, SELF_TEST, "cpp17"),
    Check("the test after it finds an empty folder", _ADD + "import os\nassert not os.listdir('.')\nprint(a + b)", ("AC",), vital=False),
    Check("sleeping", _ADD + "import time\ntime.sleep(5)\nprint(a + b)", ("TLE",), problem=_BRIEF, load="sleeps 5 s"),
    Check("a program that stops itself", _ADD + "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\nprint(a + b)", ("TLE",), vital=False, problem=_BRIEF),
    Check("a loop that swallows exceptions", _ADD + "import time\nwhile time.process_time() < 3:\n    try:\n        while time.process_time() < 3: pass\n    except BaseException: pass\nprint(a + b)", ("TLE",), problem=_BUSY, load="takes 3 s of CPU time"),
    Check("a daemon that outlives its test", _ADD + "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(5)\n    os._exit(0)\nprint(a + b)", ("AC",), load="leaves a process that sleeps 5 s"),
    Check("the test after it finds no other process", _ADD + "import os\nothers = [p for p in os.listdir('/proc') if p.isdigit() and int(p) != os.getpid()]\ndef mine(p):\n    try: return f'Uid:\\t{os.getuid()}\\t' in open(f'/proc/{p}/status').read()\n    except OSError: return False\nassert not any(map(mine, others))\nprint(a + b)", ("AC",), vital=False),
    Check("an output flood", _ADD + "for _ in range(1024): print('x' * 65535)\nprint(a + b)", ("OLE",), problem=_ONCE, load="writes 64 MiB"),
    Check("too much memory", _ADD + "parts = []\nfor _ in range(64): parts.append(b'x' * (1 << 24))\nprint(a + b)", ("MLE",), problem=_ONCE, load="takes 1 GiB of memory"),
    Check("children whose CPU time nobody inherits", _ADD + _CHILDREN, ("TLE",), vital=False, problem=_BUSY, load="takes 1.5 s of CPU time"),
    Check("a program kept from its core by its own children", _ADD + _QUEUE, ("TLE",), vital=False, problem=_BUSY, load="takes 4 s of CPU time"),
    Check("shared memory of a child", _ADD + _SHARED, ("MLE",), vital=False, problem=_ONCE, load="takes 256 MiB of memory"),
    Check("files in memory", _ADD + _FILES, ("MLE", "RE"), vital=False, problem=_ONCE, load="takes 256 MiB of memory"),
    Check("files in its folder", _ADD + _SCRATCH, ("MLE", "RE"), vital=False, problem=_ONCE, load="writes 256 MiB to files"),
    Check("a fork bomb", _ADD + _BOMB, ("RE", "TLE", "MLE"), problem=_BUSY, load="makes 200 processes, which take 4 s of CPU time"),
    Check("a right program after all of these", _ADD + "print(a + b)", ("AC",)),
)  # fmt: skip
