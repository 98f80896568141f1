"""Refuse numbers among the settings that are out of range."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from cppo_env.errors import UsageError


def require(
    config: Any, names: Sequence[str], allowed: Callable[[float], bool], expected: str
) -> None:
    """Require that these settings are allowed numbers, or None.

    Raises:
        UsageError: names the first one that is not.
    """
    for name in names:
        value = getattr(config, name)
        if value is not None and not (math.isfinite(value) and allowed(value)):
            raise UsageError(f"{name}: got {value}, expected {expected}")


def at_least_1(config: Any, *names: str) -> None:
    """Require that these settings are 1 or more."""
    require(config, names, lambda value: value >= 1, "at least 1")


def shape(config: Any) -> None:
    """Require a width and a number of layers that a model made from scratch can have."""
    require(config, ("hidden",), lambda value: value >= 32, "at least 32, the width of a head")
    at_least_1(config, "layers")


def at_least_0(config: Any, *names: str) -> None:
    """Require that these settings are 0 or more."""
    require(config, names, lambda value: value >= 0, "0 or more")


def above_0(config: Any, *names: str) -> None:
    """Require that these settings are more than 0."""
    require(config, names, lambda value: value > 0, "more than 0")
