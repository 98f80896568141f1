"""Train an algorithm on each family, and show what it can do."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from cppo_env.atomic import write_atomically
from cppo_env.evaluation.comparison.page import document
from cppo_env.evaluation.comparison.tables import Shown
from cppo_env.intervals import over_seeds
from cppo_env.plotting import COLOURS, axes_of, svg
from cppo_env.protocols import Sandbox
from cppo_grpo.config import TrainConfig
from cppo_grpo.diagnostics.families import FAMILIES, SIZES, K, by_name
from cppo_grpo.runs.folder import Run
from cppo_grpo.stages.start import starting_point
from cppo_grpo.stages.training import train

LINE = 0.4
"""Mean skill from which on an ability counts as there."""
LOWEST_BAR = -1.0

SETTINGS: dict[str, Any] = {
    "env": "CPPO-Strategies-v0",
    "problems": "diagnostics",
    "k": K,
    "hidden": 64,
    "warm_start_steps": 200,
    "warm_start_problems": 4,
    "steps": 48,
    "problems_per_step": SIZES["train"],
    "tuples": 12,
    "temperature_plan": 1.0,
    "temperature_solve": 0.7,
    "max_tokens_plan": 24,
    "max_tokens_solve": 24,
    "lr": 8e-4,
    "lr_final": 0.1,
    "lambda_plan": 8.0,
    "lambda_solve": 1.0,
    "beta_plan": 0.1,
    "beta_solve": 0.1,
    "eval_episodes": SIZES["test"],
    "eval_temperature_plan": 0.5,
}
"""The same for every algorithm and family; a run takes about 25 s of CPU time."""


START = frozenset(
    {"hidden", "layers", "k", "prompts", "warm_start_steps", "warm_start_lr"}
    | {"warm_start_problems", "warm_start_plans", "max_tokens_plan", "max_tokens_solve"}
)
"""Settings on which the model depends from which training starts."""


def open_run(
    algorithm: str, family: str, folder: Path, settings: Mapping[str, Any], starts: Path
) -> Run:
    """The run of an algorithm on a family, new or as far as it has come.

    Args:
        algorithm: its name, or where its function is.
        family: the family's name.
        folder: the run's folder.
        settings: what replaces `SETTINGS`.
        starts: folder of the warm-started models, which runs share that start alike.

    Raises:
        UsageError: the settings cannot run, or the folder holds a run with other ones.
    """
    own = {
        **SETTINGS,
        **by_name(family).settings,
        "algorithm": algorithm,
        "filters": {"family": family},
        **settings,
    }
    config = TrainConfig(**own)
    if config.model is None:
        model = _start(config, family, starts)
        config = replace(config, model=str(model), warm_start_steps=0)
    begun = (folder / "config.json").exists()
    return Run.open(replace(config, **{"resume" if begun else "run": folder}))


def _start(config: TrainConfig, family: str, starts: Path) -> Path:
    """The folder of the warm-started model; makes it where it is missing."""
    given = {name: getattr(config, name) for name in sorted(START)}
    digest = hashlib.sha256(repr(given).encode()).hexdigest()[:8]
    run = Run(
        starts / f"{family}-{config.planning}-{config.seed}-{digest}",
        TrainConfig(
            env=config.env,
            problems=config.problems,
            filters=config.filters,
            planner=config.planning,
            seed=config.seed,
            **given,
        ),
    )
    if not run.reference.exists():
        torch.manual_seed(config.seed)
        torch.set_num_threads(config.threads)
        starting_point(run, run.config.training.load(), Console(quiet=True))
    return run.reference


def finished(run: Run) -> bool:
    """Whether it has been evaluated after training."""
    return bool(run.log.rows("after"))


def carry_out(run: Run, sandbox: Sandbox) -> None:
    """Train, or go on where it was broken off."""
    if not finished(run):
        train(run, sandbox, Console(quiet=True))


def scores(run: Run, when: str) -> dict[tuple[str, int], float]:
    """J · R_out of each held-out episode that is not void; R_out where nobody plans."""
    return {
        one.key: float(one.accepted is not False and one.correct > 0)
        for one in run.read_episodes(when)
        if not one.void
    }


def result(family: str, runs: Sequence[Run]) -> dict[str, Any]:
    """What an algorithm's finished runs on a family come to, one run for each seed."""
    task = by_name(family)
    after = [scores(run, "after") for run in runs]
    shared = sorted(set.intersection(*map(set, after)))
    found = over_seeds(np.array([[one[key] for key in shared] for one in after]))
    by_seed = [sum(one.values()) / len(one) for one in after]
    skill = task.skill(found.mean)
    spent = [row["seconds"] for run in runs for row in run.log.rows() if "seconds" in row]
    return {
        "family": family,
        "seeds": [run.config.seed for run in runs],
        "before": float(np.mean([v for run in runs for v in scores(run, "before").values()])),
        "score": found.mean,
        "score_by_seed": by_seed,
        "skill": skill,
        "skill_ci95": [task.skill(found.low), task.skill(found.high)],
        "passes": skill >= LINE,
        "zero": task.zero,
        "optimum": task.optimum,
        "episodes": len(shared),
        "seconds_per_run": sum(spent) / len(runs),
    }


Results = Mapping[str, Sequence[Mapping[str, Any]]]
"""Label of an algorithm → its results, one for each family that was run."""


def found(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The results of all finished runs in a folder of LABEL/FAMILY/seed-N."""
    results: dict[str, list[dict[str, Any]]] = {}
    for file in sorted(folder.glob("*/*/seed-*/config.json")):
        label = file.parts[-4]
        if label not in results:
            results[label] = list(_of_label(folder / label))
    return {label: one for label, one in results.items() if one}


def _of_label(folder: Path) -> Iterator[dict[str, Any]]:
    for family in FAMILIES:
        files = sorted(folder.glob(f"{family}/seed-*/config.json"))
        runs = [Run.find(file.parent, writable=False) for file in files]
        if done := [run for run in runs if finished(run)]:
            yield result(family, done)


def rows_of(results: Results) -> list[list[str]]:
    """A row for each family, a cell for each algorithm."""
    rows: list[list[str]] = []
    for name, family in FAMILIES.items():
        row = [name, family.ability, f"{family.zero:.2f}"]
        for found in results.values():
            [one] = [one for one in found if one["family"] == name] or [None]
            row.append("not run" if one is None else _cell(one))
        rows.append(row)
    return rows


def _cell(one: Mapping[str, Any]) -> str:
    low, high = one["skill_ci95"]
    verdict = "passes" if one["passes"] else "fails"
    return f"{one['skill']:.2f} [{low:.2f}, {high:.2f}] {verdict}"


HEAD = ("family", "ability", "score at skill 0")


def show(results: Results, console: Console) -> None:
    """Print the table, an algorithm in each column."""
    table = Table(*HEAD, *results, title=f"skill: 0 as `zero`, 1 the optimum; passes from {LINE}")
    for row in rows_of(results):
        table.add_row(*row)
    console.print(table)


def plot(results: Results) -> str:
    """Bars of skill with intervals, by family and algorithm, as an SVG."""
    figure, axes = axes_of((9.0, 3.8))
    names, width = list(FAMILIES), 0.8 / len(results)
    for number, (label, found) in enumerate(results.items()):
        places = [names.index(one["family"]) + (number + 0.5) * width - 0.4 for one in found]
        skills = np.array([one["skill"] for one in found])
        ends = np.array([one["skill_ci95"] for one in found])
        colour = COLOURS[number % len(COLOURS)]
        axes.bar(places, skills, 0.9 * width, label=label, color=colour)
        errors = np.abs(np.stack([skills - ends[:, 0], ends[:, 1] - skills]))
        axes.errorbar(places, skills, errors, fmt="none", ecolor="#6b7280", elinewidth=0.8)
    axes.axhline(LINE, color="#111827", linestyle="--", linewidth=1)
    axes.axhline(0.0, color="#111827", linewidth=0.8)
    axes.set_xticks(range(len(names)), names)
    axes.set_ylabel("skill")
    axes.set_ylim(LOWEST_BAR, 1.1)
    axes.legend(frameon=False, fontsize=8, ncols=4, loc="upper center", bbox_to_anchor=(0.5, -0.1))
    return svg(figure)


def write(results: Results, folder: Path) -> Path:
    """Write `fingerprint.json` and `fingerprint.html`; returns the page."""
    write_atomically(folder / "fingerprint.json", json.dumps(results, indent=2) + "\n")
    page = folder / "fingerprint.html"
    notes = [
        f"Skill 0 is the best score of {K} independent attempts (in sparse: the start), 1 the "
        f"optimum; the dashed line is {LINE}, from which on an ability counts as there. Bars that "
        f"end at {LOWEST_BAR:g} go on."
    ]
    table = Shown("skill", [*HEAD, *results], rows_of(results), notes)
    plots = [("skill by family", plot(results))]
    write_atomically(page, document("Fingerprints of learning algorithms", plots, [table]))
    return page
