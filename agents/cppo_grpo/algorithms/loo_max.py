"""Leave-one-out max on attempts: what an attempt adds to the best of its group.

    A_i = n · (max_j V_j − max_{j≠i} V_j)

Source: Tang et al. 2025, arXiv 2503.19595.

Tested: against PKPO at n = k, and the task of tests/grpo/test_baselines.py.
"""

from functools import partial

from cppo_grpo.advantages import leave_one_out_max
from cppo_grpo.algorithms import Advantages, Algorithm, EpisodeRewards, Options, from_attempts


@partial(Algorithm, aggregation="constant_length")
def loo_max(rewards: EpisodeRewards, options: Options) -> Advantages:
    """The best of a tuple minus the best of the others (arXiv 2503.19595), times the group size.

    It optimises pass@K at n = K. The estimator is a sum over the group and the learner takes means,
    hence the factor.
    """
    return from_attempts(
        lambda r, mask: leave_one_out_max(r, mask=mask) * mask.sum(-1, keepdims=True),
        rewards,
        options,
        "tuple",
    )
