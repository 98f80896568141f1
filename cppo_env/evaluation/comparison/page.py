"""A comparison as one HTML page that needs no other file: tables, and plots as inline SVG."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any

from cppo_env.evaluation.comparison.tables import Shown, shown_tables
from cppo_env.plotting import COLOURS, axes_of, svg

STYLE = """
:root { --ink: #1f2937; --soft: #6b7280; --line: #e5e7eb; --axis: #9ca3af; --ground: #fff }
@media screen and (prefers-color-scheme: dark) {
  :root { --ink: #e5e7eb; --soft: #9ca3af; --line: #374151; --axis: #6b7280; --ground: #11161e }
  svg { filter: brightness(1.35) }
}
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground);
  max-width: 1100px; margin: 2em auto; padding: 0 1em }
h1 { font-size: 1.5em } h2 { font-size: 1.05em; margin-top: 2em }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { text-align: left; padding: .25em .9em .25em 0; border-bottom: 1px solid var(--line);
  vertical-align: top }
.note { color: var(--soft); font-size: .9em } .scroll { overflow-x: auto }
svg { max-width: 100%; min-width: 560px; height: auto } svg text { fill: var(--ink) }
"""


LABEL = 60
"""Letters on a line of a plot's label, so that long ones leave the plot its room."""


def page(result: Mapping[str, Any], title: str = "Comparison") -> str:
    """The page."""
    return document(title, _plots(result), shown_tables(result))


def document(title: str, plots: Iterable[tuple[str, str]], tables: Iterable[Shown]) -> str:
    """A page of plots (a name and an SVG each) and tables."""
    parts = [f"<h1>{escape(title)}</h1>"]
    parts += [
        f'<h2>{escape(name)}</h2>\n<div class="scroll">{drawn}</div>' for name, drawn in plots
    ]
    for one in tables:
        head = "".join(f"<th>{escape(cell)}</th>" for cell in one.columns)
        rows = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>\n"
            for row in one.rows
        )
        notes = "".join(f'<p class="note">{escape(note)}</p>' for note in one.notes)
        parts.append(
            f"<h2>{escape(one.title)}</h2>\n"
            f'<div class="scroll"><table><tr>{head}</tr>\n{rows}</table></div>\n{notes}'
        )
    body = "\n".join(parts)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="color-scheme" content="light dark">\n<title>{escape(title)}'
        f"</title><style>{STYLE}</style></head><body>\n{body}\n</body></html>\n"
    )


def _plots(result: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, found in result["sets"].items():
        yield f"pass@k on {name}", _curves(found)
        yield f"paired differences of pass@{found['k']} on {name}", _forest(found)
    if profiles := result["aggregates"]["profiles"]:
        yield (
            "performance profiles: share of seeds and sets above a score",
            _profiles(profiles, result["aggregates"]["levels"]),
        )


def _curves(found: Mapping[str, Any]) -> str:
    figure, axes = axes_of((9.6, 3.5 + _height(found["methods"])))
    some = next(iter(found["methods"].values()))
    budgets = [int(k) for k in some["pass_at_k"]]
    for n, (label, one) in enumerate(found["methods"].items()):
        points = list(one["pass_at_k"].values())
        color = COLOURS[n % len(COLOURS)]
        axes.plot(budgets, [p["mean"] for p in points], "o-", color=color, label=_lines(label))
        axes.fill_between(
            budgets, [p["low"] for p in points], [p["high"] for p in points],
            color=color, alpha=0.12, linewidth=0,
        )  # fmt: skip
    axes.set_xscale("log", base=2)
    axes.set_xticks(budgets, [str(n) for n in budgets])
    axes.set_xlabel("attempts")
    axes.set_ylabel("pass@k")
    axes.set_ylim(0, 1.03)
    figure.legend(loc="outside lower left", frameon=False, fontsize=9)
    return svg(figure)


def _forest(found: Mapping[str, Any]) -> str:
    pairs, k = [*reversed(found["pairs"])], str(found["k"])
    names = [_lines(f"{one['a']} − {one['b']}") for one in pairs]
    figure, axes = axes_of((9.6, 0.9 + _height(names)))
    for row, one in enumerate(pairs):
        at = one["difference"][k]
        color = COLOURS[0] if one["p_holm"] < 0.05 else "#9ca3af"
        axes.plot([at["low"], at["high"]], [row, row], color=color, linewidth=2)
        axes.plot([at["mean"]], [row], "o", color=color)
    axes.axvline(0, color="#6b7280", linewidth=1)
    axes.set_yticks(range(len(pairs)), names)
    axes.set_ylim(-0.6, len(pairs) - 0.4)
    axes.set_xlabel("difference; coloured where p < .05 after Holm's correction")
    return svg(figure)


def _profiles(profiles: Mapping[str, Any], levels: list[float]) -> str:
    figure, axes = axes_of((9.6, 2.9 + _height(profiles)))
    for n, (label, points) in enumerate(profiles.items()):
        color = COLOURS[n % len(COLOURS)]
        means = [p["mean"] for p in points]
        axes.step(levels, means, where="post", color=color, label=_lines(label))
        axes.fill_between(
            levels, [p["low"] for p in points], [p["high"] for p in points],
            step="post", color=color, alpha=0.12, linewidth=0,
        )  # fmt: skip
    axes.set_xlabel("score")
    axes.set_ylabel("share above it")
    figure.legend(loc="outside lower left", frameon=False, fontsize=9)
    return svg(figure)


def _lines(label: str) -> str:
    """A label in lines that fit beside a plot; a dollar in it begins no formula."""
    return "\n".join(textwrap.wrap(label, LABEL)).replace("$", r"\$")


def _height(labels: Iterable[str]) -> float:
    """Inches that labels take below each other."""
    lines = [_lines(label).count("\n") + 1 for label in labels]
    return len(lines) * max(0.35, 0.2 * max(lines, default=0))
