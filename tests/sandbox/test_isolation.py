"""What a program or test could learn of another or an earlier one."""

import os
from collections import Counter

import pytest

import cppo_env
from cppo_env.errors import UsageError
from cppo_env.types import MIB, Job, Limits, Problem, TestCase
from tests.support.jobs import BACK_ENDS, sums
from tests.support.unprivileged import Unprivileged

RIVAL = "'RIVAL_IDEA'\na, b = map(int, input().split())\nprint(a + b)\n"
LOOK_AROUND = """
try:
    import numpy
except ImportError:
    pass  # the zygote has tried to import it
import gc, sys
def shows(thing):
    return "_".join(["RIVAL", "IDEA"]) in repr(thing)
frame, found = sys._getframe(), False
while frame := frame.f_back:
    for value in [*frame.f_locals.values(), *frame.f_globals.values()]:
        for thing in [value, *(vars(value).values() if hasattr(value, "__dict__") else ())]:
            found = found or shows(thing)
a, b = map(int, input().split())
found = found or any(shows(x) for x in gc.get_objects() if type(x) in (list, tuple))
print("BREACH" if found else a + b)
"""
LIST_SOURCES = """
import os
names = os.listdir(os.path.dirname(os.path.abspath(__file__)))
a, b = map(int, input().split())
print(a + b if names == [os.path.basename(__file__)] else names)
"""
TELLS_WHEN_READ = """
import os, time
time.sleep(0.02)  # times of files are as coarse as the kernel's tick
def times():
    return [os.fstat(0).st_atime_ns, *(os.stat(folder).st_atime_ns for folder in FOLDERS)]
FOLDERS = (".", "/tmp", "/dev/shm", os.path.dirname(__file__))
before = times()
for folder in FOLDERS:
    os.listdir(folder)
a, b = map(int, input().split())
print(a + b if times() == before else "BREACH")
"""
CPP = (
    "#include <iostream>\n"
    "int main() { long a, b; std::cin >> a >> b; std::cout << a + b << std::endl; }\n"
)

# Pairs of programs: one leaves a number, its rival looks for it.
SOCKETS = (
    """
import socket
a, b = map(int, input().split())
with socket.create_server(("127.7.3.8", 0)) as server:
    source = ("127.7.3.9", 7382)
    with socket.create_connection(server.getsockname(), source_address=source) as client:
        peer, _ = server.accept()
        client.close()
        peer.recv(1)
        peer.close()
print(a + b)
""",
    """
a, b = map(int, input().split())
print("BREACH" if f"{7382:04X}" in open("/proc/net/tcp").read() else a + b)
""",
)
PACKETS = (
    """
import socket
a, b = map(int, input().split())
ours, theirs = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
theirs.bind(("127.0.0.1", 0))
for _ in range(738):
    ours.sendto(b"", theirs.getsockname())
print(a + b)
""",
    """
a, b = map(int, input().split())
counters = [line.split() for line in open("/proc/net/snmp") if line.startswith("Udp:")][1]
print("BREACH" if int(counters[4]) >= 738 else a + b)
""",
)
TIMES = (
    """
import os
a, b = map(int, input().split())
for folder in (".", os.environ["HOME"]):
    open(os.path.join(folder, "x"), "w").close()
    os.unlink(os.path.join(folder, "x"))
print(a + b)
""",
    """
import os
a, b = map(int, input().split())
times = [os.stat(folder).st_mtime_ns for folder in (".", os.environ["HOME"])]
print("BREACH" if any(times) else a + b)
""",
)
WORKER = """
import os
began = open("/proc/1/stat").read().rpartition(")")[2].split()[19]
print(began, os.environ["HOME"])
"""
"""Prints when its worker began or, without namespaces, where that keeps its files."""


@pytest.fixture(params=BACK_ENDS)
def fresh(request):
    """A single worker that has run nothing yet."""
    with cppo_env.make_sandbox(request.param, workers=1) as box:
        yield box


def test_an_interpreter_started_late_knows_nothing_of_the_programs_that_wait(fresh):
    jobs = [Job(sums(1), LOOK_AROUND), *(Job(sums(1), f"{RIVAL}# {i}") for i in range(12))]
    assert [report.verdict for report in fresh.run(jobs)] == ["AC"] * 13


@pytest.mark.docker
def test_what_was_read_leaves_no_trace():
    with cppo_env.make_sandbox("docker", workers=1) as box:
        assert box.run([Job(sums(2), TELLS_WHEN_READ)])[0].verdict == "AC"


def test_no_source_or_binary_outlives_its_program(fresh):
    reports = fresh.run([Job(sums(1), CPP, language="cpp17")]) + fresh.run(
        [Job(sums(1), LIST_SOURCES)]
    )
    assert [report.verdict for report in reports] == ["AC", "AC"]


def test_the_memory_of_one_test_is_not_charged_to_the_next(sandbox):
    tests = TestCase("1\n", "1\n"), TestCase("0\n", "0\n")
    problem = Problem("memory", "", tests, limits=Limits(memory_bytes=64 * MIB))
    hungry = "n = int(input())\nblock = b'x' * (n * 300_000_000)\nprint(n)\n"
    [report] = sandbox.run([Job(problem, hungry, stop_early=False)])
    assert [test.verdict for test in report.tests] == ["MLE", "AC"]


@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests run as no root already")
def test_compiled_programs_run_without_root():
    box = Unprivileged()
    try:
        [report] = box.run([Job(sums(2), CPP, language="cpp17")])
    finally:
        box.close()
    assert report.verdict == "AC", report.message


@pytest.mark.parametrize("pair", [SOCKETS, PACKETS, TIMES], ids=["sockets", "packets", "times"])
def test_a_rival_leaves_nothing(fresh, pair):
    leaves, looks = pair
    for _ in range(2):
        reports = fresh.run([Job(sums(1), leaves), Job(sums(1), looks)])
        assert [report.verdict for report in reports] == ["AC", "AC"], reports


def test_a_worker_that_is_worn_out_costs_no_job(fresh):
    """Each program uses the loopback, so each is the last one of its worker."""
    reports = fresh.run([Job(sums(2), f"{PACKETS[0]}# {number}") for number in range(8)])
    assert [report.verdict for report in reports] == ["AC"] * 8


@pytest.mark.parametrize("back_end", BACK_ENDS)
@pytest.mark.parametrize(("isolation", "most"), [("strict", 1), ("shared", 4)])
def test_strict_isolation_gives_no_worker_two_programs_of_a_problem(back_end, isolation, most):
    met: dict[str, Counter[str]] = {}

    def note(problem, test, got):
        met.setdefault(problem.id, Counter())[got] += 1
        return True

    problems = [Problem(f"p{number}", "", (TestCase("", ""),), checker=note) for number in range(3)]
    with cppo_env.make_sandbox(back_end, workers=1, isolation=isolation) as box:
        jobs = [Job(problem, WORKER) for problem in problems for _ in range(2)]
        reports = box.run(jobs) + box.run(jobs)
    assert [report.verdict for report in reports] == ["AC"] * 12
    assert [max(workers.values()) for workers in met.values()] == [most] * 3


def test_an_unknown_isolation_is_refused():
    with pytest.raises(UsageError, match="strict"):
        cppo_env.make_sandbox("local", isolation="more")
