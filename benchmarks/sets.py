"""Print the table of all problem sets: what loads, what the judge accepts, and what it costs.

    python -m benchmarks.sets --data FOLDER --sandbox local --json sets.json

FOLDER holds apps/, code_contests/ and livecodebench/ with JSON lines, Parquet files or archives,
and a known_solutions.jsonl in each. Sets of which no genuine file is at hand come as one record
built to the published schema. Every row is one `cppo problems validate` in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cppo_env.problems import load_problems
from cppo_env.problems.validation.validate import ONE_ANSWER_CHECKERS
from tests.support import more_records
from tests.support.records import write_lines

BUNDLED = ("samples", "strategies")
GENUINE = ("apps", "code_contests", "livecodebench")
BUILT = (
    "deepcoder", "codeforces", "code_contests_plus", "aethercode", "taco", "prime_intellect",
    "humaneval_plus", "mbpp_plus",
)  # fmt: skip
RIGHT = {
    more_records.STATEMENT: (
        "n = int(input())\nprint(n // 2, n - n // 2)\n",
        "print(0, input())\n",
    ),
}
"""Programs for statements with several right answers: none of the sets' rows holds two."""
WRONG = "def answer(*_): return -1\n\n\ntwice = halves = answer\nprint(-1)\n"
COLUMNS = (
    "set", "problems", "refused", "right: AC", "wrong: caught", "several answers: kept, dropped",
    "tests", "s", "MiB",
)  # fmt: skip


def genuine(data: Path) -> Iterator[tuple[str, Path, Path]]:
    """Name, path and known programs of every file and archive."""
    for name in GENUINE:
        known = data / name / "known_solutions.jsonl"
        paths = [path for path in sorted((data / name).iterdir()) if path != known]
        for path in paths:
            if path.is_dir() or path.suffix in (".jsonl", ".parquet"):
                yield f"{name}/{path.name}", path, known


def built(folder: Path) -> Iterator[tuple[str, Path, Path]]:
    """The same for records built to a schema."""
    for name in BUILT:
        path = write_lines(folder / name / "train.jsonl", [getattr(more_records, name)()])
        [problem] = load_problems(path)
        programs = [(code, "correct") for code in RIGHT.get(_statement(problem.statement), ())]
        rows = [
            {"key": problem.id, "language": "python3", "expected": expected, "code": code}
            for code, expected in [*programs, (WRONG, "incorrect")]
        ]
        yield f"{name} (built)", path, write_lines(folder / name / "known" / "known.jsonl", rows)


def _statement(text: str) -> str:
    return next((one for one in RIGHT if one in text), text)


def measured(source: str | Path, known: Path | None, sandbox: str) -> dict[str, Any]:
    """The JSON result of one `cppo problems validate`, and how many problems have several answers.

    Raises:
        subprocess.CalledProcessError: the command failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder, "result.json")
        words = ["problems", "validate", str(source), "--sandbox", sandbox, "--json", str(result)]
        words += ["--known", str(known)] if known else []
        command = [sys.executable, "-m", "cppo_env", *words]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        figures: dict[str, Any] = json.loads(result.read_text())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the command has given them
        checkers = {one.id: one.checker for one in load_problems(source)}
    many = {name for name, checker in checkers.items() if checker not in ONE_ANSWER_CHECKERS}
    figures["several_kept"] = len(many - figures["dropped"].keys())
    figures["several_dropped"] = sum(
        reason.startswith("several right answers") for reason in figures["dropped"].values()
    )
    return figures


def cells(name: str, figures: dict[str, Any]) -> list[str]:
    """One row of the table."""

    def part(done: str, total: str) -> str:
        return f"{figures[done]:,} of {figures[total]:,}" if figures[total] else "–"

    return [
        name,
        f"{figures['problems']:,}",
        f"{len(figures['refused']):,}",
        part("right_accepted", "right_programs"),
        part("wrong_caught", "wrong_programs"),
        f"{figures['several_kept']}, {figures['several_dropped']}",
        f"{figures['tests']:,}",
        f"{figures['seconds']:.0f}",
        f"{figures['peak_memory_bytes'] / 2**20:.0f}",
    ]


def main() -> None:
    """Print a row of a Markdown table for each set, as soon as it is measured."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with genuine records")
    parser.add_argument("--sandbox", default="docker", help="docker or local")
    parser.add_argument("--json", type=Path, help="write all figures there")
    options = parser.parse_args()
    print(f"| {' | '.join(COLUMNS)} |\n|{' --- |' * len(COLUMNS)}", flush=True)
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        bundled = [(name, name, None) for name in BUNDLED]
        for name, source, known in (*bundled, *built(Path(folder)), *genuine(options.data)):
            found[name] = figures = measured(source, known, options.sandbox)
            print(f"| {' | '.join(cells(name, figures))} |", flush=True)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
