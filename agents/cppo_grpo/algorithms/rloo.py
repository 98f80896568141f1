"""RLOO on attempts: the baseline of an attempt is the mean of the others."""

from cppo_grpo.advantages import leave_one_out_mean
from cppo_grpo.algorithms import Advantages, EpisodeRewards, Options, from_attempts, on_tokens


@on_tokens
def rloo(rewards: EpisodeRewards, options: Options) -> Advantages:
    """V minus the mean of the others (arXiv 2402.14740)."""
    return from_attempts(lambda r, mask: leave_one_out_mean(r, mask=mask), rewards, options)
