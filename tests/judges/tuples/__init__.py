"""Corpora of tuples: one file each, read by `tuples_of`."""

from pathlib import Path

from cppo_env import parsing
from cppo_env.types import Problem

FOLDER = Path(__file__).parent


def tuples_of(name):
    """(title, problem, methods) of each entry: a heading, the statement, and the plan."""
    found = []
    for entry in (FOLDER / f"{name}.md").read_text("utf-8").split("## ")[1:]:
        title, _, rest = entry.partition("\n")
        statement, plan = rest.strip().split("\n\n", 1)
        methods = parsing.read_plan(plan)
        assert methods, f"{title}: {parsing.explain_plan(plan)}"
        found.append((title, Problem(f"corpus/{title}", statement, ()), methods))
    return found
