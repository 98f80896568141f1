"""The proof: who passes the ceiling of independent attempts on `CPPO-Strategies-v0`?

    python benchmarks/coordination.py --settings 4-of-8             # the runs of one setting
    python benchmarks/coordination.py --settings 4-of-8 --hours 3   # starts no run after 3 hours
    python benchmarks/coordination.py --table                       # what has been run so far
    python benchmarks/coordination.py --rate 6e-4                   # one rate, and no search

All methods get the same model, attempts (K = 4), problems and steps, and those that start alike
share one warm start a seed. The ceiling and the optimum of each setting are known exactly. In
`two-stage` there are 16 methods and programs of about ten lines, and 36 % of the programs that the
warm start shows have a wrong stage: solver skill matters as well, and runs have 400 steps, not 100.
`4-of-8-long` is 4-of-8 with 200 steps: after 100 the curves of CPPO still rise.
`COMMON` keeps all settings small (two families), so that a run takes about a minute of CPU time.
Every learning rate of `RATES` is tried with seed 100 and the best mean training pass@4 of the last
20 steps is taken, so each method has the same search budget and no held-out problem decides a
setting. A run is a folder of `cppo train`; runs that were broken off go on, finished ones are not
repeated, none is shortened, and the table prints "not run" where one is missing. `cppo compare`
tests the pairs on the same folders, and `--json` holds the learning curves.
"""

from __future__ import annotations

import argparse
import io
import json
import shlex
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from cppo_grpo import Run, TrainConfig, train
from cppo_grpo.choices import Planner
from cppo_grpo.runs.log import MetricsLog
from cppo_grpo.stages.start import starting_point
from cppo_sandboxes.cached import CachedSandbox
from cppo_sandboxes.selftest import require_trust
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from benchmarks.coordination_settings import (
    BOUND,
    BUDGETS,
    COMMON,
    CORE,
    FILTERS,
    METHODS,
    POINT,
    RATES,
    SEARCH_SEED,
    SETTINGS,
    WARM_START_STEPS,
    WINDOW,
    K,
)
from benchmarks.origins import origins
from cppo_env import load_problems, make_sandbox
from cppo_env.arrays import Floats
from cppo_env.evaluation.comparison.differences import Pair, differences
from cppo_env.evaluation.comparison.significance import holm
from cppo_env.evaluation.comparison.tables import p_value
from cppo_env.intervals import over_seeds
from cppo_env.problems.strategies import coordinated_optimum, independent_ceiling
from cppo_env.records import EpisodeRecord


@dataclass(frozen=True, slots=True)
class Cell:
    """One run of the table."""

    setting: str
    method: str
    seed: int
    rate: float
    root: Path

    @property
    def folder(self) -> Path:
        """Its run folder."""
        return self.root / self.setting / self.method / f"lr-{self.rate:g}" / f"seed-{self.seed}"

    @property
    def start(self) -> Start:
        """Where it starts, together with all methods that play alike."""
        planner = TrainConfig(**METHODS[self.method]).planning
        return Start(self.setting, planner, self.seed, self.root)

    def rows(self, stage: str) -> list[dict[str, Any]]:
        """The rows of a stage in its metrics."""
        log = self.folder / "metrics.jsonl"
        return MetricsLog(log, writable=False).rows(stage) if log.exists() else []

    @property
    def done(self) -> bool:
        """Whether it was evaluated after its last step."""
        return bool(self.rows("after"))

    def carry_out(self) -> float:
        """Train and evaluate, or go on where it was broken off; returns the CPU seconds."""
        began = time.process_time()
        if (self.folder / "config.json").exists():
            run = Run.open(TrainConfig(resume=self.folder))
        else:
            settings: dict[str, Any] = {"lr": self.rate} | COMMON
            settings |= BUDGETS.get(self.setting, {}) | METHODS[self.method]
            run = Run.open(
                TrainConfig(
                    **settings,
                    model=str(self.start.made()),
                    run=self.folder,
                    seed=self.seed,
                    filters=FILTERS | SETTINGS[self.setting],
                )
            )
        lend_evaluation(run, self.root.glob(f"{self.setting}/*/lr-*/seed-{self.seed}"))
        train(run, sandbox(), Console(file=io.StringIO()))
        return time.process_time() - began

    def training_pass_at_k(self) -> float:
        """Mean pass@K of the last steps, which chooses the learning rate."""
        steps = [row["pass_at_k"] for row in self.rows("joint")]
        return float(np.mean(steps[-WINDOW:]))

    def passed(self) -> dict[tuple[str, int], float]:
        """Whether any of the K attempts passed, for each held-out episode that is not void."""
        file = self.folder / "rollouts" / "after.jsonl"
        records = map(EpisodeRecord.from_json, file.read_text().splitlines())
        return {one.key: float(one.correct > 0) for one in records if not one.void}


@dataclass(frozen=True, slots=True)
class Start:
    """A warm-started model and its evaluation, shared by the methods that play alike."""

    setting: str
    planner: Planner
    seed: int
    root: Path

    @property
    def folder(self) -> Path:
        """Its run folder."""
        return self.root / self.setting / f"start-{self.planner}" / f"seed-{self.seed}"

    def made(self) -> Path:
        """The model's folder; makes it where it is missing."""
        run = Run(
            self.folder,
            TrainConfig(
                env=COMMON["env"],
                k=K,
                planner=self.planner,
                seed=self.seed,
                filters=FILTERS | SETTINGS[self.setting],
                warm_start_steps=WARM_START_STEPS,
            ),
        )
        if not run.reference.exists():
            starting_point(run, run.config.training.load(), Console(file=io.StringIO()))
        return run.reference


def lend_evaluation(run: Run, folders: Iterable[Path]) -> None:
    """Give a run the evaluation of its start, if one of these runs has played it."""
    for folder in folders:
        if run.log.rows("before") or not (folder / "config.json").exists():
            continue
        other = Run.find(folder, writable=False)
        alike = all(
            getattr(other.config, name) == getattr(run.config, name) for name in ("model", "judge")
        )
        if alike and (rows := other.log.rows("before")):
            run.write_episodes("before", other.read_episodes("before"))
            run.log.append(rows[0])


@cache
def sandbox() -> CachedSandbox:
    """This process's sandbox; verdicts are shared with the other ones, and with later calls."""
    return CachedSandbox(
        make_sandbox("local", workers=1), folder=Path("runs/coordination-verdicts")
    )


def rates_of(method: str) -> tuple[float, ...]:
    """The learning rates to try."""
    return RATES if "lr" not in METHODS[method] else (METHODS[method]["lr"],)


def searched(setting: str, method: str, root: Path) -> list[Cell]:
    """The cells that choose the learning rate."""
    return [Cell(setting, method, SEARCH_SEED, rate, root) for rate in rates_of(method)]


def chosen(setting: str, method: str, root: Path) -> float | None:
    """The learning rate of the best search run; None before all of them are done."""
    cells = searched(setting, method, root)
    if len(cells) == 1:
        return cells[0].rate
    if not all(cell.done for cell in cells):
        return None
    return max(cells, key=Cell.training_pass_at_k).rate


def work(arguments: argparse.Namespace) -> Iterator[list[Cell]]:
    """The cells to run, in stages: a stage's runs need no other run of the same stage."""
    pairs = [(s, m) for s in arguments.settings for m in arguments.methods]
    if arguments.rate is None:
        yield [
            cell
            for pair in pairs
            if len(cells := searched(*pair, arguments.runs)) > 1
            for cell in cells
        ]
    for seed in arguments.seeds:
        yield [
            Cell(setting, method, seed, rate, arguments.runs)
            for setting, method in pairs
            if (rate := rate_of(setting, method, arguments)) is not None
        ]


def rate_of(setting: str, method: str, arguments: argparse.Namespace) -> float | None:
    """The learning rate of a row: the given one, or else the chosen one, if there is one yet."""
    return arguments.rate or chosen(setting, method, arguments.runs)


def cells_of(setting: str, method: str, arguments: argparse.Namespace) -> list[Cell]:
    """The cells of a row that are done."""
    rate = rate_of(setting, method, arguments)
    if rate is None:
        return []
    cells = [Cell(setting, method, seed, rate, arguments.runs) for seed in arguments.seeds]
    return [cell for cell in cells if cell.done]


def carry_out(arguments: argparse.Namespace, console: Console) -> None:
    """Run what is missing, `--together` at a time, until the hours are over."""
    end = time.monotonic() + 3600 * arguments.hours
    with make_sandbox("local") as box:
        require_trust(box)
    with ProcessPoolExecutor(arguments.together, get_context("spawn")) as pool:
        for stage in work(arguments):
            missing = [cell for cell in stage if not cell.done]
            # Runs that share a start must not make it twice: one of each start goes first.
            first = {cell.start: cell for cell in reversed(missing)}
            for part in (list(first.values()), [c for c in missing if c not in first.values()]):
                jobs = {pool.submit(run_cell, cell, end): cell for cell in part}
                for job in as_completed(jobs):
                    if (seconds := job.result()) is not None:
                        console.print(f"{jobs[job].folder}: {seconds:.0f} s of CPU time")


def run_cell(cell: Cell, end: float) -> float | None:
    """Run a cell in this process, unless the time is over."""
    return None if time.monotonic() > end else cell.carry_out()


def curve(steps: Sequence[float]) -> list[float]:
    """Means over `POINT` steps each; the last may have fewer."""
    parts = [steps[i : i + POINT] for i in range(0, len(steps), POINT)]
    return [round(float(np.mean(part)), 4) for part in parts]


def p_above(values_SN: Floats, ceiling: float) -> float:
    """One-sided p-value of a mean above the ceiling, for new problems and new seeds."""
    pair = Pair(values_SN, np.full_like(values_SN, ceiling), same_seeds=True)
    found = differences([pair])[0]
    return found.p / 2 if found.interval.mean > 0 else 1 - found.p / 2


def summary(
    setting: str, method: str, ceiling: float, arguments: argparse.Namespace
) -> dict[str, Any]:
    """The figures of a row of the table."""
    cells = cells_of(setting, method, arguments)
    done = [cell.passed() for cell in cells]
    row: dict[str, Any] = {"setting": setting, "method": method, "seeds": len(done)}
    row["lr"] = rate_of(setting, method, arguments)
    if done:
        shared = sorted(set.intersection(*map(set, done)))
        values_SN = np.array([[one[episode] for episode in shared] for one in done])
        found = over_seeds(values_SN)
        row |= {"pass_at_4": found.mean, "low": found.low, "high": found.high, "n": len(shared)}
        row["by_seed"] = values_SN.mean(1).tolist()
        row["p_above"] = p_above(values_SN, ceiling)
        row["training"] = [
            curve([one["pass_at_k"] for one in cell.rows("joint")]) for cell in cells
        ]
    return row


def cppo_minus(setting: str, arguments: argparse.Namespace) -> dict[str, dict[str, float]]:
    """CPPO's paired difference from each other method, with its interval and p-value.

    Over new problems and new seeds (`cppo compare`), with Holm's correction over these methods.
    A method is compared on the seeds that CPPO has as well, if they are two at least.
    """
    cells = {m: {c.seed: c for c in cells_of(setting, m, arguments)} for m in arguments.methods}
    own = cells.pop("cppo", {})
    both = {m: sorted(own.keys() & other.keys()) for m, other in cells.items()}
    pairs = {m: [(own[n], cells[m][n]) for n in seeds] for m, seeds in both.items() if seeds[1:]}
    if not pairs:
        return {}
    passed = {cell: cell.passed() for ones in pairs.values() for one in ones for cell in one}
    shared = sorted(set.intersection(*map(set, passed.values())))

    def scores(cells: Iterable[Cell]) -> Floats:
        return np.array([[passed[cell][episode] for episode in shared] for cell in cells])

    found = differences(
        [Pair(*map(scores, zip(*ones, strict=True)), same_seeds=True) for ones in pairs.values()]
    )
    corrected = holm([one.p for one in found])
    return {
        method: {
            "mean": one.interval.mean, "low": one.interval.low, "high": one.interval.high,
            "p": one.p, "p_holm": float(p if p is not None else 1.0), "tests": len(found),
        }
        for method, one, p in zip(pairs, found, corrected, strict=True)
    }  # fmt: skip


def show(arguments: argparse.Namespace, console: Console) -> list[dict[str, Any]]:
    """Print the table; returns its rows.

    P-values have Holm's correction over the methods of a setting. "Above the ceiling" is one-sided:
    independent attempts that are above it by noise have a large one.
    """
    rows: list[dict[str, Any]] = []
    for setting in arguments.settings:
        problems: Any = load_problems("strategies", split="test", **FILTERS, **SETTINGS[setting])
        ceiling = independent_ceiling(problems.probabilities, K)
        optimum = coordinated_optimum(problems.probabilities, K)
        title = f"{setting}: ceiling of independent draws {ceiling:.3f}, optimum {optimum:.3f}"
        columns = ("method", "lr", "seeds", "pass@4, 95 %", "p above ceiling", "CPPO minus it")
        table = Table(*columns, title=title, box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
        compared = cppo_minus(setting, arguments)
        found = [summary(setting, method, ceiling, arguments) for method in arguments.methods]
        for row, p in zip(found, holm([one.get("p_above") for one in found]), strict=True):
            row |= {"p_above_holm": p, "cppo_minus": compared.get(row["method"])}
            row |= {"ceiling": ceiling, "optimum": optimum, "bound": row["method"] in BOUND}
            if not row["seeds"]:
                table.add_row(row["method"], "", "0", "not run")
                continue
            mean = f"{row['pass_at_4']:.3f} [{row['low']:.3f}, {row['high']:.3f}]"
            gain = row["cppo_minus"]
            versus = f"{gain['mean']:+.3f} (p {p_value(gain['p_holm'])})" if gain else ""
            cells = (f"{row['lr']:g}", str(row["seeds"]), mean, p_value(p), versus)
            table.add_row(row["method"], *cells)
        rows += found
        console.print(table)
    return rows


def main() -> None:
    """Run what is missing and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--settings", nargs="+", choices=SETTINGS, default=list(SETTINGS))
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(CORE))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--runs", type=Path, default=Path("runs/coordination"))
    parser.add_argument("--rate", type=float, choices=RATES, help="for all, in place of a search")
    parser.add_argument("--together", type=int, default=2, help="runs side by side")
    parser.add_argument("--hours", type=float, default=1e3, help="start no run after this time")
    parser.add_argument("--table", action="store_true", help="run nothing")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    console = Console()
    if not arguments.table:
        carry_out(arguments, console)
    rows = show(arguments, console)
    if arguments.json:
        pairs = [(s, m) for s in arguments.settings for m in arguments.methods]
        done = [cell for pair in pairs for cell in cells_of(*pair, arguments)]
        found = {
            "command": shlex.join(["python", *sys.argv]),
            "origins": origins(cell.folder for cell in done),
            "rows": rows,
        }
        arguments.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
