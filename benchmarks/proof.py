"""The proof on one page that needs no other file, from the results that `coordination.py` wrote.

python benchmarks/proof.py                       # benchmarks/results/proof.html
python benchmarks/proof.py MINE.json --html mine.html
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.coordination_settings import METHODS, POINT, SETTINGS
from cppo_env.evaluation.comparison.page import document
from cppo_env.evaluation.comparison.tables import Shown, interval, p_value
from cppo_env.plotting import COLOURS, axes_of, svg

RESULTS = Path(__file__).parent / "results"
Row = Mapping[str, Any]


def rows_by_setting(files: Sequence[Path]) -> dict[str, list[Row]]:
    """The rows that were run, the best first, each with its file and commit."""
    found: dict[str, list[Row]] = defaultdict(list)
    for file in files:
        content = json.loads(file.read_text())
        commits = [content["commit"]] if "commit" in content else [
            origin["commit"] for origin in content["origins"]
        ]  # fmt: skip
        source = {"file": file.name, "commit": ", ".join(one[:7] for one in commits)}
        for row in content["rows"]:
            if row["seeds"]:
                found[row["setting"]].append(row | source)
    return {
        setting: sorted(found[setting], key=lambda row: -row["pass_at_4"])
        for setting in SETTINGS
        if setting in found
    }


def label(row: Row) -> str:
    """A row's name in plots and tables: the method, and its learning rate if it learns."""
    return row["method"] + (f" {row['lr']:g}" if row["method"] != "planner_sft" else "")


def ends(rows: Sequence[Row]) -> str:
    """Held-out pass@4: a dot for each seed, a bar for the interval, a line for the ceiling."""
    figure, axes = axes_of((9.6, 0.8 + 0.3 * len(rows)))
    for at, row in enumerate(reversed(rows)):
        color = COLOURS[2] if row["bound"] else COLOURS[0]
        axes.plot([row["low"], row["high"]], [at, at], color=color, linewidth=4, alpha=0.25)
        axes.plot(row["by_seed"], [at] * len(row["by_seed"]), "o", color=color, markersize=4)
        axes.plot([row["pass_at_4"]], [at], "|", color=color, markersize=14, markeredgewidth=2)
    axes.axvline(rows[0]["ceiling"], color="#6b7280", linewidth=1, linestyle="--")
    axes.axvline(rows[0]["optimum"], color="#059669", linewidth=1, linestyle=":")
    axes.set_yticks(range(len(rows)), [label(row) for row in reversed(rows)])
    axes.set_xlim(-0.01, 1.01)
    axes.set_xlabel(
        "held-out pass@4; red: independent attempts; dashed: their ceiling; dotted: the optimum"
    )
    return svg(figure)


def curves(rows: Sequence[Row]) -> str:
    """Training pass@4, means over seeds; the line of CPPO is thick."""
    figure, axes = axes_of((9.6, 4.2))
    for row in rows:
        means = np.mean(row["training"], axis=0)
        steps = POINT * (np.arange(len(means)) + 0.5)
        wide, style = 2.5 if row["method"] == "cppo" else 1.2, "--" if row["bound"] else "-"
        color = COLOURS[list(METHODS).index(row["method"]) % len(COLOURS)]
        axes.plot(steps, means, style, color=color, linewidth=wide, label=label(row))
    axes.axhline(rows[0]["ceiling"], color="#6b7280", linewidth=1, linestyle=":")
    axes.set_xlabel("step; dashed: independent attempts, whose ceiling is dotted")
    axes.set_ylabel("training pass@4")
    axes.set_ylim(0, 1.03)
    figure.legend(loc="outside right upper", frameon=False, fontsize=8)
    return svg(figure)


def plots(settings: Mapping[str, Sequence[Row]]) -> Iterator[tuple[str, str]]:
    """Two plots of each setting."""
    for setting, rows in settings.items():
        yield f"{setting}: where each method ends", ends(rows)
        if drawn := [row for row in rows if len(row.get("training", [[]])[0]) > 1]:
            yield f"{setting}: learning curves", curves(drawn)


def table(setting: str, rows: Sequence[Row]) -> Shown:
    """The figures of a setting."""
    cells = [
        (
            label(row),
            str(row["seeds"]),
            interval({"mean": row["pass_at_4"], "low": row["low"], "high": row["high"]}),
            ", ".join(f"{one:.3f}" for one in row["by_seed"]),
            p_value(row.get("p_above_holm")),
            interval(gain) if (gain := row.get("cppo_minus")) else "",
            p_value(gain["p_holm"]) if gain else "",
            f"{row['file']} at {row['commit']}",
        )
        for row in rows
    ]
    return Shown(
        f"{setting}: ceiling {rows[0]['ceiling']:.3f}, optimum {rows[0]['optimum']:.3f}",
        (
            "method",
            "seeds",
            "pass@4, 95 %",
            "by seed",
            "p above ceiling (Holm)",
            "CPPO minus it",
            "p (Holm)",
            "from",
        ),
        cells,
        [
            "Intervals and p-values are for new problems and new seeds; p above the ceiling is "
            "one-sided, and older files do not have it. Where no difference is "
            "given, the methods ran at different commits; benchmarks/README.md has those that "
            "were tested. A method that is not listed was not run."
        ],
    )


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("files", nargs="*", type=Path, help="default: the committed results")
    parser.add_argument("--html", type=Path, default=RESULTS / "proof.html")
    arguments = parser.parse_args()
    settings = rows_by_setting(arguments.files or sorted(RESULTS.glob("coordination*.json")))
    tables = [table(setting, rows) for setting, rows in settings.items()]
    title = "Who passes the ceiling of independent attempts?"
    arguments.html.write_text(document(title, plots(settings), tables))
    print(f"wrote {arguments.html}")


if __name__ == "__main__":
    main()
