"""Measure the cost of a test and its lower limit; all rates come from one run on one machine."""

from __future__ import annotations

import contextlib
import itertools
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cppo_env.errors import SandboxError
from cppo_env.machine import cores
from cppo_env.sandboxing import make_sandbox
from cppo_env.types import CheckerProgram, Job, Problem, Report, TestCase, Verdict

if TYPE_CHECKING:
    from cppo_sandboxes.bench.config import BenchConfig

PROGRAM = """import sys
def main():
    a, b = map(int, input().split())
    print(a + b)
main()
"""
LENGTHS = (1, 5, 20, 100)
PROBLEMS, PROGRAMS = 2, 32
"""What one call judges: per problem, programs of M = 8 plans with K = 4 methods, as in training."""
LIMIT = "bare fork + exit + wait"
CHECKED_TESTS = 20
CHECKER = CheckerProgram(
    "python",
    """import sys
with open(sys.argv[2]) as answer, open(sys.argv[3]) as output:
    print(int(answer.read().split() == output.read().split()[:1]))
""",
)
"""What open-r1's checkers do at least: read the files and print 1 or 0. It ignores a second number,
so that right answers can differ."""

_serials = itertools.count()
"""A number for each problem: no round may be given answers that a checker has seen before."""

FORKS = """
import os, sys, time
stop = time.perf_counter() + float(sys.argv[1]); count = 0
while time.perf_counter() < stop:
    pid = os.fork()
    if pid == 0: os._exit(0)
    os.waitpid(pid, 0); count += 1
print(count)
"""
_UNISOLATED = """
import os, sys, time
code = compile(open(sys.argv[2]).read(), "solution.py", "exec")
stop = time.perf_counter() + float(sys.argv[1]); count = 0
while time.perf_counter() < stop:
    stdin, stdin_write = os.pipe(); read, write = os.pipe()
    os.write(stdin_write, b"1 2\\n"); os.close(stdin_write)
    pid = os.fork()
    if pid == 0:
        os.dup2(stdin, 0); os.dup2(write, 1)
        sys.stdin, sys.stdout = open(0), open(1, "w")
        exec(code, {"__name__": "__main__"}); sys.stdout.flush(); os._exit(0)
    os.close(write); os.close(stdin)
    assert os.read(read, 100) == b"3\\n"
    os.close(read); os.waitpid(pid, 0); count += 1
print(count)
"""


def measure(config: BenchConfig) -> dict[str, Any]:
    """Rates per second by name: medians of the rounds, also as shares of the limit in their round.

    Raises:
        SandboxError: a back end cannot start, or judges a right program wrong.
    """
    starts = {
        name: [_first_verdict_s(name) for _ in range(config.rounds)] for name in config.sandboxes
    }
    rounds: list[dict[str, float]] = []
    with contextlib.ExitStack() as stack:
        sandboxes = {name: stack.enter_context(make_sandbox(name)) for name in config.sandboxes}
        for sandbox in sandboxes.values():
            _rate(sandbox, 1, 0.0)
            _rate(sandbox, 1, 0.0, CHECKER)
        for _ in range(config.rounds):
            rates = {LIMIT: in_parallel(FORKS, config.seconds)}
            rates["fork + pipes + exec, no isolation"] = in_parallel(_UNISOLATED, config.seconds)
            for name, sandbox in sandboxes.items():
                for length in LENGTHS:
                    rates[f"{name}, {length} tests a program"] = _rate(
                        sandbox, length, config.seconds
                    )
                for about, equal in (("Python checker", False), ("equal answers checked", True)):
                    rates[f"{name}, {CHECKED_TESTS} tests a program, {about}"] = _rate(
                        sandbox, CHECKED_TESTS, config.seconds, CHECKER, equal=equal
                    )
            rates["a fresh python for each test"] = _repeat(_fresh_python, config.seconds)
            if config.slow and "docker" in config.sandboxes:
                rates |= _docker_commands(config.seconds)
            rounds.append(rates)
    medians = {name: statistics.median(rates[name] for rates in rounds) for name in rounds[0]}
    shares = {
        name: statistics.median(rates[name] / rates[LIMIT] for rates in rounds)
        for name in rounds[0]
    }
    return {
        "cores": cores(),
        "program": PROGRAM,
        "per_second": medians,
        "of_limit": shares,
        "programs_per_s": {
            name: medians[f"{name}, 1 tests a program"] for name in config.sandboxes
        },
        "starts": starts,
        "first_verdict_s": {name: statistics.median(seconds) for name, seconds in starts.items()},
        "rounds": rounds,
    }


def _first_verdict_s(name: str) -> float:
    """Seconds from nothing to a program's verdict, with a fresh pool."""
    problem = Problem("first", "", (TestCase("1 2\n", "3\n"),))
    started = time.perf_counter()
    with make_sandbox(name) as sandbox:
        check(sandbox.run([Job(problem, PROGRAM)])[0])
        return time.perf_counter() - started


def check(report: Report) -> None:
    """Refuse to measure a sandbox that judges a right program wrong.

    Raises:
        SandboxError: it did.
    """
    if report.verdict is not Verdict.AC:
        raise SandboxError(
            f"a right program got {report.verdict} ({report.message}); run: cppo sandbox selftest"
        )


def _rate(
    sandbox: Any,
    length: int,
    seconds: float,
    checker: str | CheckerProgram = "strict",
    *,
    equal: bool = True,
) -> float:
    """Tests/s through `Sandbox.run`, including grading; every program has a different text.

    Args:
        sandbox: what is measured.
        length: tests a program.
        seconds: how long at least.
        checker: of the problems.
        equal: whether the programs of a problem give equal answers; a checker is asked once then.
    """
    done = 0
    started = time.perf_counter()
    while True:
        jobs: list[Job] = []
        for serial in itertools.islice(_serials, PROBLEMS):
            tests = tuple(TestCase(f"{n} {serial}\n", f"{n + serial}\n") for n in range(length))
            problem = Problem(f"bench-{serial}", "", tests, checker=checker)
            for number in range(PROGRAMS):
                program = PROGRAM if equal else PROGRAM.replace("a + b", f"a + b, {number}")
                jobs.append(Job(problem, f"{program}# {serial}-{number}\n"))
        for report in sandbox.run(jobs):
            check(report)
        done += len(jobs) * length
        elapsed = time.perf_counter() - started
        if elapsed >= seconds:
            return done / elapsed


def in_parallel(source: str, seconds: float) -> float:
    """Per second, the sum over one interpreter per core."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder, "solution.py")
        program.write_text(PROGRAM)
        command = [sys.executable, "-I", "-S", "-c", source, str(seconds), str(program)]
        children = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(cores())]
        return sum(int(child.communicate()[0]) for child in children) / seconds


def _repeat(action: Callable[[], object], seconds: float) -> float:
    """How often per second `action` runs on all cores together."""
    from concurrent.futures import ThreadPoolExecutor

    stop = time.perf_counter() + seconds

    def loop(_: int) -> int:
        count = 0
        while time.perf_counter() < stop:
            action()
            count += 1
        return count

    started = time.perf_counter()
    with ThreadPoolExecutor(cores()) as threads:
        done = sum(threads.map(loop, range(cores())))
    return done / (time.perf_counter() - started)


def _fresh_python() -> None:
    subprocess.run(
        [sys.executable, "-c", PROGRAM], input=b"1 2\n", stdout=subprocess.DEVNULL, check=True
    )


def _docker_commands(seconds: float) -> dict[str, float]:
    """One `docker exec`, and one `docker run`, per test, over the engine's API."""
    from cppo_sandboxes import engine

    with contextlib.closing(engine.connect()) as client:
        box = client.containers.run(
            engine.IMAGE, ["sleep", "600"], detach=True, network_mode="none", init=True
        )
        try:
            command = ["python3", "-c", "print(1 + 2)"]
            return {
                "docker exec for each test": _repeat(lambda: box.exec_run(command), seconds),
                "docker run for each test": _repeat(
                    lambda: client.containers.run(
                        engine.IMAGE, command, remove=True, network_mode="none"
                    ),
                    seconds,
                ),
            }
        finally:
            box.remove(force=True)
