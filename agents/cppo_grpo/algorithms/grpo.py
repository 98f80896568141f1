"""GRPO on attempts: each attempt competes with the others; nothing rewards coverage.

    A_i = (V_i − mean V) / (std V + 1e-8)

Source: Shao et al. 2024, arXiv 2402.03300.

Tested: the vectors of docs/method.md, and the task of tests/grpo/test_baselines.py.
"""

from cppo_grpo.advantages import group_advantages
from cppo_grpo.algorithms import Advantages, EpisodeRewards, Options, from_attempts


def grpo(rewards: EpisodeRewards, options: Options) -> Advantages:
    """Group-normalised V of each attempt (arXiv 2402.03300)."""
    return from_attempts(
        lambda r, mask: group_advantages(r, std=options.normalise, mask=mask), rewards, options
    )
