"""Checks of the self-test that take several programs: what one can do to another."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

from cppo_env.protocols import Sandbox
from cppo_env.roles import run_jobs
from cppo_env.types import Job, Limits, Problem, Report, TestCase, Verdict
from cppo_sandboxes.cached import CachedSandbox
from cppo_sandboxes.selftest import on_stderr, result_of
from cppo_sandboxes.selftest_programs import Check

_TESTS = (TestCase("1 2\n", "3\n"),)
_ADD = "a, b = map(int, input().split())\n"
_WORKER = """
import os
print(open("/proc/1/stat").read().rpartition(")")[2].split()[19], os.environ["HOME"])
"""
"""Prints when its worker began or, without namespaces, where that keeps its files."""
_HOG = """
import os, time
end = time.monotonic() + 1.5
for _ in range(7):
    if os.fork() == 0: break
while time.monotonic() < end: pass
"""
_HONEST = """
import threading, time
def work():
    stop = time.process_time() + 0.15
    while time.process_time() < stop: pass
thread = threading.Thread(target=work)
thread.start()
thread.join()
print(a + b)
"""
_HONEST_PROGRAMS = 4


def check_together(
    sandbox: Sandbox, options: Mapping[str, Any], say: Callable[[str], None] = on_stderr
) -> list[dict[str, Any]]:
    """Check what programs do to each other; `options` make another sandbox like this one."""
    return [
        *_check_isolation(sandbox, options),
        _check_memory(sandbox),
        _check_neighbours(sandbox, say),
    ]


def _check_isolation(sandbox: Sandbox, options: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Whether a sandbox like this one keeps programs of one problem apart, if it says it can."""
    make: Callable[..., Sandbox] = type(sandbox)
    if not {"isolation", "workers"} <= inspect.signature(make).parameters.keys():
        return []
    workers: list[str] = []

    def note(problem: Problem, test: TestCase, got: str) -> bool:
        workers.append(got)
        return True

    problem = Problem("self-test-isolation", "", (TestCase("", ""),), checker=note)
    with closing(make(**{**options, "workers": 1, "isolation": "strict"})) as strict:
        for _ in range(2):
            run_jobs(strict, [Job(problem, _WORKER)])
    return [_judged("isolation='strict': a fresh worker for a rival", len(set(workers)) == 2)]


def _check_memory(sandbox: Sandbox) -> dict[str, Any]:
    """Whether a remembered verdict serves no attempt that might have another."""
    remembering = CachedSandbox(sandbox)
    problem = Problem("self-test-memory", "", _TESTS)
    for imports in ("", "import random\n"):
        for _ in range(2):
            remembering.run([Job(problem, f"{imports}{_ADD}print(a + b)")])
    right = (remembering.hits, remembering.misses) == (1, 3)
    return _judged("attempts that can see randomness share no verdict", right)


def _check_neighbours(sandbox: Sandbox, say: Callable[[str], None]) -> dict[str, Any]:
    """Whether honest programs keep their verdict while hogs want every core."""
    about = "programs beside hogs on every core"
    cores = len(os.sched_getaffinity(0))
    say(f"self-test: {about}: {8 * cores} processes that are busy for 1.5 s")
    problem = Problem("self-test-neighbours", "", _TESTS, limits=Limits(cpu_s=0.4, wall_s=1.2))
    programs = [f"{_HOG}# {n}" for n in range(cores)]
    programs += [f"{_ADD}{_HONEST}# {n}" for n in range(_HONEST_PROGRAMS)]
    reports = run_jobs(sandbox, [Job(problem, program) for program in programs])[cores:]
    wrong = next((report for report in reports if report.verdict is not Verdict.AC), reports[0])
    return result_of(Check(about, _HONEST, ("AC",), vital=False), wrong)


def _judged(about: str, right: bool) -> dict[str, Any]:
    report = Report(Verdict.AC if right else Verdict.WA)
    return result_of(Check(about, "", ("AC",), vital=False), report)
