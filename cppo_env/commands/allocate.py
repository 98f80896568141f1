"""`cppo allocate`: attempts by what they are worth, against equally many for each problem."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from cppo_env.errors import UsageError
from cppo_env.evaluation.allocation.summary import HINDSIGHT, compare_allocations
from cppo_env.evaluation.comparison.loading import load_run
from cppo_env.evaluation.comparison.tables import interval


@dataclass(frozen=True)
class AllocateConfig:
    """Options of `cppo allocate`."""

    runs: tuple[Path, ...] = field(default=(), metadata={"positional": "many"})
    """Folders of cppo eval --run on held-out problems, one for each seed of an agent."""
    learn: tuple[Path, ...] = ()
    """Folders of cppo eval --run of the same agents on other problems, in the same order; their
    verdicts tell what an attempt is worth. Example: --learn=[runs/train-0,runs/train-1]."""
    by: tuple[str, ...] = ()
    """What is known of an attempt beside its place and its plan's ruling, from coarse to fine:
    metadata of the problem that its statement says, or `method` for the method's text.
    Example: --by=[difficulty,method]."""
    public: bool = False
    """Run the public tests after each attempt, and stop at a program that passes them."""
    attempts: tuple[int, ...] = ()
    """Budgets, as means over problems. Default: 1 to K, then whole tuples."""
    seed: int = 0
    """Decides the resamples of the intervals."""


def allocate(config: AllocateConfig) -> dict[str, Any]:
    """Spend a budget of attempts where it is worth most, against fixed K at equal totals."""
    if not config.runs or len(config.runs) != len(config.learn):
        raise UsageError(
            f"got {len(config.runs)} runs and {len(config.learn)} folders to --learn from, "
            "expected one of each for every seed, such as cppo allocate runs/test "
            "--learn=[runs/train]"
        )
    if config.seed < 0:
        raise UsageError(f"seed: got {config.seed}, expected 0 or more")
    pairs = [
        (load_run(one), load_run(other))
        for one, other in zip(config.runs, config.learn, strict=True)
    ]
    result = compare_allocations(
        pairs, by=config.by, public=config.public, attempts=config.attempts, seed=config.seed
    )
    _show(result)
    return result


def _show(result: dict[str, Any]) -> None:
    console = Console()
    table = Table(
        title=f"problems solved, of {result['n_problems']:,}; {len(result['seeds'])} seeds, 95 % "
        "intervals"
    )
    first = next(iter(result["budgets"].values()))
    policies = [one for one in first if one not in ("difference", HINDSIGHT)]
    for name in ("attempts", *policies, *first["difference"], "hindsight (no policy)"):
        table.add_column(name)
    for budget, found in result["budgets"].items():
        table.add_row(
            budget,
            *(interval(found[policy]["solved"]) for policy in policies),
            *(interval(one) for one in found["difference"].values()),
            f"{found[HINDSIGHT]['solved']['mean']:.3f}",
        )
    console.print(table)
    after = "; after an attempt: its public tests" if result["public"] else ""
    console.print(f"known before an attempt: {', '.join(result['known'])}{after}", markup=False)
    for budget, found in result["budgets"].items():
        shares = ", ".join(
            f"{one}: {share:.2f}" for one, share in found["marginal"]["attempts"].items()
        )
        spent = found["marginal"]["spent"]
        console.print(
            f"marginal at {budget} spends {spent:.2f}; share of problems by attempts: {shares}",
            markup=False,
        )
    if any(result["left_out"]):
        console.print(f"left out: {result['left_out']} problems of the runs, with fewer episodes")
