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
    """How often all measurements are repeated; the medians are reported."""
    slow: bool = True
    """Also measure `docker exec` and `docker run` for each test."""
    scaling: bool = False
    """Measure instead how the cost of a test changes with the number of tests, workers and bytes."""
    most_tests: int = 100_000
    """Up to how many tests a program, with `scaling`."""
