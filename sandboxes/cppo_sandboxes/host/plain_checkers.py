"""Which Python checkers may see many answers in one process: those that leave nothing behind.

A checker that an answer makes change what outlives its `__main__` (a module, the environment, a
file, a signal's handler, a thread) may say something else of the next answer, and a judged program
could bring that about. So a checker is plain only if it imports nothing but what is listed here and
does nothing that is refused here. What plain checkers do change, `worker.together` restores.
"""

from __future__ import annotations

import ast
from collections.abc import Container, Iterator

from cppo_env.parsing.python_source import module_of

_MODULES = """
    __future__ abc argparse array ast bisect cmath collections contextlib copy dataclasses datetime
    decimal difflib enum fractions functools hashlib heapq io itertools json math numbers operator
    os.path pprint re string struct textwrap traceback types typing unicodedata
"""
_OF_SYS = """
    argv byteorder exc_info exit float_info getrecursionlimit getsizeof hash_info intern maxsize
    maxunicode platform set_int_max_str_digits setrecursionlimit stderr stdin stdout version
    version_info
"""
_WHOLE = set(_MODULES.split())
_PARTS = {
    "sys": set(_OF_SYS.split()),
    "os": {"linesep", "path", "sep"},
    "time": {"monotonic", "perf_counter", "sleep", "time"},
}
"""Modules of which only these parts are plain."""
_CONTEXTS = {"BasicContext", "DefaultContext", "ExtendedContext"}
"""Of the module decimal; other contexts are the checker's own, or restored."""
_BUILTINS = {
    "__builtins__",
    "__import__",
    "breakpoint",
    "compile",
    "delattr",
    "eval",
    "exec",
    "globals",
    "locals",
    "setattr",
    "vars",
}
_FILES = {"FileIO", "FileType"}
_REFUSED_NAMES = _CONTEXTS | _BUILTINS | _FILES
_REFUSED_ATTRIBUTES = _CONTEXTS | _FILES | {"detach", "fileno", "reconfigure"}
LONGEST = 1 << 16
"""Characters of a checker that is looked at: reading 1 MB took seconds."""
_READING = {"r", "rb", "rt", "br", "tr"}


def is_plain(source: str) -> bool:
    """Whether a checker leaves nothing behind, as far as its text tells."""
    module = module_of(source) if len(source) <= LONGEST else None
    if module is None:
        return False
    nodes = list(ast.walk(module))
    imports = [one for node in nodes for one in _imports(node)]
    names = {name: "" if part else owner for name, owner, part in imports}
    looked_at = {id(one) for node in nodes for one in _looked_at(node)}
    return all(_is_known(owner, part) for _, owner, part in imports) and all(
        _leaves_nothing(node, names, whole=id(node) not in looked_at) for node in nodes
    )


def _imports(node: ast.AST) -> Iterator[tuple[str, str, str]]:
    """The names that a statement gives, the module of each, and the part of it; "" for all."""
    if isinstance(node, ast.Import):
        for one in node.names:
            owner = one.name if one.asname else one.name.partition(".")[0]
            yield one.asname or owner, owner, ""
    elif isinstance(node, ast.ImportFrom):
        for one in node.names:
            yield one.asname or one.name, node.module or "", one.name


def _looked_at(node: ast.AST) -> list[ast.expr]:
    """What a node reads attributes of, or calls."""
    if isinstance(node, ast.Attribute):
        return [node.value]
    if not isinstance(node, ast.Call):
        return []
    asks = isinstance(node.func, ast.Name) and node.func.id == "hasattr"
    return [node.func, *(node.args[:1] if asks else ())]


def _is_known(owner: str, part: str) -> bool:
    if owner in _PARTS:
        return not part or part in _PARTS[owner]
    is_whole = owner in _WHOLE or owner.partition(".")[0] in _WHOLE
    return is_whole and part not in _REFUSED_NAMES | {"open"}


def _leaves_nothing(node: ast.AST, names: dict[str, str], *, whole: bool) -> bool:
    """Whether a node is plain.

    Args:
        node: the node.
        names: imported names and their modules; "" where a name is a part of one.
        whole: it is not merely called or what attributes are read of, so it may get other names.
    """
    if isinstance(node, ast.Name):
        has_other_names = whole and (node.id == "open" or bool(names.get(node.id)))
        return node.id not in _REFUSED_NAMES and not has_other_names
    if isinstance(node, ast.Call):
        return _reads(node)
    if isinstance(node, ast.Attribute):
        owner = names.get(node.value.id, "") if isinstance(node.value, ast.Name) else ""
        is_known = node.attr in _PARTS[owner] if owner in _PARTS else True
        if whole and node.attr == "open":
            return False
        return is_known and node.attr not in _REFUSED_ATTRIBUTES and not _changes(node, names)
    return not (isinstance(node, ast.Subscript) and _changes(node, names))


def _changes(node: ast.Attribute | ast.Subscript, names: Container[str]) -> bool:
    """Whether something imported is assigned to."""
    root: ast.expr = node
    while isinstance(root, ast.Attribute | ast.Subscript):
        root = root.value
    return not isinstance(node.ctx, ast.Load) and isinstance(root, ast.Name) and root.id in names


def _reads(call: ast.Call) -> bool:
    """Whether a call opens no file but to read it, nor a descriptor."""
    name = call.func
    if "open" not in (getattr(name, "id", ""), getattr(name, "attr", "")):
        return True
    modes = call.args[1:2] + [one.value for one in call.keywords if one.arg in ("mode", None)]
    return (
        all(isinstance(mode, ast.Constant) and mode.value in _READING for mode in modes)
        and not any(isinstance(one, ast.Starred) for one in call.args)
        and not isinstance(call.args[0] if call.args else None, ast.Constant)
    )
