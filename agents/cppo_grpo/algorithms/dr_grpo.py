"""Dr. GRPO on attempts: subtract the mean, divide by nothing.

    A_i = V_i − mean V

Source: Liu et al. 2025, arXiv 2503.20783.

Tested: the vectors of docs/method.md, and the task of tests/grpo/test_baselines.py.
"""

from functools import partial

from cppo_grpo.advantages import group_advantages
from cppo_grpo.algorithms import Advantages, Algorithm, EpisodeRewards, Options, from_attempts


@partial(Algorithm, aggregation="constant_length")
def dr_grpo(rewards: EpisodeRewards, options: Options) -> Advantages:
    """V minus the group mean (arXiv 2503.20783)."""
    return from_attempts(
        lambda r, mask: group_advantages(r, std=False, mask=mask), rewards, options
    )
