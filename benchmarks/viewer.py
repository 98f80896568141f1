"""How quick the viewer is with many episodes.

    python benchmarks/viewer.py                       # 100, 10,000 and 100,000 episodes

Of a made-up run with 128 episodes a step: the time to index it, to open it again, to filter and to
search it, to answer four pages, and the memory that this process gained. Seconds of CPU time, which
other work on the machine lengthens least, and in brackets those of the clock.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from cppo_viewer.index import EpisodeIndex
from cppo_viewer.library import Library
from cppo_viewer.server import make_app
from rich.console import Console
from rich.table import Table
from starlette.testclient import TestClient

from cppo_env.records import EpisodeRecord

EPISODES_A_STEP = 128
WORDS = "sort numbers then sweep window with two pointers and keep heap of sums".split()  # noqa: SIM905


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="How quick the viewer is with many episodes.")
    parser.add_argument("--episodes", type=int, nargs="+", default=[100, 10_000, 100_000])
    table = Table(
        "episodes",
        "MB",
        *["index", "open", "filter", "search", "rare"],
        *["run", "step", "problems", "found", "MiB"],
    )
    for count in parser.parse_args().episodes:
        with tempfile.TemporaryDirectory() as folder:
            table.add_row(*_measure(Path(folder), count))
    table.caption = "the best of five but for the index; pages as their server answers"
    Console(width=180).print(table)


def _measure(folder: Path, count: int) -> list[str]:
    run, cache = folder / "runs" / "made-up", folder / "cache"
    size = _write(run, count)
    before = _peak_mib()

    def read() -> None:
        index = EpisodeIndex(run, cache)
        index.refresh()
        index.close()

    figures = [_best(read, times=1), _best(read)]
    library = Library([run.parent], cache)
    index = library.index(library.run("made-up"))
    figures.append(_best(lambda: index.search({"verdict": "TLE", "solved": "no"})))
    figures.append(_best(lambda: index.search({"q": '"two pointers" heap'})))
    figures.append(_best(lambda: index.search({"q": '"heap keep heap keep"'})))
    with TestClient(make_app(library), base_url="http://127.0.0.1") as client:
        for page in ("", "/step/step-000001", "/problems", "/search?q=window&verdict=AC"):
            figures.append(_best(lambda page=page: client.get(f"/run/made-up{page}")))
    library.close()
    seconds = [f"{cpu:.3f} ({wall:.2f})" for cpu, wall in figures]
    return [f"{count:,}", f"{size / 1e6:.0f}", *seconds, f"{_peak_mib() - before:.0f}"]


def _write(run: Path, count: int) -> int:
    (run / "rollouts").mkdir(parents=True)
    (run / "config.json").write_text(
        '{"algorithm": "cppo", "env": "CPPO-Strategies-v0", "k": 4, "steps": 1000}'
    )
    rng, size = np.random.default_rng(0), 0
    for start in range(0, count, EPISODES_A_STEP):
        file = run / "rollouts" / f"step-{start // EPISODES_A_STEP + 1:06d}.jsonl"
        lines = [_line(rng, number) for number in range(start, min(count, start + EPISODES_A_STEP))]
        file.write_text("".join(lines))
        size += file.stat().st_size
    return size


def _line(rng: np.random.Generator, number: int) -> str:
    verdicts = tuple(rng.choice(["AC", "WA", "TLE", "RE"], 4, p=[0.2, 0.6, 0.1, 0.1]).tolist())
    words = rng.choice(WORDS, 1040).tolist()
    methods = tuple(" ".join(words[n * 20 : n * 20 + 20]) + "." for n in range(4))
    programs = tuple(
        "\n".join(" ".join(words[80 + 8 * line :][:8]) for line in range(n * 30, n * 30 + 30))
        for n in range(4)
    )
    record = EpisodeRecord(
        problem_id=f"strategies/train/{number // 8 % 512}",
        episode=number % 8,
        methods=methods,
        accepted=True,
        reason="",
        programs=programs,
        verdicts=verdicts,
        messages=("",) * 4,
        reward=float("AC" in verdicts),
        void=False,
        tests=12,
        tokens=int(rng.integers(200, 900)),
        acting_s=0.1,
        judging_s=0.1,
        answers=programs,
        outcomes=("AAW",) * 4,
    )
    return record.to_json() + "\n"


def _best(call: Callable[[], object], times: int = 5) -> tuple[float, float]:
    """Seconds of CPU time, and of the clock, of the best call."""
    found: list[tuple[float, float]] = []
    for _ in range(times):
        cpu, wall = time.process_time(), time.perf_counter()
        call()
        found.append((time.process_time() - cpu, time.perf_counter() - wall))
    return min(found)


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
