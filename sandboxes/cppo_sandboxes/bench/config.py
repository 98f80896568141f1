"""Options of `cppo sandbox bench`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BenchConfig:
    """Options of `cppo sandbox bench`."""

    sandboxes: tuple[str, ...] = ("docker", "local")
    """Back ends to measure."""
    seconds: float = 2.0
    """About how long each measurement takes."""
    rounds: int = 3
    """How often to repeat all measurements; the medians are reported."""
    slow: bool = True
    """Also measure `docker exec` and `docker run` for each test."""
    scaling: bool = False
    """Instead measure how the cost of a test depends on the number of tests, workers and bytes."""
    most_tests: int = 100_000
    """Largest number of tests per program, with `scaling`."""
