"""The ablations of CPPO (docs/ablations.md) on `CPPO-Strategies-v0`, each rule in four wordings.

    python benchmarks/ablations.py                        # search and runs of all cells
    python benchmarks/ablations.py --hours 3 --seeds 0 1  # starts no run after 3 hours
    python benchmarks/ablations.py --table                # what has been run so far
    python benchmarks/ablations.py --rate 6e-4            # one rate, and no search

Every cell has the settings of `cppo` and one change. Each cell has the same search: all `RATES`,
each with both `SEARCH_SEEDS`, on a validation set: problems of another seed, in which other rules
are right. The rate with the best mean held-out pass@K there is taken, of equal ones the slowest.
Cells of a seed start from one model for each K. K = 2 and 8 play as many programs a step. Runs that
were broken off go on, finished ones are not repeated, none is shortened, and the table prints "not
run" where one is missing.

A tuple repeats a rule if two of its methods describe one, in whatever wording. The gate of the runs
sees that (benchmarks/rules_judge.py); `format` sees repeated texts only. The warm start is three
times as long as that of benchmarks/coordination.py, because with 240 steps it learns not to repeat
a text, and still repeats rules as often as chance (docs/ablations.md).
"""

from __future__ import annotations

import argparse
import io
import json
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from cppo_grpo import Run, TrainConfig, train
from cppo_grpo.runs.log import MetricsLog
from cppo_grpo.stages.start import starting_point
from rich.console import Console
from rich.table import Table

from benchmarks.coordination import curve, lend_evaluation, sandbox
from benchmarks.coordination_settings import COMMON, PLANNED, K
from benchmarks.origins import origins
from cppo_env.evaluation.comparison.differences import Pair, differences
from cppo_env.evaluation.comparison.significance import holm
from cppo_env.evaluation.summary import unreadable_plans
from cppo_env.intervals import over_seeds
from cppo_env.problems.strategies import coordinated_optimum, independent_ceiling
from cppo_env.problems.strategy_rules import rule_of
from cppo_env.records import EpisodeRecord

RIGHT = 3
"""Rules that are right, equally often: fewer than K, so that a tuple may repeat one at no loss."""
PROBLEMS: dict[str, Any] = {"families": 1, "wordings": 4, "right": RIGHT}
CPPO: dict[str, Any] = {
    **COMMON,
    **PLANNED,
    "lambda_solve": 0.3,
    "judge": "benchmarks.rules_judge:RulesJudge",
    "problems_per_step": 16,
    "tuples": 4,
    "steps": 120,
    "eval_episodes": 256,
}
METHOD_TOKENS = 16
"""Tokens of a plan for each method; some wordings are longer than the first one."""
WARM_START_STEPS = 720
RATES = (6e-4, 1.2e-3, 2.4e-3)
SEARCH_SEEDS = (100, 101)
VALIDATION: dict[str, Any] = {**PROBLEMS, "seed": 1}
"""Problems of the search."""
CELLS: dict[str, dict[str, Any]] = {
    "cppo": {},
    "no gate": {"reward": "outcome"},
    "gate only": {"reward": "validity"},
    "format alone": {"judge": "format"},
    "additive reward": {"reward": "additive"},
    "gated solver reward": {"solver_reward": "gated"},
    "dense solver reward": {"solver_reward": "share"},
    "solver frozen": {"frozen": "solve"},
    "planner frozen": {"frozen": "plan"},
    "solver group = problem": {"solver_group": "problem"},
    "K = 2": {"k": 2, "tuples": 8},
    "K = 8": {"k": 8, "tuples": 2},
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One run of the table."""

    name: str
    seed: int
    rate: float
    root: Path

    @property
    def folder(self) -> Path:
        """Its run folder."""
        name = self.name.replace(" = ", " is ").replace(" ", "-")
        return self.root / name / f"lr-{self.rate:g}" / f"seed-{self.seed}"

    @property
    def settings(self) -> dict[str, Any]:
        """Of `cppo train`, without the model."""
        problems = VALIDATION if self.seed in SEARCH_SEEDS else PROBLEMS
        changed = CPPO | CELLS[self.name] | {"seed": self.seed, "filters": problems}
        return changed | {"lr": self.rate, "max_tokens_plan": METHOD_TOKENS * changed["k"]}

    def rows(self, stage: str) -> list[dict[str, Any]]:
        """The rows of a stage in its metrics."""
        log = self.folder / "metrics.jsonl"
        return MetricsLog(log, writable=False).rows(stage) if log.exists() else []

    @property
    def done(self) -> bool:
        """Whether it was evaluated after its last step."""
        return bool(self.rows("after"))

    @property
    def pass_at_k(self) -> float:
        """On the held-out problems, after training."""
        return self.rows("after")[0]["pass_at_k"]

    def carry_out(self) -> None:
        """Train and evaluate, or go on where it was broken off."""
        if (self.folder / "config.json").exists():
            run = Run.open(TrainConfig(resume=self.folder))
        else:
            settings = {"model": str(self.start()), "run": self.folder} | self.settings
            run = Run.open(TrainConfig(**settings))
        lend_evaluation(run, self.root.glob(f"*/lr-*/seed-{self.seed}"))
        train(run, sandbox(), Console(file=io.StringIO()))

    def start(self) -> Path:
        """The model that the cells of this seed and K start from; makes it where it is missing."""
        names = ("env", "k", "seed", "filters", "max_tokens_plan", "max_tokens_solve")
        settings = {name: self.settings[name] for name in names}
        folder = self.root / f"start-k{settings['k']}" / f"seed-{self.seed}"
        run = Run(folder, TrainConfig(**settings, warm_start_steps=WARM_START_STEPS))
        if not run.reference.exists():
            starting_point(run, run.config.training.load(), Console(file=io.StringIO()))
        return run.reference

    def training(self, figure: str) -> list[float]:
        """A figure of each training step: one of `metrics.jsonl`, or "repeats"."""
        rows = self.rows("joint")
        if figure != "repeats":
            return [row[figure] for row in rows]
        steps = (self.records(f"step-{row['step']:06d}").values() for row in rows)
        return [float(np.mean([repeats(record) for record in step])) for step in steps]

    def records(self, when: str) -> dict[tuple[str, int], EpisodeRecord]:
        """The episodes of a file of `rollouts/` that are not void."""
        file = self.folder / "rollouts" / f"{when}.jsonl"
        records = map(EpisodeRecord.from_json, file.read_text().splitlines())
        return {one.key: one for one in records if not one.void}


def search(name: str, rate: float, root: Path) -> list[Cell]:
    """The runs that try a learning rate for a cell."""
    return [Cell(name, seed, rate, root) for seed in SEARCH_SEEDS]


def chosen(name: str, root: Path) -> float | None:
    """The learning rate of a cell; None before its search has ended."""
    tried = {rate: search(name, rate, root) for rate in RATES}
    if not all(cell.done for cells in tried.values() for cell in cells):
        return None
    return max(tried, key=lambda rate: np.mean([cell.pass_at_k for cell in tried[rate]]))


def cells_of(name: str, seeds: Sequence[int], root: Path, rate: float | None = None) -> list[Cell]:
    """The cells of a row, at the rate that was chosen; none before the search has ended."""
    rate = rate or chosen(name, root)
    return [] if rate is None else [Cell(name, seed, rate, root) for seed in seeds]


def repeats(record: EpisodeRecord) -> float:
    """Whether two methods of a tuple describe one rule."""
    rules = [rule for method in record.methods if (rule := rule_of(method)) is not None]
    return float(len(set(rules)) < len(rules))


FIGURES: dict[str, Callable[[EpisodeRecord], float]] = {
    "pass_at_k": lambda one: float(one.correct > 0),
    "accepted": lambda one: float(bool(one.accepted)),
    "repeats": repeats,
}
"""What is told of a held-out episode."""


def summary(name: str, cells: Sequence[Cell], when: str = "after") -> dict[str, Any]:
    """The figures of a row: means over the seeds, intervals, and learning curves."""
    done = [cell for cell in cells if cell.done]
    row: dict[str, Any] = {"ablation": name, "seeds": [cell.seed for cell in done]}
    row["lr"] = cells[0].rate if cells else None
    if not done:
        return row
    played = [cell.records(when) for cell in done]
    shared = sorted(set.intersection(*map(set, played)))
    for figure, value in FIGURES.items():
        values_SN = np.array([[value(one[key]) for key in shared] for one in played])
        found = over_seeds(values_SN)
        row[figure] = {"mean": found.mean, "low": found.low, "high": found.high}
        row[figure]["by_seed"] = values_SN.mean(1).tolist()
    row["unreadable"] = [sum(unreadable_plans(list(one.values())).values()) for one in played]
    row["n"] = len(shared)
    if when == "after":
        row["training"] = {
            figure: [curve(cell.training(figure)) for cell in done]
            for figure in ("pass_at_k", "validity", "repeats")
        }
    return row


def pairs(cells: dict[str, list[Cell]], figure: str) -> list[dict[str, Any]]:
    """Each cell minus each later one: differences over problems and seeds, corrected for all pairs.

    Only cells with K methods in a tuple and all these seeds done are compared.
    """
    complete = {
        name: [cell.records("after") for cell in own]
        for name, own in cells.items()
        if own and own[0].settings["k"] == K and all(cell.done for cell in own)
    }
    if len(complete) < 2:
        return []
    shared = sorted(set.intersection(*(set(one) for own in complete.values() for one in own)))
    value = FIGURES[figure]
    values_SN = {
        name: np.array([[value(one[key]) for key in shared] for one in own])
        for name, own in complete.items()
    }
    names = list(combinations(complete, 2))
    found = differences([Pair(values_SN[a], values_SN[b], same_seeds=True) for a, b in names])
    corrected = holm([one.p for one in found])
    return [
        {"a": a, "b": b, **asdict(one.interval), "p": one.p, "p_holm": p}
        for (a, b), one, p in zip(names, found, corrected, strict=True)
    ]


def show(rows: list[dict[str, Any]], console: Console) -> None:
    """Print the table."""
    table = Table(
        "ablation", "lr", "seeds", "pass@K", "plans accepted", "tuples that repeat a rule"
    )
    for row in rows:
        if not row["seeds"]:
            rate = "" if row["lr"] is None else f"{row['lr']:g}"
            table.add_row(row["ablation"], rate, "", "not run", "", "")
            continue
        shown = [
            f"{one['mean']:.3f} [{one['low']:.3f}, {one['high']:.3f}]"
            for one in (row[name] for name in ("pass_at_k", "accepted", "repeats"))
        ]
        seeds = ", ".join(map(str, row["seeds"]))
        table.add_row(row["ablation"], f"{row['lr']:g}", seeds, *shown)
    console.print(table)


def show_pairs(found: dict[str, list[dict[str, Any]]], console: Console) -> None:
    """Print the differences."""
    table = Table("figure", "cells", "difference", "p", "p, Holm")
    for figure, rows in found.items():
        for row in rows:
            shown = f"{row['mean']:.3f} [{row['low']:.3f}, {row['high']:.3f}]"
            cells = f"{row['a']} − {row['b']}"
            table.add_row(figure, cells, shown, f"{row['p']:.4f}", f"{row['p_holm']:.4f}")
    console.print(table)


def show_bounds(console: Console) -> None:
    """Print what guesses can reach."""
    for k in (2, 4, 8):
        chances = [1 / RIGHT] * RIGHT
        console.print(
            f"K = {k}: independent guesses reach {independent_ceiling(chances, k):.3f} at most, "
            f"coordinated ones {coordinated_optimum(chances, k):.3f}"
        )


def main() -> None:
    """Run what is missing, one run at a time, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cells", nargs="+", choices=CELLS, default=list(CELLS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--runs", type=Path, default=Path("runs/ablations"))
    parser.add_argument("--rate", type=float, choices=RATES, help="for all, in place of a search")
    parser.add_argument("--hours", type=float, default=1e3, help="start no run after this time")
    parser.add_argument("--table", action="store_true", help="run nothing")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    console, end, root = Console(), time.monotonic() + 3600 * arguments.hours, arguments.runs

    def carry_out(cell: Cell) -> None:
        began = time.process_time()
        if not arguments.table and not cell.done and time.monotonic() < end:
            cell.carry_out()
            console.print(f"{cell.folder}: {time.process_time() - began:.0f} s of CPU time")

    tried = [] if arguments.rate else [(name, r) for name in arguments.cells for r in RATES]
    for name, rate in tried:
        for cell in search(name, rate, root):
            carry_out(cell)
    for seed in arguments.seeds:
        for name in arguments.cells:
            for cell in cells_of(name, [seed], root, arguments.rate):
                carry_out(cell)
    cells = {
        name: cells_of(name, arguments.seeds, root, arguments.rate) for name in arguments.cells
    }
    rows = [summary("before training", next(iter(cells.values())), "before")]
    rows += [summary(name, own) for name, own in cells.items()]
    searched = [summary(name, search(name, rate, root)) for name, rate in tried]
    compared = {figure: pairs(cells, figure) for figure in ("pass_at_k", "repeats")}
    for title, table in (("search", searched), ("table", rows)):
        console.print(title)
        show(table, console)
    show_pairs(compared, console)
    show_bounds(console)
    if arguments.json:
        done = [cell for own in cells.values() for cell in own if cell.done]
        done += [cell for one in tried for cell in search(*one, root) if cell.done]
        found = {
            "command": shlex.join(["python", *sys.argv]),
            "origins": origins(cell.folder for cell in done),
            "search": searched,
            "table": rows,
            "pairs": compared,
        }
        arguments.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
