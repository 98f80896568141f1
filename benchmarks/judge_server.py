"""What HTTP costs a program, and whether a judge server holds many clients and sudden ends.

python -m benchmarks.judge_server overhead                # the same workers with and without it
python -m benchmarks.judge_server capacity                # a sandbox that does nothing
python -m benchmarks.judge_server soak --seconds 120      # 200 clients; killed every 30 s
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cppo_env.sandboxing import make_sandbox
from cppo_env.types import Job, Limits, Problem, Report, TestCase, Verdict

TOKEN = "the token of the benchmark"
TESTS = tuple(TestCase(f"{number} 2\n", f"{number + 2}\n") for number in range(8))
PROBLEM = Problem("sums", "Add.", TESTS, limits=Limits(wall_s=60.0))
RIGHT = "a, b = map(int, input().split())\nprint(a + b)\n"
WRONG = RIGHT.replace("a + b", "a - b")


class Idle:
    """A sandbox that does nothing."""

    def __init__(self, workers: int = 1) -> None:
        self.facts = {"name": "idle", "language": "none"}

    def run(self, jobs: Sequence[Job], /) -> list[Report]:
        """All of them are right."""
        return [Report(Verdict.AC)] * len(jobs)

    def run_each(
        self,
        jobs: Sequence[Job],
        tell: Callable[[int, Report], object],
        wanted: Callable[[], bool],
        /,
    ) -> None:
        """All of them are right."""
        for position in range(len(jobs)):
            tell(position, Report(Verdict.AC))

    def close(self) -> None:
        """Nothing is open."""


class Server:
    """`cppo sandbox serve` on a port of its own, which can be killed and started again."""

    def __init__(self, folder: Path, sandbox: str, workers: int | None) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self._port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self._port}"
        words = [sys.executable, "-m", "cppo_env", "sandbox", "serve", "--sandbox", sandbox]
        words += ["--port", str(self._port), "--folder", str(folder)]
        self._words = words + ["--sandbox_options.workers", str(workers)] * (workers is not None)
        self._process = self._start()

    def _start(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(self._words, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        if not process.stdout.readline():
            raise SystemExit("the server does not start")
        return process

    @property
    def cpu_s(self) -> float:
        """CPU time of the server alone, without its workers."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def mib(self) -> float:
        """Its resident memory."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+)", status)
        return int(found[1]) / 1024 if found else 0.0

    def kill(self) -> None:
        """End it at once, and start it again."""
        self._process.kill()
        self.end()
        self._process = self._start()

    def end(self) -> None:
        """End it."""
        self._process.send_signal(signal.SIGINT)
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process.wait()


@contextlib.contextmanager
def server(sandbox: str, workers: int | None = None) -> Generator[Server]:
    """A server until the block ends."""
    os.environ["CPPO_SANDBOX_TOKEN"] = TOKEN
    with tempfile.TemporaryDirectory() as folder:
        running = Server(Path(folder), sandbox, workers)
        try:
            yield running
        finally:
            running.end()


def overhead(arguments: argparse.Namespace) -> dict[str, Any]:
    """Programs a second of the same number of workers, in turns, with and without the server."""
    seconds: dict[str, list[float]] = {"direct": [], "http": []}
    cpu_s: list[float] = []
    with (
        server(arguments.sandbox, arguments.workers) as running,
        make_sandbox(arguments.sandbox, workers=arguments.workers) as direct,
        make_sandbox(running.address) as http,
    ):
        for turn in range(arguments.rounds + 1):
            for name, box in (("direct", direct), ("http", http)):
                jobs = [Job(PROBLEM, f"{RIGHT}#{turn} {n}") for n in range(arguments.programs)]
                before, begun = running.cpu_s + time.process_time(), time.perf_counter()
                reports = box.run(jobs)
                took = time.perf_counter() - begun
                assert {report.verdict for report in reports} == {Verdict.AC}
                if turn:  # the first one warms up
                    seconds[name].append(took)
                    cpu_s += [running.cpu_s + time.process_time() - before] * (name == "http")
    best = {name: min(times) for name, times in seconds.items()}
    return {
        "tests_a_program": len(TESTS),
        "programs_per_s": {name: arguments.programs / took for name, took in best.items()},
        "http_of_direct": best["direct"] / best["http"],
        "medians_ratio": float(np.median(seconds["direct"]) / np.median(seconds["http"])),
        "host_cpu_us_a_program": 1e6 * min(cpu_s) / arguments.programs,
    }


def capacity(arguments: argparse.Namespace) -> dict[str, Any]:
    """Programs a second that server and one client pass on, and what they weigh."""
    rates: list[float] = []
    with (
        server("benchmarks.judge_server:Idle") as running,
        make_sandbox(running.address) as box,
    ):
        jobs = [Job(PROBLEM, f"{RIGHT}#{number}") for number in range(arguments.programs)]
        for _ in range(arguments.rounds):
            begun = time.perf_counter()
            box.run(jobs)
            rates.append(len(jobs) / (time.perf_counter() - begun))
    return {"programs_per_s": max(rates), "median": float(np.median(rates))}


def soak(arguments: argparse.Namespace) -> dict[str, Any]:
    """Many clients at once, for a while; the server is killed every now and then."""
    counts: Counter[str] = Counter()
    waits: list[float] = []
    lock = threading.Lock()
    ends = time.monotonic() + arguments.seconds

    def client(number: int, address: str) -> None:
        turn = 0
        with make_sandbox(address) as box:
            while time.monotonic() < ends:
                turn += 1
                programs = [
                    (RIGHT if (number + n) % 2 else WRONG) + f"#{number} {turn} {n}"
                    for n in range(arguments.batch)
                ]
                begun = time.monotonic()
                reports = box.run([Job(PROBLEM, program) for program in programs])
                with lock:
                    waits.append(time.monotonic() - begun)
                    counts["asked"] += len(programs)
                    for n, report in enumerate(reports):
                        right = Verdict.AC if (number + n) % 2 else Verdict.WA
                        counts["void"] += report.verdict is Verdict.IE
                        counts["false"] += report.verdict not in (right, Verdict.IE)
                        counts["told"] += 1

    kills, mib = 0, list[float]()
    with server(arguments.sandbox, arguments.workers) as running:
        threads = [
            threading.Thread(target=client, args=(number, running.address))
            for number in range(arguments.clients)
        ]
        for thread in threads:
            thread.start()
        while time.monotonic() + arguments.kill_every_s < ends:
            time.sleep(arguments.kill_every_s)
            mib.append(running.mib)
            running.kill()
            kills += 1
        for thread in threads:
            thread.join()
        mib.append(running.mib)
    return {
        "clients": arguments.clients,
        "kills": kills,
        **counts,
        "programs_per_s": counts["told"] / arguments.seconds,
        "batch_s": dict(
            zip(("p50", "p99", "most"), np.quantile(waits, (0.5, 0.99, 1)), strict=True)
        ),
        "server_mib_before_each_end": mib,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="A judge server under load.")
    parts = {"overhead": overhead, "capacity": capacity, "soak": soak}
    parser.add_argument("part", choices=parts)
    parser.add_argument("--sandbox", default="local")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--kill_every_s", type=float, default=30.0)
    arguments = parser.parse_args()
    print(json.dumps(parts[arguments.part](arguments), indent=2, default=float))


if __name__ == "__main__":
    main()
