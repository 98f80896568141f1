"""What one program could learn of another, or one test of the one before it."""

import os

import pytest

import cppo_env
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
print("BREACH" if found or any(shows(x) for x in gc.get_objects() if type(x) in (list, tuple)) else a + b)
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
CPP = "#include <iostream>\nint main() { long a, b; std::cin >> a >> b; std::cout << a + b << std::endl; }\n"


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
