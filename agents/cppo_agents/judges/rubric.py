"""What a model that judges is asked: the rubric, as chat messages.

The methods are data from a model that is paid for being accepted. They stand as JSON strings, so
none can end its own line, and marks of a chat format are broken up.
"""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path
from string import ascii_uppercase

from cppo_env.errors import UsageError
from cppo_env.prompts import Messages, observe, problem_text
from cppo_env.types import Problem

PASS, FAIL = "Pass", "Fail"
"""The two answers."""

FIELDS = ("{k}", "{problem}", "{methods}")
"""What a template has to name: the number of methods, the statement, and the methods."""

_MARKS = re.compile(r"<(?=\||/|[a-z_]+>)|\[(?=/?INST)", re.I)

DIVIDER = "\n---\n"
"""Divides a template into its system text and its question."""


def load_template(path: str | Path | None) -> str:
    """The text of a rubric; None takes the project's own.

    Raises:
        UsageError: there is no such file, or it lacks one of `FIELDS`.
    """
    if path is None:
        return files("cppo_agents.judges").joinpath("rubric.md").read_text("utf-8")
    try:
        template = Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"rubric: {path} cannot be read ({error}); give a text file") from error
    if lacking := [name for name in FIELDS if name not in template]:
        raise UsageError(f"rubric: {path} does not name {lacking[0]}; it needs {', '.join(FIELDS)}")
    return template


def rubric_messages(problem: Problem, methods: tuple[str, ...], template: str) -> Messages:
    """The question whether these methods are a valid plan for the problem."""
    written = "\n".join(
        f"{label}: {quoted(method)}"
        for label, method in zip(ascii_uppercase, methods, strict=False)
    )
    values = {
        "{k}": str(len(methods)),
        "{problem}": problem_text(observe(problem)),
        "{methods}": written,
    }
    filled = re.sub("|".join(map(re.escape, FIELDS)), lambda found: values[found[0]], template)
    system, divider, question = filled.partition(DIVIDER)
    if not divider:
        return [{"role": "user", "content": filled}]
    return [
        {"role": "system", "content": system.strip()},
        {"role": "user", "content": question.strip()},
    ]


def quoted(method: str) -> str:
    """A method as one line of data; no mark of a chat format survives in it."""
    clean = method.encode("utf-8", "replace").decode()
    return json.dumps(_MARKS.sub(lambda found: found[0] + " ", clean), ensure_ascii=False)
