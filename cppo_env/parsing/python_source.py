"""What is Python? Asked of blocks without a language, and of text around no block at all."""

from __future__ import annotations

import ast
import builtins
import re
import warnings
from dataclasses import dataclass
from enum import Enum

from cppo_env.parsing.effort import MAX_UNFENCED_CHARACTERS, once, spend
from cppo_env.parsing.lines import split_lines

_WEAK = (ast.Pass, ast.Break, ast.Continue, ast.Return)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_COMMANDS = ("cat", "tee", "python", "python2", "python3", "node", "bash", "sh", "ruby", "perl")
BUILTINS = frozenset(dir(builtins))
_LONG_NAME = re.compile(r"(?:import|from)[\w \t.\\\r\n]{4000}")
"""Python's parser needs time and memory quadratic in the length of a dotted name."""


class Parse(Enum):
    """What Python's parser says of a text."""

    RIGHT = "right"
    OPEN_STRING = "open string"
    """It ends within a triple-quoted string, so more of it may follow."""
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts about a source text."""

    parse: Parse
    error: str = ""
    """Why it is not Python."""
    error_line: int = 0
    """Counted from 1."""
    statements: int = 0
    does_something: bool = False
    only_asserts: bool = False
    defines: frozenset[str] = frozenset()
    """Names of its functions and classes."""
    imports: frozenset[str] = frozenset()
    """Names that `from … import …` at its top brings."""
    shows: bool = False
    """Its own lines print, write, or call a function of the program's."""
    brings: frozenset[str] = frozenset()
    """Names that it defines, assigns or imports at its top, without those of builtins."""
    modules: frozenset[str] = frozenset()
    """First parts of the names of the modules that it imports at its top."""
    first: int = 0
    """Its first line, after words that parse as statements: `Solution`, `Answer: here`."""
    last: int | None = None
    """The line that follows its last one, before such words; None for the end."""


def facts(source: str) -> Facts:
    """The facts about a source text; none if it costs too much to read (`effort`)."""
    if len(source) > MAX_UNFENCED_CHARACTERS or _LONG_NAME.search(source):
        return Facts(Parse.WRONG, "it is too long to tell")
    return once(source, _facts) or Facts(Parse.WRONG, "the text is too long to tell")


def parse(source: str) -> Parse:
    """Whether a text is Python."""
    return facts(source).parse


def is_python(source: str) -> bool:
    """Whether a text parses and holds a statement."""
    return facts(source).statements > 0


def does_something(source: str) -> bool:
    """Whether a text is a Python program: it parses, and it does more than to name values.

    `[1, 2]`, `YES`, `x = 5` and `Alice: 3` also parse, but are what programs print.
    """
    return facts(source).does_something


def trimmed(source: str) -> str:
    """A program without the words that stand as statements before and behind it."""
    found = facts(source)
    program = "\n".join(split_lines(source)[found.first : found.last])
    return program.lstrip("\n") if found.first else program


def _facts(source: str) -> Facts:
    try:
        module = _module(source)
    except SyntaxError as error:
        is_open = "unterminated triple-quoted" in error.msg
        state = Parse.OPEN_STRING if is_open else Parse.WRONG
        return Facts(state, str(error), 0 if is_open else error.lineno or 1)
    except (ValueError, RecursionError, MemoryError) as error:
        return Facts(Parse.WRONG, str(error) or type(error).__name__)
    body = module.body
    if any(map(_is_no_code, body)):
        return Facts(Parse.WRONG, "a shell command or a session")
    weak = [_is_weak(one) for one in body]
    words = map(_is_a_word, body, weak)
    kept = [n for n, is_word in enumerate(words) if not is_word] or [0, len(body) - 1]
    first, last = kept[0], kept[-1]
    defines = frozenset(one.name for one in body if isinstance(one, _DEFINITIONS))
    assigns = frozenset(
        node.id
        for one in body
        if not isinstance(one, _DEFINITIONS)
        for node in ast.walk(one)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )
    imported = {name for one in body for name in _imported(one)}
    return Facts(
        Parse.RIGHT,
        statements=len(body),
        does_something=not all(weak),
        only_asserts=all(isinstance(one, ast.Assert) for one in body),
        defines=defines,
        shows=any(
            _shows(node, defines, imported)
            for one in body
            if not isinstance(one, (*_DEFINITIONS, ast.Assign, ast.AnnAssign, ast.AugAssign))
            for node in ast.walk(one)
        ),
        brings=(defines | assigns | imported) - BUILTINS,
        imports=frozenset(
            alias.name for one in body if isinstance(one, ast.ImportFrom) for alias in one.names
        ),
        modules=frozenset(
            name.partition(".")[0]
            for one in body
            if isinstance(one, ast.Import | ast.ImportFrom)
            for name in (
                [one.module or "."]
                if isinstance(one, ast.ImportFrom)
                else [alias.name for alias in one.names]
            )
        ),
        first=(body[first - 1].end_lineno or 0) if first > 0 else 0,
        last=body[last].end_lineno if last < len(body) - 1 else None,
    )


def free_names(source: str) -> frozenset[str]:
    """Names that a text uses and does not bind; none if it is no Python or costs too much."""
    if parse(source) is not Parse.RIGHT or not spend(len(source)):
        return frozenset()
    used, bound = set[str](), set[str]()
    for node in ast.walk(_module(source)):
        if isinstance(node, ast.ExceptHandler) and node.name:
            bound.add(node.name)
        elif isinstance(node, ast.Name):
            (bound if isinstance(node.ctx, ast.Store) else used).add(node.id)
        elif isinstance(node, _DEFINITIONS):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        else:
            bound.update(_imported(node))
    return frozenset(used - bound)


def redefines(source: str) -> bool:
    """Whether a text defines a function or class twice at its top, as mended drafts do."""
    if parse(source) is not Parse.RIGHT or not spend(len(source)):
        return False
    names = [one.name for one in _module(source).body if isinstance(one, _DEFINITIONS)]
    return len(set(names)) < len(names)


def _shows(node: ast.AST, defines: frozenset[str], imported: set[str]) -> bool:
    if isinstance(node, ast.Name):
        return node.id in defines  # `Thread(target=main)` calls it as well
    name = node.func if isinstance(node, ast.Call) else None
    if isinstance(name, ast.Attribute):
        return name.attr in ("write", "writelines", "start")
    return isinstance(name, ast.Name) and (name.id == "print" or name.id not in BUILTINS | imported)


def _imported(node: ast.AST) -> set[str]:
    """The names that an import gives."""
    if not isinstance(node, ast.Import | ast.ImportFrom):
        return set()
    return {(one.asname or one.name).partition(".")[0] for one in node.names}


def _module(source: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source)


def module_of(program: str) -> ast.Module | None:
    """The syntax tree of a program that somebody wrote; None if it has none, or costs too much."""
    if _LONG_NAME.search(program):
        return None
    try:
        return _module(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def after_future_imports(program: str, head: str) -> str:
    """A program with some lines before its first statement that need not stand first."""
    module = module_of(program)
    ends = [
        one.end_lineno or 0
        for one in (module.body if module else ())
        if isinstance(one, ast.ImportFrom) and one.module == "__future__"
    ]
    lines, end = split_lines(program), max(ends, default=0)
    return "\n".join([*lines[:end], head + "\n".join(lines[end:])])


def _is_no_code(statement: ast.stmt) -> bool:
    """`cat > a.py << EOF` of a shell, or `In [1]: x` of a session, which parse as Python."""
    if isinstance(statement, ast.AnnAssign):
        target, names = statement.target, ("In", "Out")
        first = target.value if isinstance(target, ast.Subscript) else None
        is_mark = statement.value is None
    elif isinstance(statement, ast.Expr):
        first, names = statement.value, _COMMANDS
        is_mark = any(isinstance(node, ast.LShift) for node in ast.walk(first))
        while isinstance(first, ast.BinOp | ast.Compare):
            first = first.left
    else:
        return False
    return is_mark and isinstance(first, ast.Name) and first.id in names


def _is_weak(statement: ast.stmt) -> bool:
    """Whether a statement does nothing but name or show values, or define what is left to do."""
    if isinstance(statement, _DEFINITIONS):
        return all(map(_is_stub, statement.body))
    if isinstance(statement, _WEAK):
        return True
    if not isinstance(statement, ast.Expr | ast.Assign | ast.AnnAssign):
        return False
    return not any(
        isinstance(node, ast.Call | ast.Await | ast.Lambda) for node in ast.walk(statement)
    )


def _is_stub(statement: ast.stmt) -> bool:
    """A docstring, `pass` or `...`, or a method of nothing else."""
    if isinstance(statement, _DEFINITIONS):
        return all(map(_is_stub, statement.body))
    shown = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return shown or isinstance(statement, ast.Pass)


def _is_a_word(statement: ast.stmt, is_weak: bool) -> bool:
    """A bare name, one with an annotation, or O(n), as prose may look like."""
    if isinstance(statement, ast.AnnAssign):
        return statement.value is None and is_weak
    value = statement.value if isinstance(statement, ast.Expr) else None
    cost = value.func if isinstance(value, ast.Call) else None
    return isinstance(value, ast.Name | ast.List) or (isinstance(cost, ast.Name) and cost.id == "O")
