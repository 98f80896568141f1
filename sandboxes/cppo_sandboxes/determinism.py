"""Is a program deterministic? A guess that errs towards "no"."""

from __future__ import annotations

import ast
import warnings
from functools import lru_cache

from cppo_env.parsing import MAX_UNFENCED_CHARACTERS

_MODULES = frozenset(
    {
        "__future__", "abc", "array", "bisect", "cmath", "collections", "copy", "dataclasses",
        "decimal", "enum", "fractions", "functools", "heapq", "io", "itertools", "json", "math",
        "numbers", "operator", "re", "string", "sys", "textwrap", "types", "typing",
    }
)  # fmt: skip
"""Modules whose functions see only their arguments."""
_OF_SYS = frozenset(
    {
        "argv", "exit", "float_info", "int_info", "maxsize", "set_int_max_str_digits",
        "setrecursionlimit", "stderr", "stdin", "stdout", "version_info",
    }
)  # fmt: skip
_SEEING = frozenset(
    {
        "__builtins__", "__import__", "__loader__", "__spec__", "breakpoint", "compile", "dir",
        "eval", "exec", "frozenset", "getattr", "globals", "hash", "id", "locals", "set", "vars",
    }
)  # fmt: skip
"""Names through which a program may see hash seeds (the order of a set) or addresses."""
_SEEING_ATTRIBUTES = frozenset({"__dict__", "__hash__", "__subclasses__", "modules", "urandom"})


@lru_cache(4096)
def is_deterministic(program: str, language: str) -> bool:
    """Whether a program cannot see randomness, clocks, threads, files, addresses or hash seeds.

    Only Python is examined, and only by names: it misses a program that uses the address in an
    object's default text.
    """
    if language != "python" or len(program) > MAX_UNFENCED_CHARACTERS:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            nodes = ast.walk(ast.parse(program))
            return all(map(_is_blind, nodes))
    except (ValueError, RecursionError, MemoryError):
        return False
    except SyntaxError:
        return True


def _is_blind(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return all(alias.name.partition(".")[0] in _MODULES for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        module = (node.module or "").partition(".")[0]
        if module == "sys":
            return all(alias.name in _OF_SYS for alias in node.names)
        return module in _MODULES
    if isinstance(node, ast.Set | ast.SetComp):
        return False
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open":
        first = node.args[0] if node.args else None
        return isinstance(first, ast.Constant) and first.value == 0  # standard input
    if isinstance(node, ast.Name):
        return node.id not in _SEEING
    if isinstance(node, ast.Attribute):
        of_sys = isinstance(node.value, ast.Name) and node.value.id == "sys"
        return node.attr not in _SEEING_ATTRIBUTES and (not of_sys or node.attr in _OF_SYS)
    return True
