"""Pass@k Training on attempts: the analytic advantage of right and wrong answers in groups of K.

    right (1 − ρ)/σ,   wrong (1 − ρ − C(n−c−1, k−1)/C(n−1, k−1))/σ,   σ = √(ρ(1 − ρ))

Source: Chen et al. 2025, arXiv 2508.10751.

Tested: the vectors of docs/method.md, and the task of tests/grpo/test_baselines.py.
"""

from cppo_env.errors import UsageError
from cppo_grpo.advantages import passk_training as estimate
from cppo_grpo.algorithms import Advantages, EpisodeRewards, Options, from_attempts


def passk_training(rewards: EpisodeRewards, options: Options) -> Advantages:
    """Right (1 − ρ) / σ, wrong below it, at k = K (arXiv 2508.10751).

    Raises:
        UsageError: groups are tuples, where pass@K is 0 or 1 and nothing varies.
    """
    if options.solver_group == "tuple":
        raise UsageError(
            "passk_training: K of K attempts carry no signal; set solver_group=problem (M·K)"
        )
    k = rewards.solutions_PMK.shape[-1]
    return from_attempts(lambda r, mask: estimate(r, k, mask=mask), rewards, options)
