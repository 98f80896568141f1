"""GRPO on attempts: every attempt against the others, none for what a tuple covers together."""

from cppo_grpo.advantages import group_advantages
from cppo_grpo.algorithms import Advantages, EpisodeRewards, Options, from_attempts


def grpo(rewards: EpisodeRewards, options: Options) -> Advantages:
    """SolverGroup-normalised correctness of each attempt (arXiv 2402.03300)."""
    return from_attempts(
        lambda r, mask: group_advantages(r, std=options.normalise, mask=mask), rewards, options
    )
