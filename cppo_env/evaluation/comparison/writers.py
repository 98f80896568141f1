"""A comparison for people: on the terminal, as Markdown, as LaTeX."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cppo_env.evaluation.comparison.tables import shown_tables

LATEX = {
    "\\": r"\textbackslash{}",
    **{letter: f"\\{letter}" for letter in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": "$<$",
    ">": "$>$",
    "−": "$-$",
    "…": r"\,\ldots{}\,",
    "×": r"$\times$",
    "–": "--",
}
"""Letters that LaTeX does not print as they are."""


def print_tables(result: Mapping[str, Any], console: Console) -> None:
    """Print all tables."""
    for one in shown_tables(result):
        table = Table(*one.columns, title=one.title, title_justify="left")
        for row in one.rows:
            table.add_row(*(Text(cell) for cell in row))
        console.print(table)
        for note in one.notes:
            console.print(note, markup=False, highlight=False, soft_wrap=True)


def markdown(result: Mapping[str, Any]) -> str:
    """All tables as Markdown."""
    lines = ["# Comparison", ""]
    for one in shown_tables(result):
        lines += [f"## {one.title}", ""]
        for row in (one.columns, ["---"] * len(one.columns), *one.rows):
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |")
        lines += ["", *(f"- {note}" for note in one.notes), *([""] if one.notes else [])]
    return "\n".join(lines)


def latex(result: Mapping[str, Any]) -> str:
    """All tables as LaTeX floats; the document needs the package booktabs."""
    parts = ["% needs \\usepackage{booktabs}"]
    for one in shown_tables(result):
        rows = [" & ".join(map(_escaped, row)) + r" \\" for row in (one.columns, *one.rows)]
        caption = ". ".join([one.title, *one.notes])
        parts += [
            "",
            r"\begin{table}[t]",
            r"\centering\small",
            rf"\begin{{tabular}}{{l{'r' * (len(one.columns) - 1)}}}",
            r"\toprule",
            rows[0],
            r"\midrule",
            *rows[1:],
            r"\bottomrule",
            r"\end{tabular}",
            rf"\caption{{{_escaped(caption)}.}}",
            r"\end{table}",
        ]
    return "\n".join(parts) + "\n"


def _escaped(text: str) -> str:
    return "".join(LATEX.get(letter, letter) for letter in text)
