"""Programs whose outputs may be written down instead of computed: signs in the source text.

A sign is not a proof: a constant program is right where the answer is constant, and a small table
is a method. The rates tell policies apart, and `cppo eval` keeps every program to look at.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from cppo_env.parsing.python_source import module_of
from cppo_env.types import Problem

SHORTEST = 5
"""Characters that an example must have to be told from a number that any program may hold."""

READERS = frozenset({"input", "stdin", "fileinput", "open", "read", "readline", "readlines"})
"""Names by which a Python program gets at its input."""


def hard_coded(program: str, problem: Problem | None) -> str | None:
    """Why a program may have its outputs written down; None without a sign of it.

    Args:
        program: in Python; what is no Python shows no sign.
        problem: for its public examples, whose texts are looked for in the program's literals.
    """
    found = _facts(program)
    if found is None:
        return None
    texts, names = found
    reads_stdin = problem is None or problem.entry_point is None
    if reads_stdin and "print" in names and not names & READERS:
        return "prints without reading its input"
    for example in _examples(problem) if problem else ():
        if any(example in text for text in texts):
            return "holds a public example as a literal"
    return None


@lru_cache(maxsize=65536)
def _facts(program: str) -> tuple[tuple[str, ...], frozenset[str]] | None:
    """The text literals of a program, and the names that it uses."""
    tree = module_of(program)
    if tree is None:
        return None
    texts: list[str] = []
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.append(_words(node.value))
        elif isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.Attribute):
            names.add(node.attr)
    return tuple(texts), frozenset(names)


def _examples(problem: Problem) -> Iterator[str]:
    for test in problem.public_tests:
        for text in (test.input, test.output):
            if len(words := _words(text)) >= SHORTEST:
                yield words


def _words(text: str) -> str:
    return " ".join(text.split())
