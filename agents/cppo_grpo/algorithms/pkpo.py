"""PKPO on attempts: the unbiased gradient of pass@K, from independent attempts."""

from functools import partial

from cppo_grpo.advantages import pkpo as estimate
from cppo_grpo.algorithms import Advantages, Algorithm, EpisodeRewards, Options, from_attempts


@partial(Algorithm, aggregation="constant_length")
def pkpo(rewards: EpisodeRewards, options: Options) -> Advantages:
    """s_loo−1 at k = K (arXiv 2505.15201), times the group size.

    The estimator is the sum Σ s_i ∇log p_i over a group and the learner takes means, hence the
    factor.
    """
    k = rewards.solutions_PMK.shape[-1]
    return from_attempts(
        lambda r, mask: estimate(r, k, mask=mask) * mask.sum(-1, keepdims=True), rewards, options
    )
