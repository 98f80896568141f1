"""PKPO on attempts: the unbiased gradient of pass@K, from independent attempts.

    s_i = [C(i−1, k−1) g_(i) 1{i≥k} + Σ_{j>i, j≥k} C(j−2, k−2) g_(j)] / C(n, k),  k = K
    pkpo        s_i − (k/n) ρ_{k−1}(g_{−i})            the recommended baseline, s_loo−1
    pkpo_loo    s_i − (k/(n−1)) ρ_k(g_{−i})            s_loo, for groups of more than K
    pkpo_plain  s_i                                    no baseline

Source: Walder & Karkhanis 2025, arXiv 2505.15201; docs/method.md, section 5. The estimator is the
sum Σ s_i ∇log p_i over a group and the learner takes means, hence the factor n.

Tested: against the vectors of docs/method.md, the expectation over every outcome of a softmax
policy, and the task of tests/grpo/test_baselines.py.
"""

from functools import partial

from cppo_env.errors import UsageError
from cppo_grpo.advantages import PkpoBaseline
from cppo_grpo.advantages import pkpo as estimate
from cppo_grpo.algorithms import Advantages, Algorithm, EpisodeRewards, Options, from_attempts


def _pkpo(rewards: EpisodeRewards, options: Options, baseline: PkpoBaseline) -> Advantages:
    k = rewards.solutions_PMK.shape[-1]
    return from_attempts(
        lambda r, mask: estimate(r, k, baseline=baseline, mask=mask) * mask.sum(-1, keepdims=True),
        rewards,
        options,
    )


@partial(Algorithm, aggregation="constant_length")
def pkpo(rewards: EpisodeRewards, options: Options) -> Advantages:
    """s_loo−1 at k = K, times the group size."""
    return _pkpo(rewards, options, "loo_minus_one")


@partial(Algorithm, aggregation="constant_length")
def pkpo_loo(rewards: EpisodeRewards, options: Options) -> Advantages:
    """s_loo at k = K, times the group size.

    Raises:
        UsageError: groups are tuples, which leave no K others.
    """
    if options.solver_group == "tuple":
        raise UsageError("pkpo_loo: groups must be larger than K; set solver_group=problem (M·K)")
    return _pkpo(rewards, options, "loo")


@partial(Algorithm, aggregation="constant_length")
def pkpo_plain(rewards: EpisodeRewards, options: Options) -> Advantages:
    """The weights without a baseline at k = K, times the group size."""
    return _pkpo(rewards, options, "none")
