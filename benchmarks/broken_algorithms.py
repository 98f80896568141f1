"""CPPO with one fault each, to show that the diagnostics find it (docs/diagnostics.md).

A frozen region is a setting: `cppo` with `--settings.lambda_plan=0` or `--settings.lambda_solve=0`.

cppo bench algorithms ./benchmarks/broken_algorithms.py:ignores_gate --families '[gate]'
"""

from dataclasses import replace

import numpy as np
from cppo_grpo import Advantages, EpisodeRewards, Options
from cppo_grpo.advantages import group_advantages
from cppo_grpo.algorithms.cppo import cppo

from cppo_env.arrays import Floats

MAJORITY = 0.6
"""Share of a problem's plans, or of its programs."""


def ignores_gate(rewards: EpisodeRewards, options: Options) -> Advantages:
    """Gate: the planner learns from R_out instead of J · R_out."""
    out_PM = rewards.solutions_PMK.max(-1)
    return replace(cppo(rewards, options), plans_PM=group_advantages(out_PM, mask=~rewards.void_PM))


def needs_a_majority(rewards: EpisodeRewards, options: Options) -> Advantages:
    """Sparse reward: plans and programs learn only where most of their problem's succeeded."""
    right = cppo(rewards, options)
    return replace(
        right,
        plans_PM=right.plans_PM * (rewards.plans_PM.mean(-1, keepdims=True) >= MAJORITY),
        solutions_PMK=right.solutions_PMK
        * (rewards.solutions_PMK.mean((-2, -1), keepdims=True) >= MAJORITY),
    )


def believes_the_rare(rewards: EpisodeRewards, options: Options) -> Advantages:
    """Noisy verdicts: a success counts by the third power of its rarity, as wrong verdicts do."""
    return replace(
        cppo(rewards, options),
        plans_PM=_by_rarity(rewards.plans_PM, (-1,)),
        solutions_PMK=_by_rarity(rewards.solutions_PMK, (-2, -1)),
    )


def _by_rarity(rewards: Floats, group: tuple[int, ...]) -> Floats:
    rate = rewards.mean(group, keepdims=True)
    return np.clip((rewards - rate) / np.maximum(rate, 1e-8) ** 3, -50, 50)
