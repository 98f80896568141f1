"""The charts of reports: metrics over the steps, for one run or for seeds of several methods."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from cppo_env.arrays import Floats
from cppo_env.plotting import axes_of, svg
from cppo_grpo.runs.log import LogRow

INK = "#1f2937"
POINTS = 400
"""Points of a curve that are drawn; more cannot be seen, and make the file large."""
NARROW = 4.4, 3.6
"""Inches of the main chart on a narrow page."""
WINDOW = 15
"""Steps that a smoothed curve averages."""

METRICS = {
    "planner's reward": ("reward_plan", 1.0),
    "solver's reward": ("reward_solve", 1.0),
    "plans accepted by the gate": ("validity", 1.0),
    "plans read as K methods": ("parse_rate", 1.0),
    "plans that repeat another of their group": ("duplicate_plans", None),
    "plans that hold a method twice": ("duplicate_methods", None),
    "planner groups without signal": ("silent_groups_plan", 1.0),
    "solver groups without signal": ("silent_groups_solve", 1.0),
    "plans cut off": ("truncated_plan", None),
    "programs cut off": ("truncated_solve", None),
    "entropy of a token, planner (estimate)": ("entropy_estimate_plan", None),
    "entropy of a token, solver (estimate)": ("entropy_estimate_solve", None),
    "KL from the start, planner": ("kl_plan", None),
    "KL from the start, solver": ("kl_solve", None),
    "tokens of a plan": ("length_plan", None),
    "tokens of a program's answer": ("length_solve", None),
    "tokens of a planner's thoughts": ("thoughts_plan", None),
    "tokens of a solver's thoughts": ("thoughts_solve", None),
    "planner's thoughts cut off": ("thoughts_cut_plan", None),
    "solver's thoughts cut off": ("thoughts_cut_solve", None),
    "gap between sampler and trainer, planner": ("sampler_gap_plan", None),
    "gap between sampler and trainer, solver": ("sampler_gap_solve", None),
    "programs that pass": ("verdict_AC", 1.0),
    "void episodes": ("void", None),
    "gradient norm": ("grad_norm", None),
    "seconds of a step": ("seconds", None),
}
"""Title of a chart → the metric, and the upper end of its axis where it is a share."""


@dataclass(frozen=True, slots=True)
class Line:
    """A method in a chart: the steps of each of its runs."""

    label: str
    colour: str
    seeds: Sequence[Sequence[LogRow]]
    """Rows of the runs that were carried out to their end."""
    broken: Sequence[Sequence[LogRow]] = ()
    """Rows of those that were not; drawn alone, as far as they went."""


@dataclass(frozen=True, slots=True)
class Points:
    """Evaluations of a method during training, with their intervals."""

    label: str
    colour: str
    steps: Sequence[int]
    mean: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]


@dataclass(frozen=True, slots=True)
class Level:
    """A reference level of a chart."""

    label: str
    value: float


@dataclass(frozen=True, slots=True)
class Frame:
    """Size and axes of a chart."""

    size: tuple[float, float] = (4.7, 2.4)
    top: float | None = None
    y: str = ""
    levels: Sequence[Level] = field(default=())


SMALL = Frame()


def chart(metric: str, lines: Sequence[Line], points: Sequence[Points], frame: Frame) -> str:
    """One metric over the steps as SVG: the mean over seeds, and a band that spans them.

    Returns:
        An empty text if no row knows the metric.
    """
    figure, axes = axes_of(frame.size)
    drawn = [_draw(axes, metric, line) for line in lines]
    for one in points:
        low, high = np.subtract(one.mean, one.low), np.subtract(one.high, one.mean)
        axes.errorbar(
            one.steps, one.mean, yerr=[low.clip(0), high.clip(0)],
            fmt="D--", color=one.colour, capsize=3, markersize=4, linewidth=0.8, zorder=5,
        )  # fmt: skip
    if not any(drawn) and not points:
        return ""
    for level, style in zip(frame.levels, ("--", ":"), strict=False):
        axes.axhline(level.value, color=INK, linestyle=style, linewidth=1.2)
        axes.annotate(
            f"{level.label} {level.value:.3f}", (0, level.value),
            xytext=(12, 4), textcoords="offset points", fontsize=9, color=INK,
        )  # fmt: skip
    axes.set_ylim(bottom=0, top=frame.top and frame.top * 1.06)
    if frame.y:
        axes.set_ylabel(frame.y)
        axes.set_xlabel("optimizer step")
    return svg(figure)


def main_chart(
    metric: str, lines: Sequence[Line], points: Sequence[Points], frame: Frame
) -> dict[str, str]:
    """`chart` in two shapes, of which a page shows the one that fits its width; empty if it is."""
    shapes = {"wide": frame, "narrow": replace(frame, size=NARROW)}
    return {
        name: drawn
        for name, shape in shapes.items()
        if (drawn := chart(metric, lines, points, shape))
    }


def charts(lines: Sequence[Line]) -> list[dict[str, str]]:
    """The smaller charts that the rows have something for: title and SVG.

    One that is 0 throughout is left out: nothing was cut off, nothing was void.
    """
    rows = [row for line in lines for run in (*line.seeds, *line.broken) for row in run]
    found: list[dict[str, str]] = []
    for title, (metric, top) in METRICS.items():
        if any(row.get(metric) for row in rows):
            drawn = chart(metric, lines, (), Frame(top=top))
            if drawn:
                found.append({"title": title, "svg": drawn})
    return found


def _draw(axes: Any, metric: str, line: Line) -> bool:
    """Draw the mean of the seeds with the span of them, and each run that broke off."""
    seeds = [_series(rows, metric) for rows in line.seeds]
    seeds = [one for one in seeds if one]
    for rows in line.broken:
        if known := _series(rows, metric):
            steps = np.array([*known])
            values = smooth(np.array([*known.values()]))
            axes.plot(*_thinned(steps, values), color=line.colour, linewidth=1, linestyle=":")
    shared = sorted(set[int].intersection(*map(set[int], seeds))) if seeds else []
    if not shared:
        return any(_series(rows, metric) for rows in line.broken)
    values_SN = np.array([smooth(np.array([one[step] for step in shared])) for one in seeds])
    steps = np.array(shared)
    mean = values_SN.mean(axis=0)
    axes.plot(*_thinned(steps, mean), color=line.colour, linewidth=1.8)
    if len(seeds) > 1:
        at, low = _thinned(steps, values_SN.min(axis=0))
        _, high = _thinned(steps, values_SN.max(axis=0))
        axes.fill_between(at, low, high, color=line.colour, alpha=0.14, linewidth=0)
    else:
        raw = np.array([seeds[0][step] for step in shared])
        axes.plot(*_thinned(steps, raw), color=line.colour, linewidth=0.5, alpha=0.3)
    return True


def _series(rows: Iterable[LogRow], metric: str) -> dict[int, float]:
    """Step → value. A run whose policy writes no plans has no figures of a planner."""
    planner = metric.endswith("_plan")
    return {
        row["step"]: row[metric]
        for row in rows
        if isinstance(row.get(metric), int | float)
        and not (planner and row.get("validity", 0) is None)
    }


def smooth(values: Floats) -> Floats:
    """The mean over a window around each point, cut at the ends."""
    half, at = min(WINDOW, len(values)) // 2, np.arange(len(values))
    low, high = np.maximum(at - half, 0), np.minimum(at + half + 1, len(values))
    sums = np.concatenate([[0.0], np.cumsum(values)])
    return (sums[high] - sums[low]) / (high - low)


def _thinned(steps: Any, values: Floats) -> tuple[Any, Floats]:
    """At most `POINTS` of the points, the first and the last among them."""
    if len(steps) <= POINTS:
        return steps, values
    chosen = np.unique(np.linspace(0, len(steps) - 1, POINTS).round().astype(int))
    return steps[chosen], values[chosen]
