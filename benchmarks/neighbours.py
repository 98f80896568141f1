"""Count the wrong verdicts of honest programs while hogs compete for every core.

    python benchmarks/neighbours.py [--sandboxes docker,local] [--honest 200] [--json PATH]

Ten honest programs, half of them working in a thread, follow as many hogs as the sandbox has
workers. There are three kinds of hog: one burns from the start; one sleeps until a spare worker has
taken its place and then burns; one has children, each in its own session. Each has eight busy
processes and is ended by its limits.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import cppo_env
from cppo_env.protocols import Sandbox
from cppo_env.types import MIB, Job, Limits, Problem, TestCase, Verdict

READ = "a, b = map(int, input().split())\n"
WORK = (
    "def work():\n"
    "    stop = time.process_time() + 0.15\n"
    "    while time.process_time() < stop: pass\n"
)
HONEST = (
    f"import time\n{READ}{WORK}work()\nprint(a + b)\n",
    f"import threading, time\n{READ}{WORK}thread = threading.Thread(target=work)\n"
    "thread.start()\nthread.join()\nprint(a + b)\n",
)
HOG = """import os, signal, time
time.sleep({sleep_s})
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
end = time.monotonic() + 3
for _ in range(8):
    if os.fork() == 0:
        if {sessions}: os.setsid()
        while time.monotonic() < end: pass
        os._exit(0)
while time.monotonic() < end: pass
"""
HOGS = tuple(
    HOG.format(sleep_s=sleep_s, sessions=sessions)
    for sleep_s, sessions in ((0.0, False), (0.7, False), (0.7, True))
)
LIMITS = Limits(cpu_s=0.4, wall_s=1.2, memory_bytes=128 * MIB, output_bytes=MIB)
PROBLEM = Problem("neighbours", "", (TestCase("1 2\n", "3\n"),), limits=LIMITS)
AT_ONCE = 10


def verdicts(sandbox: Sandbox, honest: int, workers: int) -> tuple[Counter[str], Counter[str]]:
    """The verdicts of the honest programs, and of the hogs between them."""
    programs: list[tuple[bool, str]] = []
    for number in range(honest):
        if number % AT_ONCE == 0:
            programs += [(False, HOGS[n % len(HOGS)] + f"# {number}-{n}\n") for n in range(workers)]
        programs.append((True, HONEST[number % len(HONEST)] + f"# {number}\n"))
    reports = sandbox.run([Job(PROBLEM, program) for _, program in programs])
    pairs = list(zip(programs, reports, strict=True))
    return tuple(  # type: ignore[return-value]
        Counter(str(report.verdict) for (is_honest, _), report in pairs if is_honest is kind)
        for kind in (True, False)
    )


def main() -> None:
    """Print a line for each sandbox; exit code 1 if an honest program got a wrong verdict."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sandboxes", default="docker,local")
    parser.add_argument("--honest", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    results: dict[str, Any] = {}
    for name in options.sandboxes.split(","):
        with cppo_env.make_sandbox(name, workers=options.workers) as sandbox:
            started = time.perf_counter()
            honest, hogs = verdicts(sandbox, options.honest, options.workers)
        wrong = options.honest - honest[Verdict.AC]
        seconds = round(time.perf_counter() - started, 1)
        results[name] = {"honest": honest, "hogs": hogs, "wrong": wrong, "seconds": seconds}
        print(f"{name}: {wrong} of {options.honest} honest programs wrong; {results[name]}")
    if options.json:
        options.json.write_text(json.dumps(results, indent=2))
    raise SystemExit(any(result["wrong"] for result in results.values()))


if __name__ == "__main__":
    main()
