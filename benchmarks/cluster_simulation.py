"""Judge nodes and GPUs at sizes that nobody had here, simulated (SimPy) from measured figures.

python -m benchmarks.cluster_simulation check       # beside what was measured on 1, 2 and 4 nodes
python -m benchmarks.cluster_simulation judges --judge_s .5 --programs_per_s 100 1000 10000
python -m benchmarks.cluster_simulation train --gpus 8 64 --judge_s .5 --draw_tokens_per_s 2500 \
    --learn_tokens_per_s 10000

What is measured comes from benchmarks/results/cluster.json (`benchmarks.ray_judges growth` and
`capacity`), what is yours from the options: no speed of a GPU was measured here. Chunks, slots and
their hand-out are those of `cppo_cluster.ray_batch`; nodes do not fail, and none is slower.
"""

from __future__ import annotations

import argparse
import json
import math
import random
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import simpy
from cppo_cluster.ray_batch import SLOTS, chunk_jobs

RESULTS = Path(__file__).parent / "results" / "cluster.json"
Events = Generator[simpy.Event, Any, Any]


@dataclass(frozen=True)
class Figures:
    """What one program costs on its way; all of it measured on one node."""

    driver_s: float
    """CPU time of the driver."""
    node_s: float
    """Time of the node's actor and pipe, one program after another."""
    round_trip_s: float
    """From the driver to a node and back, for a program by itself."""

    @classmethod
    def read(cls, path: Path) -> Figures:
        """Those of a file of results."""
        capacity = json.loads(path.read_text())["capacity"]
        [one] = [point for point in capacity if point["nodes"] == 1]
        [trip] = {
            point["round_trip_ms"]
            for point in json.loads(path.read_text())["growth"]
            if point["nodes"] == 1 and point["seconds_a_program"] == 0.02
        }
        return cls(one["driver_cpu_us_a_program"] / 1e6, 1 / one["programs_per_s"], trip / 1e3)


class Judges:
    """Nodes with workers behind one driver."""

    def __init__(
        self,
        world: simpy.Environment,
        nodes: int,
        workers: int,
        seconds: Callable[[], float],
        figures: Figures,
    ) -> None:
        self.world, self.nodes, self.workers = world, nodes, workers
        self._seconds, self._figures = seconds, figures
        self.driver = simpy.Resource(world)
        self._passing = [simpy.Resource(world) for _ in range(nodes)]
        self._workers = [simpy.Resource(world, workers) for _ in range(nodes)]
        self._draws = random.Random(1)
        self.driver_busy_s = self.worker_busy_s = 0.0

    def judge(self, programs: int) -> Events:
        """A batch, cut into chunks as `ray_batch.Batch` cuts it; ends with its last report."""
        size = chunk_jobs(programs, self.nodes, self.nodes * self.workers)
        chunks = [min(size, programs - start) for start in range(0, programs, size)]
        order = self._draws.sample(range(self.nodes), self.nodes)
        slots = simpy.Store(self.world)  # of this batch; a slot is the number of its node
        slots.items.extend(order * SLOTS)
        yield self.world.all_of([self.world.process(self._chunk(one, slots)) for one in chunks])

    def _chunk(self, size: int, slots: simpy.Store) -> Events:
        node: int = yield slots.get()
        yield from self._drive(size)
        yield self.world.timeout(self._figures.round_trip_s / 2)
        with self._passing[node].request() as turn:
            yield turn
            yield self.world.timeout(size * self._figures.node_s)
        work = [self.world.process(self._program(node)) for _ in range(size)]
        yield self.world.all_of(work)
        yield self.world.timeout(self._figures.round_trip_s / 2)
        yield from self._drive(size)
        yield slots.put(node)

    def _drive(self, size: int) -> Events:
        with self.driver.request() as turn:
            yield turn
            took = size * self._figures.driver_s / 2
            self.driver_busy_s += took
            yield self.world.timeout(took)

    def _program(self, node: int) -> Events:
        with self._workers[node].request() as turn:
            yield turn
            took = self._seconds()
            self.worker_busy_s += took
            yield self.world.timeout(took)


def tailed(mean: float, spread: float, random_: random.Random) -> Callable[[], float]:
    """Log-normal draws with a mean; `spread` is that of their logarithm."""
    return lambda: random_.lognormvariate(math.log(mean) - spread**2 / 2, spread)


def rate(
    nodes: int, workers: int, seconds: Callable[[], float], programs: int, f: Figures
) -> Judges:
    """One batch, judged to its end; the world's clock says how long it took."""
    world = simpy.Environment()
    judges = Judges(world, nodes, workers, seconds, f)
    world.run(world.process(judges.judge(programs)))
    return judges


def check(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Simulated beside measured: constants are those of one node, two and four are predicted."""
    measured = json.loads(arguments.figures.read_text())
    figures = Figures.read(arguments.figures)
    rows: list[dict[str, Any]] = []
    for point in measured["growth"]:
        sleep, programs = point["seconds_a_program"], int(point["programs"])
        takes = 1 / point["direct_per_s_on_one_node"]  # the sleep, and what the machine adds
        judges = rate(int(point["nodes"]), 1, lambda takes=takes: takes, programs, figures)
        simulated = programs / judges.world.now
        rows.append(
            {
                "nodes": point["nodes"],
                "seconds_a_program": sleep,
                "measured_per_s": point["programs_per_s"],
                "simulated_per_s": simulated,
                "simulated_of_measured": simulated / point["programs_per_s"],
            }
        )
    return rows


def judges(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Groups that arrive at a rate: how long they take by the number of nodes.

    `headroom` is the nodes' number over rate times `judge_s` over `workers`, the least possible.
    """
    figures = Figures.read(arguments.figures)
    rows: list[dict[str, Any]] = []
    for wanted in arguments.programs_per_s:
        least = wanted * arguments.judge_s / arguments.workers
        for headroom in arguments.headroom:
            world, draws = simpy.Environment(), random.Random(0)
            seconds = tailed(arguments.judge_s, arguments.judge_spread, draws)
            found = Judges(world, math.ceil(headroom * least), arguments.workers, seconds, figures)
            took: list[float] = []
            gap = arguments.group / wanted
            world.process(_arrivals(found, arguments.group, gap, draws, took))
            world.run(arguments.for_s)
            took.sort()
            slots = found.nodes * arguments.workers
            rows.append(
                {
                    "programs_per_s": wanted,
                    "headroom": headroom,
                    "nodes": found.nodes,
                    "judged_per_s": len(took) * arguments.group / world.now,
                    "median_s": took[len(took) // 2],
                    "p95_s": took[len(took) * 95 // 100],
                    "workers_busy": min(1.0, found.worker_busy_s / world.now / slots),
                    "driver_busy": found.driver_busy_s / world.now,
                }
            )
    return rows


def _arrivals(
    judges: Judges, group: int, gap_s: float, draws: random.Random, took: list[float]
) -> Events:
    """Groups arrive one by one, at random, and for ever."""

    def one() -> Events:
        begun = judges.world.now
        yield from judges.judge(group)
        took.append(judges.world.now - begun)

    while True:
        judges.world.process(one())
        yield judges.world.timeout(draws.expovariate(1 / gap_s))


class Training:
    """GPUs that draw and GPUs that learn, and judges between them.

    Batch b may be drawn once update b - 1 - `staleness` is done: with 0 drawing waits for the
    update, and one of both halves is always idle.
    """

    def __init__(
        self,
        arguments: argparse.Namespace,
        gpus: int,
        nodes: int,
        staleness: int,
        seed: int = 0,
    ) -> None:
        self.world = simpy.Environment()
        self._random = random.Random(seed)
        self._options, self._staleness = arguments, staleness
        learning = max(1, round(gpus * arguments.learning_share))
        self.drawing = gpus - learning
        a = arguments
        seconds = tailed(a.judge_s, a.judge_spread, self._random)
        figures = Figures.read(a.figures)
        self.judges = Judges(self.world, nodes, a.workers, seconds, figures)
        self._gpus = simpy.Resource(self.world, self.drawing * a.sequences_per_gpu)
        self._length = tailed(a.tokens_per_program, a.length_spread, self._random)
        self._token_s = a.sequences_per_gpu / a.draw_tokens_per_s
        per_update = a.programs_per_gpu * gpus
        self._groups = math.ceil(per_update / a.group)
        self.programs = self._groups * a.group
        self.update_s = self.programs * a.tokens_per_program / a.learn_tokens_per_s / learning
        self._done = 0
        self._updated = self.world.event()
        self._ready = simpy.Store(self.world)
        self.drawn_s = self.judged_s = 0.0
        self.stale = 0

    def run(self, updates: int) -> float:
        """Seconds for some updates."""
        self.world.process(self._draw(updates))
        self.world.run(self.world.process(self._learn(updates)))
        return self.world.now

    def _draw(self, updates: int) -> Events:
        for batch in range(updates):
            while batch - self._done > self._staleness:
                yield self._updated
            self.world.process(self._batch(batch))

    def _batch(self, batch: int) -> Events:
        """The GPUs take sequences in order, so the next batch fills what the last one leaves."""
        yield self.world.all_of(
            [self.world.process(self._group(batch)) for _ in range(self._groups)]
        )
        yield self._ready.put(batch)

    def _group(self, batch: int) -> Events:
        """Draws of one problem, judged when all of them are there."""
        size = self._options.group
        yield self.world.all_of([self.world.process(self._one(batch)) for _ in range(size)])
        begun = self.world.now
        yield from self.judges.judge(size)
        self.judged_s += self.world.now - begun

    def _one(self, batch: int) -> Events:
        with self._gpus.request() as turn:
            yield turn
            self.stale += batch - self._done
            took = min(self._length(), self._options.most_tokens) * self._token_s
            self.drawn_s += took
            yield self.world.timeout(took)

    def _learn(self, updates: int) -> Events:
        for _ in range(updates):
            yield self._ready.get()
            yield self.world.timeout(self.update_s)
            self._done += 1
            self._updated.succeed()
            self._updated = self.world.event()


def train(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Runs of 8 and 64 GPUs: by judge nodes without staleness, then by staleness."""
    rows: list[dict[str, Any]] = []
    for gpus in arguments.gpus:
        for nodes in arguments.nodes:
            for staleness in arguments.staleness:
                run = Training(arguments, gpus, nodes, staleness)
                took = run.run(arguments.updates)
                programs = run.programs * arguments.updates
                slots = run.drawing * arguments.sequences_per_gpu
                rows.append(
                    {
                        "gpus": gpus,
                        "judge_nodes": nodes,
                        "staleness_allowed": staleness,
                        "staleness_mean": run.stale / programs,
                        "programs_per_s": programs / took,
                        "updates_an_hour": 3600 * arguments.updates / took,
                        "drawing_gpus_busy": run.drawn_s / took / slots,
                        "learning_gpus_busy": run.update_s * arguments.updates / took,
                        "workers_busy": run.judges.worker_busy_s
                        / took
                        / (nodes * arguments.workers),
                        "driver_busy": run.judges.driver_busy_s / took,
                        "judged_in_s": run.judged_s / (programs / arguments.group),
                    }
                )
    return rows


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description="Judge nodes and GPUs, simulated.")
    parts = {"check": check, "judges": judges, "train": train}
    parser.add_argument("part", choices=parts)
    parser.add_argument("--figures", type=Path, default=RESULTS)
    parser.add_argument("--workers", type=int, default=32, help="of each judge node")
    parser.add_argument("--judge_s", type=float, help="mean time of a worker for a program")
    parser.add_argument("--judge_spread", type=float, default=1.0, help="of its logarithm")
    parser.add_argument("--programs_per_s", type=float, nargs="+", default=[100, 1000, 10000])
    parser.add_argument("--for_s", type=float, default=30.0, help="of the simulated clock")
    parser.add_argument("--headroom", type=float, nargs="+", default=[1.0, 1.1, 1.25, 1.5])
    parser.add_argument("--gpus", type=int, nargs="+", default=[8, 64])
    parser.add_argument("--nodes", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--staleness", type=int, nargs="+", default=[0, 1, 2, 4])
    parser.add_argument("--updates", type=int, default=20)
    parser.add_argument("--draw_tokens_per_s", type=float, help="of a GPU, all sequences together")
    parser.add_argument("--learn_tokens_per_s", type=float, help="of a GPU")
    parser.add_argument("--tokens_per_program", type=float, default=1000.0)
    parser.add_argument("--most_tokens", type=float, default=4096.0, help="of a program")
    parser.add_argument("--length_spread", type=float, default=0.8, help="of its logarithm")
    parser.add_argument("--sequences_per_gpu", type=int, default=64, help="drawn at the same time")
    parser.add_argument("--programs_per_gpu", type=int, default=64, help="of an update")
    parser.add_argument("--learning_share", type=float, default=0.25, help="of the GPUs")
    parser.add_argument("--group", type=int, default=16, help="programs of a problem")
    arguments = parser.parse_args()
    needed = {
        "judges": ("judge_s",),
        "train": ("judge_s", "draw_tokens_per_s", "learn_tokens_per_s"),
    }
    for name in needed.get(arguments.part, ()):
        if getattr(arguments, name) is None:
            parser.error(f"--{name} has no default, because it was not measured here; give yours")
    print(json.dumps(parts[arguments.part](arguments), indent=2))


if __name__ == "__main__":
    main()
