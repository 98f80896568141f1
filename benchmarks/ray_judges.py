"""What Ray costs a program, how many programs one driver schedules, and how judges grow with nodes.

python -m benchmarks.ray_judges overhead      # two workers with and without Ray, in turns
python -m benchmarks.ray_judges capacity      # a sandbox that does nothing, on 1, 2 and 4 nodes
python -m benchmarks.ray_judges growth        # one that sleeps, one worker on each of 1, 2, 4 nodes

`growth` sleeps because the nodes of one machine share its cores: what it measures is scheduling.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ray
from ray.cluster_utils import Cluster

from benchmarks.judge_server import PROBLEM, RIGHT
from cppo_env.sandboxing import make_sandbox
from cppo_env.types import Job, Report, Verdict

OBJECT_STORE_BYTES = 100 << 20
IDLE = "benchmarks.judge_server:Idle"
SLEEPY = "benchmarks.ray_judges:Sleepy"


class Sleepy:
    """A sandbox of one worker that sleeps for each program."""

    def __init__(self, workers: int = 1, seconds: float = 0.02) -> None:
        self.facts = {"name": "sleepy", "language": "none"}
        self._seconds, self._worker = seconds, threading.Lock()

    def run(self, jobs: Sequence[Job], /) -> list[Report]:
        """All of them are right, after a time."""
        for _ in jobs:
            with self._worker:
                time.sleep(self._seconds)
        return [Report(Verdict.AC)] * len(jobs)

    def close(self) -> None:
        """Nothing is open."""


def cluster(nodes: int, cores: int) -> Cluster:
    """Nodes on this machine, each of which counts as having some cores."""
    node: dict[str, Any] = {"num_cpus": cores, "object_store_memory": OBJECT_STORE_BYTES}
    started = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
    for _ in range(nodes - 1):
        started.add_node(**node)
    ray.init(started.address, log_to_driver=False, logging_level=40)
    return started


def rate(box: Any, programs: int, label: str) -> float:
    """Programs a second of one batch."""
    jobs = [Job(PROBLEM, f"{RIGHT}#{label} {number}") for number in range(programs)]
    begun = time.perf_counter()
    reports = box.run(jobs)
    took = time.perf_counter() - begun
    assert {report.verdict for report in reports} == {Verdict.AC}
    return programs / took


def wait_for(box: Any, nodes: int) -> None:
    """Until all nodes judge."""
    while not box.facts["nodes"].startswith(f"{nodes} "):
        time.sleep(0.2)


def overhead(arguments: argparse.Namespace) -> dict[str, Any]:
    """The same number of workers, in turns, with and without Ray."""
    started = cluster(1, arguments.workers)
    rates: dict[str, list[float]] = {"direct": [], "ray": []}
    with (
        make_sandbox("local", workers=arguments.workers) as direct,
        make_sandbox("ray", sandbox="local", workers=arguments.workers) as nodes,
    ):
        for turn in range(arguments.rounds + 1):
            for name, box in (("direct", direct), ("ray", nodes)):
                found = rate(box, arguments.programs, str(turn))
                rates[name] += [found] * (turn > 0)  # the first one warms up
    ray.shutdown()
    started.shutdown()
    best = {name: max(found) for name, found in rates.items()}
    return {"programs_per_s": best, "ray_of_direct": best["ray"] / best["direct"], "all": rates}


def capacity(arguments: argparse.Namespace) -> dict[str, Any]:
    """Programs a second that one driver passes on and back."""
    found: dict[int, dict[str, float]] = {}
    for nodes in arguments.nodes:
        started = cluster(nodes, 1)
        with make_sandbox("ray", sandbox=IDLE) as box:
            wait_for(box, nodes)
            rate(box, 1000, "warm")
            before = time.process_time()
            rates = [rate(box, arguments.programs, str(turn)) for turn in range(arguments.rounds)]
            cpu_s = time.process_time() - before
        ray.shutdown()
        started.shutdown()
        found[nodes] = {
            "programs_per_s": max(rates),
            "driver_cpu_us_a_program": 1e6 * cpu_s / arguments.programs / arguments.rounds,
            "driver_peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
    return {"nodes": found}


def loopback_bytes() -> int:
    """Bytes that this machine has sent to itself."""
    for line in Path("/proc/net/dev").read_text().splitlines():
        name, _, counters = line.partition(":")
        if name.strip() == "lo":
            return int(counters.split()[8])
    return 0


def growth(arguments: argparse.Namespace) -> dict[str, Any]:
    """Programs a second of nodes with one worker, as a share of the same judges without Ray."""
    found: list[dict[str, float]] = []
    for nodes in arguments.nodes:
        started = cluster(nodes, 1)
        for seconds in arguments.seconds:
            options = {"seconds": seconds}
            with make_sandbox("ray", sandbox=SLEEPY, sandbox_options=options) as box:
                wait_for(box, nodes)
                rate(box, 8 * nodes, "warm")
                single = [1 / rate(box, 1, f"single {turn}") - seconds for turn in range(20)]
                programs = max(200, round(arguments.busy_s * nodes / seconds))
                sent = loopback_bytes()
                rates = [rate(box, programs, str(turn)) for turn in range(arguments.rounds)]
                sent = loopback_bytes() - sent
            limit = nodes * rate(Sleepy(seconds=seconds), max(50, programs // nodes), "direct")
            found.append(
                {
                    "nodes": nodes,
                    "seconds_a_program": seconds,
                    "programs": programs,
                    "direct_per_s_on_one_node": limit / nodes,
                    "programs_per_s": statistics.median(rates),
                    "share_of_limit": statistics.median(rates) / limit,
                    "round_trip_ms": 1e3 * statistics.median(single),
                    "wire_bytes_a_program": sent / programs / arguments.rounds,
                }
            )
        ray.shutdown()
        started.shutdown()
    return {"points": found}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Judges on Ray.")
    parts = {"overhead": overhead, "capacity": capacity, "growth": growth}
    parser.add_argument("part", choices=parts)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--programs", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--nodes", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--seconds", type=float, nargs="+", default=[0.02, 0.005])
    parser.add_argument("--busy_s", type=float, default=6.0)
    arguments = parser.parse_args()
    print(json.dumps(parts[arguments.part](arguments), indent=2))


if __name__ == "__main__":
    main()
