"""The two regions of the policy: plans and solutions."""

from __future__ import annotations

from dataclasses import dataclass

from cppo_agents.backends import RegionName

from cppo_grpo.choices import Aggregation

__all__ = ["REGIONS", "Region", "RegionName"]

REGIONS: tuple[RegionName, RegionName] = ("plan", "solve")


@dataclass(frozen=True, slots=True)
class Region:
    """The settings of one region: those of `TrainConfig` that end in `_plan` or in `_solve`."""

    temperature: float
    weight: float
    """λ."""
    beta: float
    epsilon: float
    epsilon_high: float | None
    aggregation: Aggregation
    mask_truncated: bool
    longest: int
    """Maximum tokens of a sequence, thoughts included."""
