"""Measure how the cost of a test depends on the number of tests and workers and on sizes.

Every rate is compared with the bare forks (or the bare stream) of the same moment, so a busy
machine shows in both.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from cppo_env.machine import cores
from cppo_env.sandboxing import make_sandbox
from cppo_env.types import Job, Problem, TestCase
from cppo_sandboxes.bench.throughput import FORKS, PROGRAM, check, in_parallel

if TYPE_CHECKING:
    from cppo_sandboxes.bench.config import BenchConfig

TESTS = (100, 1_000, 10_000, 100_000)
SIZES = (1 << 10, 10 << 10, 100 << 10, 1 << 20, 5 << 20)
STREAM_BYTES = 64 << 20
READER = "import os\nwhile os.read(0, 1 << 18): pass"
WRITER = f"import os\nfor _ in range({STREAM_BYTES >> 16}): os.write(1, bytes(1 << 16))"
READS = "import sys\nprint(len(sys.stdin.buffer.read()))\n"
WRITES = "print('x' * int(input()))\n"


class Generated(Sequence[TestCase]):
    """Test cases made on demand."""

    def __init__(self, count: int, make: Callable[[int], TestCase]) -> None:
        self._count, self._make = count, make

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: Any) -> Any:
        if not 0 <= index < self._count:
            raise IndexError(index)
        return self._make(index)


def measure(config: BenchConfig) -> dict[str, Any]:
    """Rows: what was varied, the rate, its share of the limit, and that relative to the first row.

    Raises:
        SandboxError: a back end cannot start, or judges a right program wrong.
    """
    return {
        "cores": cores(),
        "rows": [
            {"sandbox": name, **row}
            for name in config.sandboxes
            for kind in (_by_count, _by_workers, _by_size)
            for row in kind(name, config)
        ],
    }


def _by_count(name: str, config: BenchConfig) -> Iterator[dict[str, Any]]:
    """One program per core, with more and more tests."""
    with make_sandbox(name) as sandbox:
        counts = [count for count in TESTS if count <= config.most_tests]
        yield from _rows(
            "tests", counts, config, lambda count: _run(sandbox, [_sums(count)] * cores())
        )


def _by_workers(name: str, config: BenchConfig) -> Iterator[dict[str, Any]]:
    """More workers than cores."""
    count = cores()
    jobs = count * max(2, int(20 * min(1.0, config.seconds)))
    with contextlib.ExitStack() as stack:
        pools = {
            size: stack.enter_context(make_sandbox(name, workers=size))
            for size in sorted({count, count * 3 // 2, count * 2})
        }
        yield from _rows(
            "workers", list(pools), config, lambda size: _run(pools[size], [_sums(20)] * jobs)
        )


def _by_size(name: str, config: BenchConfig) -> Iterator[dict[str, Any]]:
    """Longer inputs, then longer outputs, compared with the bare stream that carries them."""

    def reads(size: int) -> tuple[int, float]:
        problem = Problem("reads", "", Generated(4, lambda _: TestCase("x" * size, f"{size}\n")))
        return _run(sandbox, [problem] * cores(), READS)

    def writes(size: int) -> tuple[int, float]:
        problem = Problem(
            "writes", "", Generated(4, lambda _: TestCase(f"{size}\n", "")), checker=_is_as_long
        )
        return _run(sandbox, [problem] * cores(), WRITES)

    with make_sandbox(name) as sandbox:
        for kind, action, source in (("B in", reads, READER), ("B out", writes, WRITER)):
            stream = statistics.median(_stream(name, source) for _ in range(config.rounds))
            for row in _rows(kind, list(SIZES), config, action):
                megabytes = row["per_second"] * row["value"] / 1e6
                yield {**row, "mb_per_s": megabytes, "of_stream": megabytes / stream}


def _rows(
    kind: str, values: list[int], config: BenchConfig, action: Callable[[int], tuple[int, float]]
) -> Iterator[dict[str, Any]]:
    """Medians of the rounds; `action` runs tests for one value and returns count and seconds."""
    rounds: dict[int, list[tuple[float, float, float]]] = {value: [] for value in values}
    grown: dict[int, int] = {}
    for _ in range(config.rounds):
        for value in values:
            limit = in_parallel(FORKS, min(0.5, config.seconds))
            with _peak_memory() as peak:
                host_s, done, elapsed_s = time.process_time(), 0, 0.0
                while not done or elapsed_s < config.seconds:
                    count, seconds = action(value)
                    done, elapsed_s = done + count, elapsed_s + seconds
                host_s = time.process_time() - host_s
            rounds[value].append((done / elapsed_s, done / elapsed_s / limit, host_s / done))
            grown[value] = max(grown.get(value, 0), peak[0])
    first = None
    for value in values:
        rate, share, host_s = (
            statistics.median(column) for column in zip(*rounds[value], strict=True)
        )
        first = first or share
        yield {
            "what": kind,
            "value": value,
            "per_second": rate,
            "of_limit": share,
            "of_first": share / first,
            "host_cpu_us": host_s * 1e6,
            "host_grew_mb": grown[value] / 1e6,
        }


def _run(sandbox: Any, problems: list[Problem], program: str = PROGRAM) -> tuple[int, float]:
    jobs = [Job(problem, f"{program}# {number}") for number, problem in enumerate(problems)]
    started = time.perf_counter()
    for report in sandbox.run(jobs):
        check(report)
    return sum(len(problem.tests) for problem in problems), time.perf_counter() - started


def _sums(count: int) -> Problem:
    return Problem(
        "sums", "", Generated(count, lambda number: TestCase(f"{number} 2\n", f"{number + 2}\n"))
    )


def _is_as_long(problem: Problem, test: TestCase, got: str) -> bool:
    return len(got) == int(test.input) + 1


@contextlib.contextmanager
def _peak_memory() -> Generator[list[int]]:
    """By how many bytes this process grows at most until the block ends."""
    done, peak, before = threading.Event(), [0], _resident_bytes()

    def look() -> None:
        while not done.wait(0.05):
            peak[0] = max(peak[0], _resident_bytes() - before)

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        done.set()
        watcher.join()


def _resident_bytes() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _stream(name: str, source: str) -> float:
    """MB/s of a bare stream: a container's attach socket, or a process's pipe."""
    if name != "docker":
        command = [sys.executable, "-I", "-S", "-c", source]
        data = bytes(STREAM_BYTES) if source == READER else None
        started = time.perf_counter()
        subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True)
        return STREAM_BYTES / 1e6 / (time.perf_counter() - started)
    from cppo_sandboxes import engine

    with contextlib.closing(engine.connect()) as client:
        box = client.containers.create(
            engine.IMAGE, ["python3", "-c", source], stdin_open=True, network_mode="none"
        )
        try:
            stream = box.attach_socket(params={"stdin": 1, "stdout": 1, "stream": 1})
            connection = getattr(stream, "_sock", stream)
            box.start()
            if source == READER:
                started = time.perf_counter()
                connection.sendall(bytes(STREAM_BYTES))
            else:
                left = STREAM_BYTES - len(connection.recv(1 << 18))
                started = time.perf_counter()
                while left > 0 and (data := connection.recv(1 << 18)):
                    left -= len(data)
            elapsed_s = time.perf_counter() - started
            stream.close()
            return STREAM_BYTES / 1e6 / elapsed_s
        finally:
            box.remove(force=True)
