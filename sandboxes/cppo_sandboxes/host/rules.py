"""A problem's checker as something that can be sent to another process, if it can."""

from __future__ import annotations

import dis
import hashlib
import re
from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import replace
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from functools import cached_property, partial
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any, cast

from cppo_env.checkers.strict import strict
from cppo_env.types import Checker, CheckerProgram, Problem, TestCase

_CONSTANTS = (int, float, complex, str, bytes, range, Decimal, Fraction, Enum, re.Pattern)
_NAMED = (type, type(None), ModuleType)
_CONTAINERS = (list, dict, set, bytearray, deque)
_OURS = "cppo_env."
QUICK_CHARS = 1 << 16
"""Expected output up to which all of our checkers are quick; `strict` is at any length."""


class Rule:
    """A problem and its checker.

    Attributes:
        program: the checker, where it is a program.
        ours: the checker is built in.
    """

    def __init__(self, problem: Problem, checker: Checker | CheckerProgram) -> None:
        self.problem, self.checker = problem, checker
        self.program = checker if isinstance(checker, CheckerProgram) else None
        self.ours = self.program is None and _module(checker).startswith(_OURS)

    def is_quick(self, test: TestCase) -> bool:
        """Whether this process can afford to compare: the checker is ours, which bounds the cost.

        At most .2 s of CPU time and 100 MB, for any answer.
        """
        return self.ours and (self.checker is strict or len(test.output) <= QUICK_CHARS)

    @property
    def function(self) -> Checker:
        """The checker, where it is a function."""
        assert not isinstance(self.checker, CheckerProgram)
        return self.checker

    @cached_property
    def pickled(self) -> bytes | None:
        """Both, for a grader, without the tests.

        None if the checker must stay in this process: it keeps state or cannot be pickled.
        """
        return None if keeps_state(self.checker) else _pickled(self.problem, self.function)

    @cached_property
    def key(self) -> bytes:
        """A digest of `pickled`."""
        return hashlib.sha256(self.pickled or b"").digest()


def name_of(problem: Problem) -> str:
    """What people call a problem's checker."""
    if isinstance(problem.checker, CheckerProgram):
        return f"({problem.checker.name})"
    if not callable(problem.checker):
        return repr(problem.checker)
    checker: Any = problem.checker
    qualified: object = getattr(checker, "__qualname__", type(checker).__qualname__)
    return f"{checker.__module__}.{qualified}"


def keeps_state(checker: object) -> bool:
    """Whether its owner may look at something that its calls have changed.

    A function may change something if it assigns to variables outside, or refers to lists,
    dictionaries or other objects there. An object always may, and so may its methods.
    """
    return _may_change(checker, set())


def _module(checker: object) -> str:
    named = checker if isinstance(checker, FunctionType) else type(checker)
    return f"{named.__module__}."


def _may_change(value: object, seen: set[int]) -> bool:
    if isinstance(value, FunctionType):
        if id(value) in seen:
            return False
        seen.add(id(value))
        return _function_may(value, seen)
    if isinstance(value, partial):
        parts: tuple[Any, ...] = (value.func, *value.args, *value.keywords.values())
        return any(_may_change(part, seen) for part in parts)
    if isinstance(value, tuple | frozenset):
        return any(_may_change(part, seen) for part in cast(Collection[object], value))
    if isinstance(value, BuiltinFunctionType):
        return not isinstance(value.__self__, ModuleType)  # such as the `append` of a list
    return not isinstance(value, _CONSTANTS + _NAMED)


def _function_may(function: FunctionType, seen: set[int]) -> bool:
    code = function.__code__
    for part in _nested(code):
        for step in dis.get_instructions(part):
            if step.opname == "STORE_GLOBAL" or (
                step.opname == "STORE_DEREF" and step.argval in code.co_freevars
            ):
                return True
        for name in part.co_names:
            value = function.__globals__.get(name)
            if isinstance(value, _CONTAINERS):
                return True
            beside = isinstance(value, FunctionType) and value.__module__ == function.__module__
            if beside and _may_change(value, seen):
                return True
    defaults = (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values())
    return any(_may_change(value, seen) for value in (*defaults, *_captured(function)))


def _nested(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _nested(constant)


def _captured(function: FunctionType) -> Iterator[object]:
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:
            continue  # not assigned yet


def pickled(value: object) -> bytes:
    """A value for a grader, with the classes of a script that no other process can import."""
    import cloudpickle  # pyright: ignore[reportMissingTypeStubs] - it has none

    return cloudpickle.dumps(value)  # pyright: ignore[reportUnknownMemberType]


def _pickled(problem: Problem, checker: Checker) -> bytes | None:
    try:
        return pickled((checker, replace(problem, tests=(), checker="strict")))
    except Exception:  # of anyone's objects; the checker is called in this process
        return None
