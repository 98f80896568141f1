"""Measure problem stores of 100 to 100,000 problems: opening, reads, memory, workers, large tests.

    python benchmarks/problems.py --folder /tmp/stores --sizes 100,10000,100000

Stores are synthetic and stay in the folder for the next run. Each figure is measured in a separate
process.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

from rich.console import Console
from rich.table import Table

from cppo_env.problems.selection import select
from cppo_env.problems.store.reader import StoredProblems, arrow
from cppo_env.problems.store.writer import write_store
from cppo_env.problems.views import Problems, Summary, summarise
from cppo_env.types import MIB, Problem, TestCase

STATEMENT_WORDS = 250
TESTS = 20
TEST_BYTES = 500
LARGE_TESTS = 100
"""Tests of the one problem that holds 100 MB."""


class Synthetic(Problems):
    """Problems as large as those of CodeContests, made on demand."""

    def __init__(self, size: int):
        self.size = size

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int, /) -> Problem:
        random = Random(index)
        words = " ".join(random.choices(WORDS, k=STATEMENT_WORDS))
        program = f"# {random.random()}\nprint(sum(map(int, input().split())))\n"
        return Problem(
            id=f"synthetic/{index}",
            statement=f"Problem {index}. {words}",
            tests=[
                TestCase(numbers(random, TEST_BYTES), f"{random.random()}\n") for _ in range(TESTS)
            ],
            references=(program,) * 3,
            metadata={"difficulty": str(index % 5), "split": "train" if index % 10 else "test"},
        )

    def summary(self, index: int) -> Summary:
        """Made from the problem."""
        return summarise(self[index])


class Large(Synthetic):
    """A few problems, the first of which has 100 MB of tests."""

    def __getitem__(self, index: int, /) -> Problem:
        problem = super().__getitem__(index)
        if index:
            return problem
        random = Random(0)
        tests = [TestCase(numbers(random, MIB), f"{number}\n") for number in range(LARGE_TESTS)]
        return Problem(id=problem.id, statement=problem.statement, tests=tests)


WORDS = [f"{Random(number).getrandbits(32):x}"[: 3 + number % 6] for number in range(2000)]


def numbers(random: Random, size: int) -> str:
    """About `size` bytes of numbers."""
    return " ".join(str(random.getrandbits(20)) for _ in range(size // 7)) + "\n"


def peak_mib() -> float:
    """Peak resident memory of this process (getrusage would include the parent's)."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def measure_open(folder: Path) -> dict[str, float]:
    """Open a store, read random problems, filter it, look up ids."""
    start = time.perf_counter()
    arrow()
    imported = time.perf_counter()
    store = StoredProblems(folder)
    opened = time.perf_counter()
    store[0]
    first = time.perf_counter()
    figures = {
        "import_pyarrow_s": imported - start,
        "open_s": opened - imported,
        "first_problem_ms": (first - opened) * 1e3,
        "open_mib": peak_mib(),
    }
    random = Random(0)
    places = [random.randrange(len(store)) for _ in range(200)]
    start = time.perf_counter()
    for place in places:
        store[place]
    figures["problem_ms"] = (time.perf_counter() - start) / len(places) * 1e3
    start = time.perf_counter()
    for place in places:
        sum(len(test.input) for test in store[place].tests)
    figures["problem_and_tests_ms"] = (time.perf_counter() - start) / len(places) * 1e3
    start = time.perf_counter()
    store.index(f"synthetic/{len(store) - 1}")
    figures["first_lookup_ms"] = (time.perf_counter() - start) * 1e3
    start = time.perf_counter()
    for place in places:
        store.index(f"synthetic/{place}")
    figures["lookup_us"] = (time.perf_counter() - start) / len(places) * 1e6
    start = time.perf_counter()
    select(store, difficulty="0", split="test")
    figures["filter_s"] = time.perf_counter() - start
    figures["peak_mib"] = peak_mib()
    return figures


def measure_large(folder: Path) -> dict[str, float]:
    """Walk 100 MB of tests of one problem."""
    store = StoredProblems(folder)
    before = peak_mib()
    start = time.perf_counter()
    size = sum(len(test.input) + len(test.output) for test in store[0].tests)
    seconds = time.perf_counter() - start
    return {"tests_mib": size / MIB, "walk_s": seconds, "grown_mib": peak_mib() - before}


def measure_cpu(folder: Path) -> dict[str, float]:
    """Milliseconds of CPU time per problem, for each store of the folder, in turns."""
    stores = {path.name: StoredProblems(path) for path in folder.glob("store-*0")}
    random = Random(0)
    spent = dict.fromkeys(stores, 0.0)
    for turn in range(10):
        for name, store in stores.items():
            places = [random.randrange(len(store)) for _ in range(30)]
            start = time.process_time()
            for place in places:
                store[place]
            spent[name] += (time.process_time() - start) * (turn > 0)
    return {name: seconds / 270 * 1e3 for name, seconds in spent.items()}


def read_some(store: StoredProblems, seed: int) -> int:
    """One worker's share."""
    random = Random(seed)
    return sum(len(store[random.randrange(len(store))].statement) for _ in range(200))


def measure_workers(folder: Path) -> dict[str, float]:
    """Problems per second that two workers read, for each start method."""
    store = StoredProblems(folder)
    figures: dict[str, float] = {}
    for method in ("fork", "spawn"):
        with multiprocessing.get_context(method).Pool(2) as pool:
            pool.starmap(read_some, [(store, seed) for seed in range(2)])
            start = time.perf_counter()
            pool.starmap(read_some, [(store, seed) for seed in range(2, 6)])
            figures[f"{method}_problems_per_s"] = 800 / (time.perf_counter() - start)
    return figures


def fresh(name: str, folder: Path) -> dict[str, float]:
    """Run a measurement in a new process."""
    done = subprocess.run(
        [sys.executable, __file__, "--measure", name, "--folder", str(folder)],
        check=True,
        capture_output=True,
        text=True,
    )
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def built(problems: Problems, folder: Path) -> dict[str, float]:
    """Write a store unless it exists."""
    if folder.exists():
        return {"mib": sum(file.stat().st_size for file in folder.iterdir()) / MIB}
    start = time.perf_counter()
    size = write_store(problems, folder)
    return {"mib": size / MIB, "write_s": time.perf_counter() - start}


def main() -> None:
    """Build the stores that are missing, measure, print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, required=True, help="where the synthetic stores lie")
    parser.add_argument("--sizes", default="100,10000,100000", help="numbers of problems")
    parser.add_argument("--json", type=Path, help="write the figures there")
    parser.add_argument(
        "--measure", choices=["open", "large", "workers", "cpu"], help=argparse.SUPPRESS
    )
    arguments = parser.parse_args()
    if arguments.measure:
        measure = {
            "open": measure_open,
            "large": measure_large,
            "workers": measure_workers,
            "cpu": measure_cpu,
        }
        print(json.dumps(measure[arguments.measure](arguments.folder)))
        return
    results: dict[str, Any] = {}
    for size in map(int, arguments.sizes.split(",")):
        folder = arguments.folder / f"store-{size}"
        results[str(size)] = (
            built(Synthetic(size), folder) | fresh("open", folder) | fresh("workers", folder)
        )
    for name, milliseconds in fresh("cpu", arguments.folder).items():
        if name.removeprefix("store-") in results:
            results[name.removeprefix("store-")]["problem_cpu_ms"] = milliseconds
    large = arguments.folder / "store-large"
    results["one problem of 100 MB"] = built(Large(4), large) | fresh("large", large)
    names = list(dict.fromkeys(name for figures in results.values() for name in figures))
    table = Table("", *results)
    for name in names:
        cells = (f"{figures[name]:.3g}" if name in figures else "" for figures in results.values())
        table.add_row(name, *cells)
    Console().print(table)
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
