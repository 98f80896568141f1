"""The bundled problems: classic tasks with statements, tests, and right and wrong programs.

One folder is one problem; its name is the id:

    problem.toml            title, difficulty, split; entry_point and starter_code if call-based
    statement.md            the task; the public tests are appended to it as examples
    tests.json              {"public": […], "hidden": […]} of {"input": …, "output": …}
    references/NAME.py      a right program; line 1 of its docstring states its method
    wrong/NAME.py           a program with the plausible mistake that its name tells

To add a problem, add a folder; `tests/problems/test_samples.py` runs all its programs.
"""

from __future__ import annotations

import json
import tomllib
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from cppo_env.errors import UsageError
from cppo_env.problems.selection import select
from cppo_env.problems.views import Problems, Summary, summarise
from cppo_env.types import Limits, Problem, TestCase

LIMITS = Limits(cpu_s=1.0)
"""Limits of every problem here. References take less than a fifth of the CPU time."""


def load(source: Path | None = None, /, **filters: Any) -> Problems:
    """The bundled problems, in the order of their ids.

    Args:
        source: unused, the problems lie in this package; anything but None is refused.
        **filters: see `cppo_env.problems.selection.Filters`; difficulties are "easy", "medium" and
            "hard".

    Raises:
        UsageError: a source, or a filter that does not exist.
        ProblemDataError: no problem fulfils the filters.
    """
    if source is not None:
        raise UsageError(
            f"samples: got the source {source}, expected none, because these problems are bundled"
        )
    return select(SampleProblems(), **filters)


class SampleProblems(Problems):
    """The problem folders in this package; each is read when it is asked for."""

    def __init__(self) -> None:
        folders = (
            entry
            for entry in files(__name__).iterdir()
            if entry.is_dir() and "__" not in entry.name
        )
        self._folders = sorted(folders, key=lambda folder: folder.name)

    def __len__(self) -> int:
        """Number of problems."""
        return len(self._folders)

    def __getitem__(self, index: int, /) -> Problem:
        """The problem at `index`, read now."""
        if index < 0:
            raise IndexError(f"problem {index}; expected 0 to {len(self) - 1}")
        return _read_folder(self._folders[index])

    def summary(self, index: int) -> Summary:
        """The summary at `index`."""
        return self._summaries[index]

    @cached_property
    def _summaries(self) -> list[Summary]:
        return [summarise(problem) for problem in self]

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {folder.name: index for index, folder in enumerate(self._folders)}


def _read_folder(folder: Traversable) -> Problem:
    about = tomllib.loads(_text(folder / "problem.toml"))
    tests = json.loads(_text(folder / "tests.json"))
    entry_point: str | None = about.get("entry_point")
    public, hidden = (_tests(tests[part], entry_point) for part in ("public", "hidden"))
    references, wrong = _programs(folder / "references"), _programs(folder / "wrong")
    return Problem(
        id=folder.name,
        statement=_text(folder / "statement.md")
        + "".join(_example(test, entry_point) for test in public),
        tests=public + hidden,
        starter_code=about.get("starter_code", "").strip(),
        entry_point=entry_point,
        public_tests=public,
        limits=LIMITS,
        references=tuple(references.values()),
        wrong=tuple(wrong.values()),
        metadata={
            "dataset": "samples",
            "title": about["title"],
            "split": about["split"],
            "difficulty": about["difficulty"],
            "methods": tuple(map(_method, references.values())),
            "mistakes": tuple(name.replace("-", " ") for name in wrong),
        },
    )


def _text(file: Traversable) -> str:
    return file.read_text("utf-8")


def _tests(pairs: list[dict[str, Any]], entry_point: str | None) -> tuple[TestCase, ...]:
    if entry_point is None:
        return tuple(TestCase(pair["input"], pair["output"]) for pair in pairs)
    return tuple(TestCase(json.dumps(pair["input"]), json.dumps(pair["output"])) for pair in pairs)


def _example(test: TestCase, entry_point: str | None) -> str:
    if entry_point is None:
        return f"\nExample input:\n```\n{test.input}```\nExample output:\n```\n{test.output}```\n"
    return f"\nExample: `{entry_point}({test.input[1:-1]})` returns `{test.output}`.\n"


def _programs(folder: Traversable) -> dict[str, str]:
    """Name → program, sorted by name."""
    programs = {
        file.name.removesuffix(".py"): _text(file)
        for file in folder.iterdir()
        if file.name.endswith(".py")
    }
    return dict(sorted(programs.items()))


def _method(program: str) -> str:
    """The first line of the program's docstring."""
    return program.partition("\n")[0].strip('"')
