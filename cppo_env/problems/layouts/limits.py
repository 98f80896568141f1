"""A contest's limits as those of a test."""

from __future__ import annotations

from cppo_env.types import Limits

DEFAULT = Limits()


def limits_of(cpu_s: float, memory_bytes: int) -> Limits:
    """The limits of a problem; 0 means unknown. Programs that sleep get 2.5 times the CPU time."""
    cpu_s = cpu_s or DEFAULT.cpu_s
    return Limits(
        cpu_s=cpu_s,
        wall_s=max(DEFAULT.wall_s, 2.5 * cpu_s),
        memory_bytes=memory_bytes or DEFAULT.memory_bytes,
    )
