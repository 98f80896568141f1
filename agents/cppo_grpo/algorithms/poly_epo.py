"""Set objective on attempts: sets of K should be right *and* different at once.

    f(S) = mean_{i∈S} V_i · (distinct programs of S) / K
    A_i = K · (E[f(S) | i ∈ S] − E[f(S)])        over sets S of K of the problem's n attempts

Source: the polychromic objective of Poly-EPO, Orney, Hamid et al. 2026, arXiv 2604.17654: the
marginal advantage is the mean score of the sets that hold an attempt minus that of all sets, so a
wrong attempt may earn where it makes sets more diverse. Deviations: programs are distinct where
more than names, numbers and layout differs (the paper asks a model for clusters of strategies), and
both means are exact over all C(n, K) sets, by counting.

Tested: against enumeration of all sets, and on the task of tests/grpo/test_baselines.py.
"""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from cppo_env.errors import UsageError
from cppo_env.estimators import all_wrong
from cppo_grpo.algorithms import (
    Advantages,
    Algorithm,
    EpisodeRewards,
    Floats,
    Options,
    credited,
    programs_of_groups,
)
from cppo_grpo.algorithms.similarity import clusters


@partial(Algorithm, needs=("programs",), aggregation="constant_length")
def poly_epo(rewards: EpisodeRewards, options: Options) -> Advantages:
    """The marginal advantages of the polychromic objective (arXiv 2604.17654), times K.

    Raises:
        UsageError: groups are tuples, which hold one set of K only.
    """
    if options.solver_group == "tuple":
        raise UsageError("poly_epo: a tuple is a single set; set solver_group=problem (M·K)")
    k, flat = rewards.solutions_PMK.shape[-1], rewards.solutions_PMK.reshape(-1)
    advantages = np.zeros(flat.shape)
    for places, programs in programs_of_groups(rewards, "problem"):
        if len(places) > k:
            groups = np.arange(len(places)) if programs is None else clusters(programs)
            advantages[places] = k * marginal_advantages(flat[places], groups, k)
    return credited(advantages.reshape(rewards.solutions_PMK.shape), rewards)


def marginal_advantages(rewards_n: Floats, clusters_n: NDArray[np.int64], k: int) -> Floats:
    """E[f(S) | i ∈ S] − E[f(S)] of each of n attempts, over all sets of k < n of them.

    With f(S) = k⁻² Σ_{j∈S} V_j · Σ_c 1[S meets c], both expectations are sums over pairs (i, j) of
    P(j ∈ S | i ∈ S) · V_j · (clusters that S is expected to meet, given i and j).
    """
    n = len(rewards_n)
    sizes_c = np.bincount(clusters_n[clusters_n >= 0], minlength=1)
    is_program_n = clusters_n >= 0
    own_size_n = np.where(is_program_n, sizes_c[np.maximum(clusters_n, 0)], 0)

    def meets(given: int, size: int) -> float:
        """P(the rest of S meets a cluster of that size, of which the `given` are no members)."""
        return 1.0 - all_wrong(n - given, size, k - given) if k > given else 0.0

    table = np.array([[meets(given, size) for size in range(n)] for given in (1, 2)])
    all_1, all_2 = (row[np.minimum(sizes_c, n - given)].sum() for given, row in enumerate(table, 1))
    own_1, own_2 = (row[np.minimum(own_size_n, n - given)] for given, row in enumerate(table, 1))
    surely_1 = np.where(is_program_n, 1.0 - own_1, 0.0)
    surely_2 = np.where(is_program_n, 1.0 - own_2, 0.0)
    alone_n = all_1 + surely_1
    same_nn = clusters_n[:, None] == clusters_n[None, :]
    pair_nn = all_2 + surely_2[:, None] + np.where(same_nn, 0.0, surely_2[None, :])
    np.fill_diagonal(pair_nn, 0.0)
    scores_n = rewards_n * alone_n + (k - 1) / (n - 1) * (pair_nn @ rewards_n)
    return (scores_n - scores_n.mean()) / k**2
