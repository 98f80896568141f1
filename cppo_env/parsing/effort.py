"""Limits on the cost of reading one text, against denial of service."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

MAX_CHARACTERS = 1 << 20
"""A longer text holds no program and no plan."""

MAX_UNFENCED_CHARACTERS = 1 << 15
"""A longer text without a fence holds no program: parsing it would cost too much."""

ENOUGH = 1 << 17
"""Characters that may be parsed while one text is read."""

T = TypeVar("T")


@dataclass
class _Left:
    characters: int = ENOUGH
    found: dict[str, Any] = field(default_factory=dict[str, Any])


_LEFT: ContextVar[_Left | None] = ContextVar("effort", default=None)


@contextmanager
def effort() -> Generator[None]:
    """One text is read within it; what is nested shares its bound."""
    if _LEFT.get() is not None:
        yield
        return
    token = _LEFT.set(_Left())
    try:
        yield
    finally:
        _LEFT.reset(token)


def spend(characters: int) -> bool:
    """Whether there is effort left for some characters; then they are counted."""
    left = _LEFT.get()
    if left is None:
        return True
    if left.characters <= 0:
        return False
    left.characters -= characters
    return True


def once(source: str, find: Callable[[str], T]) -> T | None:
    """A cached fact about a source text; None if the effort is used up."""
    left = _LEFT.get()
    if left is None:
        return find(source)
    if source not in left.found:
        if not spend(len(source)):
            return None
        left.found[source] = find(source)
    return left.found[source]
