"""Plans that are written as Python: assignments, a dictionary, a call, or TOML that looks like it.

Only literals count. A program whose variables are called A to D is no plan: everything that stands
there must name a method.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, cast

from cppo_env.parsing.fences import FENCE_LINE
from cppo_env.parsing.lines import split_lines

_STARTS = re.compile(r"[ \t]*(?:[A-Za-z_]\w*[ \t]*[=(:]|\[\w+(?:\][ \t]*$|\()|\{)")


def python_value(text: str) -> Any:
    """The dictionary or list that the code of a text writes down; None if it does anything else."""
    for source in _sources(split_lines(text)):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                body = ast.parse(source).body
            values = [one for one in body if not _is_header(one)]
            if len(body) - len(values) < 2:
                return _value(values)
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
    return None


def _sources(lines: Sequence[str]) -> Iterator[str]:
    """What may be code: the only fenced block, or the paragraphs from the first that may be."""
    fences = [n for n, line in enumerate(lines) if FENCE_LINE.fullmatch(line)]
    if len(fences) == 2:
        yield "\n".join(lines[fences[0] + 1 : fences[1]])
    if fences:
        return
    first = next((n for n, line in enumerate(lines) if _STARTS.match(line)), None)
    if first is None:
        return
    yield "\n".join(lines[first:])
    blank = (n for n in range(len(lines) - 1, first, -1) if not lines[n].strip())
    if (end := next(blank, None)) is not None and len(lines[end + 1 :]) == 1:
        yield "\n".join(lines[first:end])  # a closing sentence


def _value(body: Sequence[ast.stmt]) -> Any:
    if len(body) == 1 and isinstance(body[0], ast.Assign | ast.AnnAssign | ast.Expr):
        value = body[0].value
        if isinstance(value, ast.List) and len(value.elts) == 1:
            [value] = value.elts  # of Llama: `[plan(A="…")]`
        if isinstance(value, ast.Call):
            return _of_call(value)
        literal: Any = None if value is None else _literal(value)
        if isinstance(literal, dict | list | tuple):
            return list(cast(Any, literal)) if isinstance(literal, tuple) else cast(Any, literal)
    found: dict[str, str] = {}
    for one in body:
        target = one.targets[0] if isinstance(one, ast.Assign) and len(one.targets) == 1 else None
        target = one.target if isinstance(one, ast.AnnAssign) else target
        if not isinstance(target, ast.Name) or target.id in found:
            raise ValueError
        assert isinstance(one, ast.Assign | ast.AnnAssign)
        value = None if one.value is None else ast.literal_eval(one.value)
        if not isinstance(value, str):
            raise ValueError
        found[target.id] = value
    return found or None


def _literal(value: ast.expr) -> Any:
    """A literal whose keys are texts or integers, none of them twice; all become texts."""
    for node in ast.walk(value):
        if not isinstance(node, ast.Dict):
            continue
        keys = [str(key.value) for key in node.keys if isinstance(key, ast.Constant)]
        kinds = {type(key.value) for key in node.keys if isinstance(key, ast.Constant)}
        if len(set(keys)) < len(node.keys) or not kinds <= {str, int}:
            raise ValueError
        node.keys = [ast.Constant(key) for key in keys]
    return ast.literal_eval(value)


def _of_call(call: ast.Call) -> Any:
    """The keywords of a call, or its only argument; what a program prints is no plan."""
    if isinstance(call.func, ast.Name) and call.func.id == "print":
        raise ValueError
    if call.keywords and not call.args:
        return {one.arg or "": _literal(one.value) for one in call.keywords}
    if len(call.args) == 1 and not call.keywords:
        return _literal(call.args[0])
    raise ValueError


def _is_header(statement: ast.stmt) -> bool:
    """`[methods]` of TOML."""
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.List)
        and all(isinstance(one, ast.Name) for one in statement.value.elts)
    )
