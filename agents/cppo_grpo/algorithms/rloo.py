"""RLOO on attempts: the baseline of an attempt is the mean of the others.

    A_i = V_i − mean_{j≠i} V_j

Source: Ahmadian et al. 2024, arXiv 2402.14740.

Tested: by hand in tests/grpo/test_advantages.py, and the task of tests/grpo/test_baselines.py.
"""

from functools import partial

from cppo_grpo.advantages import leave_one_out_mean
from cppo_grpo.algorithms import Advantages, Algorithm, EpisodeRewards, Options, from_attempts


@partial(Algorithm, aggregation="constant_length")
def rloo(rewards: EpisodeRewards, options: Options) -> Advantages:
    """V minus the mean of the others (arXiv 2402.14740)."""
    return from_attempts(lambda r, mask: leave_one_out_mean(r, mask=mask), rewards, options)
