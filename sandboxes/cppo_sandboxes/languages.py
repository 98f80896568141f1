"""The languages of judged programs: one row each, with a program that tests it."""

# ruff: noqa: E501 - tables of names
from __future__ import annotations

import re
from dataclasses import dataclass

from cppo_env.errors import UnknownNameError
from cppo_env.types import Limits, Problem, TestCase

TIERS: tuple[tuple[str, ...], ...] = (
    (),
    (
        "collections", "heapq", "bisect", "itertools", "functools", "math", "string", "operator", "re", "typing", "copy",
        "json", "datetime", "random", "decimal", "fractions", "statistics", "dataclasses", "enum", "io", "array", "cmath",
        "threading", "queue", "time", "types", "abc", "contextlib", "numbers", "warnings", "traceback", "textwrap",
    ),
    ("numpy",),
)  # fmt: skip
"""What the warm interpreters have imported: nothing, common stdlib modules, and numpy as well.

A program is forked from the smallest one that has its imports, because the cost of a test is what
the forked process maps. It imports anything else itself.
"""

_BUILT_IN = frozenset(
    {"sys", "os", "time", "math", "itertools", "builtins", "__future__", "gc", "marshal", "errno"}
)
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import|import[ \t]+([\w., \t]+))|;[ \t]*import[ \t]+([\w., \t]+)",
    re.M,
)


@dataclass(frozen=True, slots=True)
class Language:
    """How programs of one language become processes."""

    name: str
    file_name: str
    """Name of the program's file."""
    self_test: str
    """A program that solves SELF_TEST."""
    compile: tuple[str, ...] | None = None
    """Command with {source} and {binary}; None for Python, which needs no compiler process."""
    run: tuple[str, ...] = ()
    """Command with {binary}."""

    def tier(self, program: str, *, call_based: bool) -> int:
        """Index into TIERS of the interpreter to fork for a program."""
        if self.compile is not None:
            return 0
        modules = imported(program)
        if "numpy" in modules or "scipy" in modules or "pandas" in modules:
            return 2
        return 1 if call_based or modules - _BUILT_IN else 0


SELF_TEST = Problem(
    "self-test",
    "Print the sum of two integers.",
    (TestCase("1 2\n", "3\n"), TestCase("30 40\n", "70\n")),
    limits=Limits(cpu_s=10.0, wall_s=20.0),
)

LANGUAGES = {
    row.name: row
    for row in (
        Language("python", "solution.py", "a, b = map(int, input().split())\nprint(a + b)\n"),
        Language(
            "cpp17",
            "solution.cpp",
            "#include <iostream>\nint main() { long long a, b; std::cin >> a >> b; std::cout << a + b << std::endl; }\n",
            compile=("g++", "-std=c++17", "-O2", "-pipe", "-o", "{binary}", "{source}"),
            run=("{binary}",),
        ),
    )
}


def language(name: str) -> Language:
    """The language of that name.

    Raises:
        UnknownNameError: there is none.
    """
    try:
        return LANGUAGES[name]
    except KeyError:
        raise UnknownNameError(f"no language {name!r}; known: {', '.join(LANGUAGES)}") from None


def imported(program: str) -> set[str]:
    """Top-level modules that a Python program seems to import; a guess without parsing."""
    found: set[str] = set()
    for match in _IMPORT.finditer(program):
        for part in (match[1] or match[2] or match[3]).split(","):
            found.update(part.partition(".")[0].split()[:1])
    return found
