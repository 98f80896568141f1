"""Dr. GRPO on attempts: subtract the mean, divide by nothing."""

from functools import partial

from cppo_grpo.advantages import group_advantages
from cppo_grpo.algorithms import Advantages, Algorithm, EpisodeRewards, Options, from_attempts


@partial(Algorithm, aggregation="constant_length")
def dr_grpo(rewards: EpisodeRewards, options: Options) -> Advantages:
    """V minus the group mean (arXiv 2503.20783)."""
    return from_attempts(
        lambda r, mask: group_advantages(r, std=False, mask=mask), rewards, options
    )
