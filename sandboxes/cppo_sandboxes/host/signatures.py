"""What a call-based problem's starter code says about the call."""

from __future__ import annotations

import ast
from typing import Any

from cppo_env.types import Problem

_NODES = {"ListNode": "list", "TreeNode": "tree"}


def call_options(problem: Problem, entry_point: str) -> dict[str, Any]:
    """The options of `worker.calls.Call` for a problem.

    The syntax tree of the starter code says whether the entry point is a method of `class
    Solution`, and which arguments and results are linked lists or trees. Starter code usually ends
    inside a function, so `pass` is appended. The problem's metadata say whether dictionaries had
    integer keys before JSON made them strings.
    """
    tree = _parse(problem.starter_code)
    functions = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name == entry_point
    ]
    arguments = (
        [_kind(argument.annotation) for argument in functions[0].args.args] if functions else []
    )
    prefer_class = any(
        isinstance(node, ast.ClassDef) and node.name == "Solution" for node in tree.body
    )
    if prefer_class and arguments:
        arguments = arguments[1:]  # self
    return {
        "prefer_class": prefer_class,
        "nodes": any(name in problem.starter_code for name in _NODES),
        "arguments": arguments,
        "result": _kind(functions[0].returns) if functions else "",
        "integer_keys": bool(problem.metadata.get("integer_keys")),
    }


def _parse(starter_code: str) -> ast.Module:
    last = starter_code.rstrip().rpartition("\n")[2]
    indent = " " * (len(last) - len(last.lstrip()) + 4)
    for ending in ("", f"\n{indent}pass\n"):
        try:
            return ast.parse(starter_code.rstrip() + ending)
        except (SyntaxError, ValueError):
            continue
    return ast.Module([], [])


def _kind(annotation: ast.expr | None) -> str:
    text = "" if annotation is None else ast.unparse(annotation)
    for name, kind in _NODES.items():
        if name in text:
            return kind + "s" if "List[" in text or "list[" in text else kind
    return ""
