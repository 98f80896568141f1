"""`cppo problems stats`: sizes of a problem set in tokens of a tokenizer, and what it costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from cppo_env import plugins
from cppo_env.errors import UsageError
from cppo_env.machine import cores
from cppo_env.problems import load_problems
from cppo_env.problems.layouts.cues import judge_cues
from cppo_env.problems.validation.cost import cost_of
from cppo_env.problems.views import Problems
from cppo_env.provenance import sandbox_facts
from cppo_env.sandboxing import borrow_sandbox
from cppo_env.types import Problem

PLOTS = (".png", ".svg", ".pdf")
"""Kinds of files that a histogram can be."""

MOST_BINS = 60
"""Bars of the histogram."""


@dataclass(frozen=True)
class StatsConfig:
    """Options of `cppo problems stats`."""

    problems: str
    """Path (any published layout, a store or a keep-list) or name of a problem set."""
    tokenizer: Path | None = None
    """Folder of a tokenizer, or its tokenizer.json; None counts characters."""
    max_prompt_tokens: int | None = None
    """Mark this length in the histogram, and count the statements beyond it."""
    plot: Path | None = None
    """Write a histogram of the statements' lengths there (.png, .svg or .pdf)."""
    timed: int = 0
    """Run the first reference of this number of problems, to estimate the set's seconds."""
    sandbox: str = "auto"
    """Where these run: auto, docker, local, or another plug-in's name."""
    split: str | None = None
    """Part of the set."""
    filters: dict[str, Any] = field(default_factory=dict[str, Any])
    """Further filters, such as --filters.version=v6 --filters.start_date=2025-01-01."""


def stats(config: StatsConfig) -> dict[str, Any]:
    """Measure a problem set: statement lengths, tests, what it costs to judge, and a histogram."""
    if config.plot is not None and config.plot.suffix not in PLOTS:
        raise UsageError(
            f"plot: got {config.plot}, expected a name that ends in {', '.join(PLOTS)}"
        )
    length, unit = _measure(config.tokenizer)
    problems = load_problems(config.problems, **{"split": config.split, **config.filters})
    losses: Counter[str] = Counter()
    cues: Counter[str] = Counter()
    rows: dict[str, list[int]] = {f"statement {unit}": [], "tests": [], "references": []}
    for index in range(len(problems)):
        problem: Problem = problems[index]
        losses.update(problem.metadata.get("losses", ()))
        cues.update(judge_cues(problem.statement))
        for name, value in zip(
            rows,
            (length(problem.statement), len(problem.tests), len(problem.references)),
            strict=True,
        ):
            rows[name].append(value)
    figures = {name: _figures(values) for name, values in rows.items()}
    limit = config.max_prompt_tokens
    beyond = None if limit is None else sum(n > limit for n in rows[f"statement {unit}"])
    edges, counts = _histogram(rows[f"statement {unit}"])
    _show(config, len(problems), figures, losses, cues)
    cost = _cost(config, problems)
    if config.plot is not None:
        title = f"{Path(config.problems).name}: {len(problems)} problems"
        marks = figures[f"statement {unit}"] | ({} if limit is None else {"limit": float(limit)})
        _plot(config.plot, title, edges, counts, unit, marks)
    if beyond is not None:
        Console().print(f"beyond max_prompt_tokens={limit}: {beyond} of {len(problems)} statements")
    return {
        "problems": len(problems),
        **figures,
        "histogram": {"edges": edges, "counts": counts, "unit": unit},
        "losses": dict(losses),
        "cues": dict(cues),
        "beyond_limit": beyond,
        "cost": cost,
    }


def _cost(config: StatsConfig, problems: Problems) -> dict[str, Any] | None:
    """What a right program of every problem costs to judge, by a timed sample."""
    if not config.timed:
        return None
    with borrow_sandbox(config.sandbox, cache=False) as sandbox:
        name = sandbox_facts(sandbox)["name"]
        cost = cost_of(problems, sandbox, config.timed)
    seconds = "unknown, no problem has a reference"
    if cost.seconds is not None:
        seconds = (
            f"about {cost.seconds:.0f} s, estimated from {cost.timed_problems} problems "
            f"({cost.timed_tests} tests in {cost.timed_s:.1f} s, {name}, {cores()} cores)"
        )
    Console().print(f"one right program of each problem: {cost.tests} tests, {seconds}")
    return {**asdict(cost), "seconds": cost.seconds, "sandbox": name, "cores": cores()}


def _measure(tokenizer: Path | None) -> tuple[Callable[[str], int], str]:
    """How long a statement is, and in which unit."""
    if tokenizer is None:
        return len, "characters"
    path = tokenizer / "tokenizer.json" if tokenizer.is_dir() else tokenizer
    if not path.is_file():
        raise UsageError(
            f"tokenizer: {path} is not there; expected a folder with tokenizer.json, or that file"
        )
    try:
        from tokenizers import Tokenizer
    except ModuleNotFoundError as error:
        raise plugins.missing_extra(error, "--tokenizer") from error
    loaded: Any = Tokenizer.from_file(str(path))
    return lambda text: len(loaded.encode(text).ids), "tokens"


def _figures(values: Sequence[int]) -> dict[str, float]:
    quantiles = np.quantile(values, (0, 0.5, 0.9, 0.99, 1))
    names = ("min", "median", "p90", "p99", "max")
    return {
        "mean": float(np.mean(values)),
        **{name: float(value) for name, value in zip(names, quantiles, strict=True)},
    }


def _histogram(values: Sequence[int]) -> tuple[list[float], list[int]]:
    # One very long statement would make "auto" cut the others into thousands of bins.
    bins = min(MOST_BINS, len(np.histogram_bin_edges(values, "auto")) - 1)
    counts, edges = np.histogram(values, bins=bins)
    return [float(edge) for edge in edges], [int(count) for count in counts]


def _show(
    config: StatsConfig,
    count: int,
    figures: dict[str, dict[str, float]],
    losses: Counter[str],
    cues: Counter[str],
) -> None:
    table = Table("", *next(iter(figures.values())), title=f"{config.problems}: {count} problems")
    for name, values in figures.items():
        table.add_row(name, *(f"{value:.0f}" for value in values.values()))
    console = Console()
    console.print(table)
    for title, found in (("lost as plain text", losses), ("statements speak of", cues)):
        if found:
            console.print(
                f"{title}: "
                f"{', '.join(f'{name} ({number})' for name, number in found.most_common())}"
            )
    if config.plot is not None:
        console.print(f"histogram: {config.plot}", soft_wrap=True)


def _plot(
    path: Path,
    title: str,
    edges: list[float],
    counts: list[int],
    unit: str,
    marks: dict[str, float],
) -> None:
    """A histogram with the quantiles marked."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise plugins.missing_extra(error, "--plot") from error
    figure: Any = Figure(figsize=(7, 4), layout="constrained", dpi=150)
    axes = figure.subplots()
    axes.stairs(counts, edges, fill=True, color="#93b4e6")
    for name in [one for one in ("median", "p90", "p99", "limit") if one in marks]:
        limit = name == "limit"
        color, style = ("#b91c1c", "-") if limit else ("#1f2937", ":")
        axes.axvline(marks[name], color=color, linewidth=0.8, linestyle=style)
        text = f"{name}\n{marks[name]:.0f}"
        axes.annotate(
            text,
            (marks[name], 1),
            xycoords=("data", "axes fraction"),
            xytext=(3, -2),
            textcoords="offset points",
            va="top",
            fontsize=8,
        )
    axes.set(xlabel=f"{unit} of the statement", ylabel="problems", title=title, xlim=(0, None))
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(y=0.15)
    figure.savefig(path)
