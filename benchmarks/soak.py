"""Find leaks of the sandbox: 1,000 jobs at once, then 10,000 in a row.

    python benchmarks/soak.py [--sandboxes docker,local] [--at-once 1000] [--in-a-row 10000] [--json
    PATH]

Right, wrong, slow, forking, crashing, flooding and littering programs take turns. Each row of the
table is taken while the workers are idle; what grows from row to row is a leak.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

import cppo_env
from cppo_env.types import MIB, Job, Limits, Problem, TestCase, Verdict

READ = "a, b = map(int, input().split())\n"
PROGRAMS = {
    "right": (READ + "print(a + b)", "AC"),
    "right, with modules": ("import collections, json\n" + READ + "print(a + b)", "AC"),
    "wrong": (READ + "print(a - b)", "WA"),
    "forking": (
        READ + "import os\nif os.fork() == 0:\n    os._exit(0)\nos.wait()\nprint(a + b)",
        "AC",
    ),
    "daemon": (
        READ
        + "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(99)\nprint(a + b)",
        "AC",
    ),
    "crashing": (READ + "import os\nos.kill(os.getpid(), 11)", "RE"),
    "exception": (READ + "raise ValueError(a)", "RE"),
    "flood": ("while True: print('x' * 9999)", "OLE"),
    "littering": (
        READ + "for n in range(20): open(f'file{n}', 'w').write('x' * 9999)\nprint(a + b)",
        "AC",
    ),
    "no program": ("def", "CE"),
    "much memory": ("x = bytearray(1 << 31)", "MLE"),
    "slow": ("while True: pass", "TLE"),
}
RARE = {"slow", "much memory", "flood", "daemon"}
"""These are expensive and take one turn in ten of the others."""
LIMITS = Limits(cpu_s=0.1, wall_s=20.0, memory_bytes=64 * MIB, output_bytes=MIB)
REST_S = 2.0
STEPS = 5


def jobs(first: int, count: int) -> tuple[list[Job], list[str]]:
    """Jobs from number `first`, eight in a row per problem, and verdicts; no two are equal."""
    made, expected = [], []
    common = [name for name in PROGRAMS if name not in RARE]
    for number in range(first, first + count):
        names = sorted(RARE) if number % 10 == 9 else common
        program, verdict = PROGRAMS[
            names[number // 10 % len(names) if number % 10 == 9 else number % len(names)]
        ]
        serial = number // 8
        tests = tuple(TestCase(f"{serial} {n}\n", f"{serial + n}\n") for n in range(1, 4))
        made.append(
            Job(Problem(f"soak-{serial}", "", tests, limits=LIMITS), f"{program}\n# {number}\n")
        )
        expected.append(verdict)
    return made, expected


def census(before: set[int]) -> dict[str, int]:
    """What this process and its sandboxes hold now; processes in `before` do not count."""
    time.sleep(REST_S)
    containers = own_containers()
    below = [
        *descendants(os.getpid()),
        *(pid for root in containers.values() for pid in [root, *descendants(root)]),
    ]
    workers = {pid for pid in below if pid not in before}
    return {
        "host_descriptors": len(os.listdir("/proc/self/fd")),
        "host_threads": threading.active_count(),
        "host_rss_kib": status(os.getpid(), "VmRSS"),
        "containers": len(containers),
        "worker_processes": len(workers),
        "worker_descriptors": sum(count_descriptors(pid) for pid in workers),
        "worker_rss_kib": sum(status(pid, "RssAnon") for pid in workers),
        "scratch_kib": sum(tmpfs_kib(root) for root in containers.values()),
    }


def status(pid: int, field: str) -> int:
    """A field of /proc/PID/status, in KiB."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(field + ":")), 0)


def count_descriptors(pid: int) -> int:
    """Open descriptors of a process."""
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0


def tmpfs_kib(root: int) -> int:
    """Contents of a container's writable folders, seen through its first process."""
    used = 0
    for folder in ("tmp", "box", "cppo", "dev/shm"):
        found = os.statvfs(f"/proc/{root}/root/{folder}")
        used += (found.f_blocks - found.f_bfree) * found.f_frsize // 1024
    return used


def descendants(pid: int) -> list[int]:
    """All descendants of a process."""
    found: list[int] = [pid]
    for parent in found:  # grows while it is walked
        for path in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += map(int, path.read_text().split())
            except OSError:
                continue
    return found[1:]


def own_containers() -> dict[str, int]:
    """This process's containers, with the host's pid of their first process."""
    import docker
    from cppo_sandboxes.host.owners import LABEL, owner
    from docker.errors import DockerException

    try:
        client = docker.from_env()
    except DockerException:
        return {}
    with client.api:
        found = client.containers.list(all=True, filters={"label": f"{LABEL}={owner()}"})
        return {str(box.id): box.attrs["State"]["Pid"] for box in found}


def soak(name: str, at_once: int, in_a_row: int) -> dict[str, Any]:
    """Run all jobs in one sandbox; returns the table's rows and the wrong verdicts."""
    rows: dict[str, dict[str, int]] = {}
    verdicts: Counter[str] = Counter()
    wrong: list[str] = []
    before = set(descendants(os.getpid()))

    def run(first: int, count: int, size: int) -> None:
        for start in range(first, first + count, size):
            batch, expected = jobs(start, min(size, first + count - start))
            for job, report, verdict in zip(batch, sandbox.run(batch), expected, strict=True):
                verdicts[report.verdict.value] += 1
                if report.verdict != Verdict(verdict):
                    wrong.append(
                        f"{report.verdict} for {verdict}: {report.message} ({job.program!r})"
                    )

    rows["before"] = census(before)
    started = time.monotonic()
    with cppo_env.make_sandbox(name) as sandbox:
        run(0, 200, 200)
        rows["after a warm-up of 200"] = census(before)
        run(200, at_once, at_once)
        rows[f"after {at_once} at once"] = census(before)
        done = 0
        for step in range(1, STEPS + 1):
            count = in_a_row * step // STEPS - done
            run(200 + at_once + done, count, 1)
            done += count
            rows[f"after {done} in a row"] = census(before)
    rows["closed"] = census(before)
    return {
        "sandbox": name,
        "rows": rows,
        "verdicts": dict(verdicts),
        "wrong": wrong,
        "seconds": time.monotonic() - started,
        "host_peak_rss_kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }


def main() -> None:
    """Soak each sandbox and print a table for it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sandboxes", default="docker,local")
    parser.add_argument("--at-once", type=int, default=1000)
    parser.add_argument("--in-a-row", type=int, default=10000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    results = []
    for name in options.sandboxes.split(","):
        result = soak(name, options.at_once, options.in_a_row)
        results.append(result)
        table = Table(name, *result["rows"])
        for field in result["rows"]["closed"]:
            table.add_row(
                field.replace("_", " "), *(f"{row[field]:,}" for row in result["rows"].values())
            )
        console = Console(width=160)
        console.print(table)
        counts = ", ".join(f"{count} {verdict}" for verdict, count in result["verdicts"].items())
        console.print(
            f"{counts}; {len(result['wrong'])} wrong; {result['seconds']:.0f} s",
            *result["wrong"][:5],
        )
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
