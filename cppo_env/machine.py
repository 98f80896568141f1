"""What this machine has, and how much of it one setting may ask for."""

from __future__ import annotations

import os

from cppo_env.errors import UsageError

EACH_CORE = 8
"""Threads or processes of one setting on a core; more only wait, and starting them takes all."""


def cores() -> int:
    """The processor's cores, as far as this process may use them."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def check_side_by_side(name: str, value: object, *, anywhere: int) -> None:
    """Refuse a number of threads or processes that no machine of this size can carry.

    Args:
        name: of the setting.
        value: of the setting.
        anywhere: as many may be asked for on any machine.

    Raises:
        UsageError: it is no whole number of 1 or more, or too large.
    """
    most = max(anywhere, EACH_CORE * cores())
    if type(value) is not int or not 1 <= value <= most:
        raise UsageError(
            f"{name}: got {value!r}, expected a whole number of 1 or more, at most {most} on this "
            f"machine of {cores()} cores"
        )
