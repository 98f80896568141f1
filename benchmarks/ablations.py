"""The ablations of CPPO (docs/ablations.md) on `CPPO-Strategies-v0`, each rule in four wordings.

    python benchmarks/ablations.py                        # the search, then all cells, seed by seed
    python benchmarks/ablations.py --hours 3 --seeds 0 1  # starts no run after 3 hours
    python benchmarks/ablations.py --table                # what has been run so far

Every cell has the settings of `cppo` and one change. Both rates of `RATES` are tried with seed 100
for the two cells of the main comparison, `cppo` and `no gate`; each takes the one with the best
mean training pass@K of the last 20 steps, and all other cells take that of `cppo`. Cells of a seed
start from one model for each K. K = 2 and 8 play as many programs a step. Runs that were broken off
go on, finished ones are not repeated, none is shortened, and the table prints "not run" where one
is missing.

A tuple repeats a rule if two of its methods describe one, in whatever wording. The gate of the runs
sees that (benchmarks/rules_judge.py); `format` sees repeated texts only.
"""

from __future__ import annotations

import argparse
import io
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from cppo_grpo import Run, TrainConfig, train
from cppo_grpo.runs.log import MetricsLog
from cppo_grpo.stages.start import starting_point
from rich.console import Console
from rich.table import Table

from benchmarks.coordination import (
    COMMON,
    PLANNED,
    WARM_START_STEPS,
    WINDOW,
    curve,
    lend_evaluation,
    sandbox,
)
from cppo_env.evaluation.summary import unreadable_plans
from cppo_env.intervals import over_seeds
from cppo_env.problems.strategies import coordinated_optimum, independent_ceiling
from cppo_env.problems.strategy_rules import rule_of
from cppo_env.records import EpisodeRecord

PROBLEMS: dict[str, Any] = {"families": 1, "wordings": 4}
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
SEARCH_SEED = 100
RATES = (1.2e-3, 2.4e-3)
SEARCHED = ("cppo", "no gate")
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
        changed = CPPO | CELLS[self.name] | {"seed": self.seed, "filters": PROBLEMS}
        return changed | {"lr": self.rate, "max_tokens_plan": METHOD_TOKENS * changed["k"]}

    def rows(self, stage: str) -> list[dict[str, Any]]:
        """The rows of a stage in its metrics."""
        log = self.folder / "metrics.jsonl"
        return MetricsLog(log, writable=False).rows(stage) if log.exists() else []

    @property
    def done(self) -> bool:
        """Whether it was evaluated after its last step."""
        return bool(self.rows("after"))

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


def search(root: Path) -> list[Cell]:
    """The runs that choose the learning rates."""
    return [Cell(name, SEARCH_SEED, rate, root) for name in SEARCHED for rate in RATES]


def chosen(name: str, root: Path) -> float | None:
    """The learning rate of a cell; None before the search has ended."""
    searched = name if name in SEARCHED else "cppo"
    cells = [cell for cell in search(root) if cell.name == searched]
    if not all(cell.done for cell in cells):
        return None
    return max(cells, key=lambda cell: np.mean(cell.training("pass_at_k")[-WINDOW:])).rate


def cells_of(name: str, seeds: Sequence[int], root: Path) -> list[Cell]:
    """The cells of a row, at the rate that was chosen; none before the search has ended."""
    rate = chosen(name, root)
    return [] if rate is None else [Cell(name, seed, rate, root) for seed in seeds]


def repeats(record: EpisodeRecord) -> float:
    """Whether two methods of a tuple describe one rule."""
    rules = [rule for method in record.methods if (rule := rule_of(method)) is not None]
    return float(len(set(rules)) < len(rules))


def summary(name: str, cells: Sequence[Cell], when: str = "after") -> dict[str, Any]:
    """The figures of a row: means over the seeds, intervals, and learning curves."""
    done = [cell for cell in cells if cell.done]
    row: dict[str, Any] = {"ablation": name, "seeds": [cell.seed for cell in done]}
    if not done:
        return row
    played = [cell.records(when) for cell in done]
    shared = sorted(set.intersection(*map(set, played)))
    figures = {
        "pass_at_k": lambda one: float(one.correct > 0),
        "accepted": lambda one: float(bool(one.accepted)),
        "repeats": repeats,
    }
    for figure, value in figures.items():
        values_SN = np.array([[value(one[key]) for key in shared] for one in played])
        found = over_seeds(values_SN)
        row[figure] = {"mean": found.mean, "low": found.low, "high": found.high}
        row[figure]["by_seed"] = values_SN.mean(1).tolist()
    row["unreadable"] = [sum(unreadable_plans(list(one.values())).values()) for one in played]
    row |= {"n": len(shared), "lr": done[0].rate}
    if when == "after":
        row["training"] = {
            figure: [curve(cell.training(figure)) for cell in done]
            for figure in ("pass_at_k", "validity", "repeats")
        }
    return row


def show(rows: list[dict[str, Any]], console: Console) -> None:
    """Print the table."""
    table = Table(
        "ablation", "lr", "seeds", "pass@K", "plans accepted", "tuples that repeat a rule"
    )
    for row in rows:
        if not row["seeds"]:
            table.add_row(row["ablation"], "", "", "not run", "", "")
            continue
        shown = [
            f"{one['mean']:.3f} [{one['low']:.3f}, {one['high']:.3f}]"
            for one in (row[name] for name in ("pass_at_k", "accepted", "repeats"))
        ]
        seeds = ", ".join(map(str, row["seeds"]))
        table.add_row(row["ablation"], f"{row['lr']:g}", seeds, *shown)
    console.print(table)


def show_bounds(console: Console) -> None:
    """Print what guesses can reach."""
    for k in (2, 4, 8):
        chances = [1 / 4] * 4
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

    for cell in search(root):
        carry_out(cell)
    for seed in arguments.seeds:
        for name in arguments.cells:
            for cell in cells_of(name, [seed], root):
                carry_out(cell)
    cppo = cells_of("cppo", arguments.seeds, root)
    rows = [summary("before training", cppo, "before")]
    rows += [summary(name, cells_of(name, arguments.seeds, root)) for name in arguments.cells]
    searched = [summary(cell.name, [cell]) for cell in search(root)]
    for title, table in (("search", searched), ("table", rows)):
        console.print(title)
        show(table, console)
    show_bounds(console)
    if arguments.json:
        found = {"search": searched, "table": rows}
        arguments.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
