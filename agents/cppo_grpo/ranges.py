"""Refuse numbers among the settings that are out of range."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from cppo_env.errors import UsageError
from cppo_env.machine import check_side_by_side

AT_ONCE = 1_000_000
"""Plans, programs or answers of one step; more take hours and all memory before it begins."""


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


def together(config: Any, *names: str) -> None:
    """Require that the product of these counts can be played or learnt from at once.

    Raises:
        UsageError: it is too large.
    """
    if (found := math.prod(getattr(config, name) for name in names)) > AT_ONCE:
        raise UsageError(
            f"{' x '.join(names)}: got {found:,} at once, expected at most {AT_ONCE:,}"
        )


def threads(config: Any) -> None:
    """Require a number of threads that this machine can carry."""
    check_side_by_side("threads", config.threads, anywhere=256)


def shape(config: Any) -> None:
    """Require a width and a number of layers that a model made from scratch can have."""
    head = "32, the width of a head, to 8192"
    require(config, ("hidden",), lambda value: 32 <= value <= 8192, head)
    require(config, ("layers",), lambda value: 1 <= value <= 256, "1 to 256")


def at_least_0(config: Any, *names: str) -> None:
    """Require that these settings are 0 or more."""
    require(config, names, lambda value: value >= 0, "0 or more")


def above_0(config: Any, *names: str) -> None:
    """Require that these settings are more than 0."""
    require(config, names, lambda value: value > 0, "more than 0")
