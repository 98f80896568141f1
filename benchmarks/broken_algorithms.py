"""CPPO with one fault each, to show that the diagnostics find it (docs/diagnostics.md).

A frozen region is a setting: `cppo` with `--settings.lambda_plan=0` or `--settings.lambda_solve=0`.

cppo bench algorithms ./benchmarks/broken_algorithms.py:ignores_gate --families '[gate]'
"""

from dataclasses import replace

import numpy as np
from cppo_grpo import Advantages, EpisodeRewards, Options
from cppo_grpo.advantages import group_advantages
from cppo_grpo.algorithms.cppo import cppo


def ignores_gate(rewards: EpisodeRewards, options: Options) -> Advantages:
    """Gate: the planner learns from R_out instead of J · R_out."""
    out_PM = rewards.solutions_PMK.max(-1)
    return replace(cppo(rewards, options), plans_PM=group_advantages(out_PM, mask=~rewards.void_PM))


def needs_a_majority(rewards: EpisodeRewards, options: Options) -> Advantages:
    """Sparse reward: plans learn only where most of their group succeeded."""
    right = cppo(rewards, options)
    enough_P = rewards.plans_PM.mean(-1, keepdims=True) >= 0.6
    return replace(right, plans_PM=right.plans_PM * enough_P)


def believes_the_rare(rewards: EpisodeRewards, options: Options) -> Advantages:
    """Noisy verdicts: a success counts by the third power of its rarity, as wrong verdicts do."""
    rate_P = rewards.plans_PM.mean(-1, keepdims=True)
    plans_PM = (rewards.plans_PM - rate_P) / np.maximum(rate_P, 1e-8) ** 3
    return replace(cppo(rewards, options), plans_PM=np.clip(plans_PM, -50, 50))
