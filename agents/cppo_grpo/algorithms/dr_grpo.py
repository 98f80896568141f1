"""Dr. GRPO on attempts: the mean is subtracted and nothing divided."""

from cppo_grpo.advantages import group_advantages
from cppo_grpo.algorithms import Advantages, EpisodeRewards, Options, from_attempts, on_tokens


@on_tokens
def dr_grpo(rewards: EpisodeRewards, options: Options) -> Advantages:
    """Correctness less the group's mean (arXiv 2503.20783)."""
    return from_attempts(
        lambda r, mask: group_advantages(r, std=False, mask=mask), rewards, options
    )
