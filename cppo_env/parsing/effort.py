"""Limits on the cost of reading one text, against denial of service."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

MAX_CHARACTERS = 1 << 20
"""A longer text holds no program and no plan."""

MAX_UNFENCED_CHARACTERS = 1 << 15
"""A longer text without a fence holds no program: parsing it would cost too much."""

ENOUGH = 1 << 17
"""Characters that may be parsed while one text is read."""

REMEMBERED = 4096
"""Texts whose readings are kept: the answers of a few batches."""

MAX_REMEMBERED_CHARACTERS = 1 << 13
"""Readings of longer texts are not kept, which bounds the memory (32 MiB of text)."""

P = ParamSpec("P")
T = TypeVar("T")


@dataclass
class _Left:
    characters: int = ENOUGH
    found: dict[str, Any] = field(default_factory=dict[str, Any])


_LEFT: ContextVar[_Left | None] = ContextVar("effort", default=None)


@contextmanager
def effort() -> Generator[None]:
    """Bounds the reading of one text; nested uses share the bound."""
    if _LEFT.get() is not None:
        yield
        return
    token = _LEFT.set(_Left())
    try:
        yield
    finally:
        _LEFT.reset(token)


def spend(characters: int) -> bool:
    """Count some characters if the bound still allows them; whether it does."""
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


def remembered(read: Callable[Concatenate[str, P], T]) -> Callable[Concatenate[str, P], T]:
    """Keep what a reader finds in short texts.

    One answer is read when its program starts, when it is graded and when it is recorded, and the
    attempts of a small model are often the same text.
    """
    kept: Any = lru_cache(REMEMBERED)(read)

    @wraps(read)
    def reader(text: str, *args: P.args, **kwargs: P.kwargs) -> T:
        chosen = kept if len(text) <= MAX_REMEMBERED_CHARACTERS else read
        return chosen(text, *args, **kwargs)

    return reader
