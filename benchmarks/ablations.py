"""The ablations of CPPO (docs/ablations.md) on `CPPO-Strategies-v0`, each rule in four wordings.

    python benchmarks/ablations.py                        # all cells, seed by seed
    python benchmarks/ablations.py --hours 3 --seeds 0 1  # starts no run after 3 hours
    python benchmarks/ablations.py --table                # what has been run so far

Every cell has the settings of `cppo` in benchmarks/coordination.py and one change. Cells of a seed
start from one model for each K, at the learning rate that coordination.py chose for `cppo`: none is
searched for here. K = 2 and 8 play as many programs a step. Runs that were broken off go on,
finished ones are not repeated, and the table prints "not run" where one is missing.

A tuple repeats a method if two of its methods describe one rule, in whatever wording. The gate
`format` sees repeated texts and no repeated meaning; `distinct` compares words.
"""

from __future__ import annotations

import argparse
import io
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from cppo_grpo import Run, TrainConfig, train
from cppo_grpo.runs.log import MetricsLog
from cppo_grpo.stages.start import starting_point
from rich.console import Console
from rich.table import Table

from benchmarks.coordination import COMMON, PLANNED, WARM_START_STEPS, sandbox
from cppo_env.evaluation.summary import unreadable_plans
from cppo_env.intervals import over_seeds
from cppo_env.problems.strategies import coordinated_optimum, independent_ceiling
from cppo_env.problems.strategy_rules import rule_of
from cppo_env.records import EpisodeRecord

PROBLEMS: dict[str, Any] = {"families": 2, "wordings": 4}
CPPO: dict[str, Any] = (
    COMMON | PLANNED | {"lambda_solve": 0.3, "lr": 1.2e-3, "judge": "format*distinct"}
)
METHOD_TOKENS = 16
"""Tokens of a plan for each method; some wordings are longer than the first one."""

CELLS: dict[str, dict[str, Any]] = {
    "cppo": {},
    "no gate": {"reward": "outcome"},
    "gate only": {"reward": "validity"},
    "additive reward": {"reward": "additive"},
    "gated solver reward": {"solver_reward": "gated"},
    "dense solver reward": {"solver_reward": "share"},
    "solver frozen": {"frozen": "solve"},
    "planner frozen": {"frozen": "plan"},
    "solver group = problem": {"solver_group": "problem"},
    "format alone": {"judge": "format"},
    "K = 2": {"k": 2, "tuples": 16},
    "K = 8": {"k": 8, "tuples": 4},
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One run of the table."""

    name: str
    seed: int
    root: Path

    @property
    def folder(self) -> Path:
        """Its run folder."""
        return self.root / self.name.replace(" ", "-").replace("=", "is") / f"seed-{self.seed}"

    @property
    def settings(self) -> dict[str, Any]:
        """Of `cppo train`, without the model."""
        changed = CPPO | CELLS[self.name] | {"seed": self.seed, "filters": PROBLEMS}
        return changed | {"max_tokens_plan": METHOD_TOKENS * changed["k"]}

    @property
    def done(self) -> bool:
        """Whether it was evaluated after its last step."""
        log = self.folder / "metrics.jsonl"
        return log.exists() and bool(MetricsLog(log, writable=False).rows("after"))

    def carry_out(self) -> None:
        """Train and evaluate, or go on where it was broken off."""
        if (self.folder / "config.json").exists():
            run = Run.open(TrainConfig(resume=self.folder))
        else:
            settings = {"model": str(self.start()), "run": self.folder} | self.settings
            run = Run.open(TrainConfig(**settings))
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

    def records(self, when: str) -> dict[tuple[str, int], EpisodeRecord]:
        """The held-out episodes that are not void."""
        file = self.folder / "rollouts" / f"{when}.jsonl"
        records = map(EpisodeRecord.from_json, file.read_text().splitlines())
        return {one.key: one for one in records if not one.void}


def repeats(record: EpisodeRecord) -> float:
    """Whether two methods of a tuple describe one rule."""
    rules = [rule for method in record.methods if (rule := rule_of(method)) is not None]
    return float(len(set(rules)) < len(rules))


def summary(name: str, seeds: list[int], root: Path) -> dict[str, Any]:
    """The figures of a row: means over the seeds, and intervals."""
    done = [cell for seed in seeds if (cell := Cell(name, seed, root)).done]
    row: dict[str, Any] = {"ablation": name, "seeds": [cell.seed for cell in done]}
    if not done:
        return row
    played = [cell.records("after") for cell in done]
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
    row["n"] = len(shared)
    return row


def show(rows: list[dict[str, Any]], console: Console) -> None:
    """Print the table."""
    table = Table("ablation", "seeds", "pass@K", "plans accepted", "tuples that repeat a rule")
    for row in rows:
        if not row["seeds"]:
            table.add_row(row["ablation"], "", "not run", "", "")
            continue
        shown = [
            f"{one['mean']:.3f}"
            + (f" [{one['low']:.3f}, {one['high']:.3f}]" if len(row["seeds"]) > 1 else "")
            for one in (row[name] for name in ("pass_at_k", "accepted", "repeats"))
        ]
        table.add_row(row["ablation"], ", ".join(map(str, row["seeds"])), *shown)
    console.print(table)
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
    console, end = Console(), time.monotonic() + 3600 * arguments.hours
    for seed in () if arguments.table else arguments.seeds:
        for name in arguments.cells:
            cell, began = Cell(name, seed, arguments.runs), time.process_time()
            if not cell.done and time.monotonic() < end:
                cell.carry_out()
                console.print(f"{cell.folder}: {time.process_time() - began:.0f} s of CPU time")
    rows = [summary(name, arguments.seeds, arguments.runs) for name in arguments.cells]
    show(rows, console)
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
