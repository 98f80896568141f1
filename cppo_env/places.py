"""Where something is defined, as `module:NAME`: the name by which plug-ins find it again."""

from __future__ import annotations

from typing import Any


def place_of(thing: object) -> str:
    """The place of a class or function, or of an object's class."""
    kind: Any = thing if hasattr(thing, "__qualname__") else type(thing)
    return f"{kind.__module__}:{kind.__qualname__}"
