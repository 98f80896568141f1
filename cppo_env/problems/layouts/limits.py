"""A contest's limits as those of a test."""

from __future__ import annotations

from collections.abc import Callable

from cppo_env.problems.lenient import Spare
from cppo_env.problems.records import FieldError
from cppo_env.types import Limits

DEFAULT = Limits()
MOST_S = 3600.0
MOST_BYTES = 1 << 40


def limits_of(
    spare: Spare, cpu_s: Callable[[], float], memory_bytes: Callable[[], float]
) -> Limits:
    """The limits of a problem. Programs that sleep get 2.5 times the CPU time.

    Args:
        spare: notes what cannot be read; the default limit stands for it.
        cpu_s: reads the seconds; 0 means unknown.
        memory_bytes: reads the bytes; 0 means unknown.
    """
    seconds = spare.read(lambda: _within("time_limit", cpu_s(), MOST_S, "s"), 0) or DEFAULT.cpu_s
    size = spare.read(lambda: _within("memory_limit", memory_bytes(), MOST_BYTES, "bytes"), 0)
    return Limits(
        cpu_s=seconds,
        wall_s=max(DEFAULT.wall_s, 2.5 * seconds),
        memory_bytes=int(size) or DEFAULT.memory_bytes,
    )


def _within(field: str, value: float, most: float, unit: str) -> float:
    if not 0 <= value <= most:
        raise FieldError(field, f"expected 0 to {most:.0f} {unit}, got {value:g}")
    return value
