"""Redundancy-aware GRPO on attempts: a program that resembles its siblings earns less.

    r_i = V_i − λ · mean_{j≠i} sim(y_i, y_j),   A_i = (r_i − mean r) / std r

Source: Le Bronnec et al. 2026, arXiv 2605.28022, who penalise similarity by JPlag. Our reading,
from its abstract: the mean over the other programs of the problem, right or wrong, with
`similarity` beside this file in place of JPlag; an answer that is no Python is as alike to all as
can be. λ is `redundancy_penalty`; λ = 0 is GRPO, as is a batch whose programs are equally alike.

Tested: against GRPO at λ = 0, by hand on two copies and one other program, and on the task of
tests/grpo/test_baselines.py.
"""

from dataclasses import replace
from functools import partial

import numpy as np

from cppo_grpo.algorithms import Advantages, Algorithm, EpisodeRewards, Options, programs_of_groups
from cppo_grpo.algorithms.grpo import grpo
from cppo_grpo.algorithms.similarity import redundancy as redundancy_of


@partial(Algorithm, needs=("programs",))
def redundancy(rewards: EpisodeRewards, options: Options) -> Advantages:
    """Group-normalised V − λ · redundancy (arXiv 2605.28022)."""
    alike = np.zeros(rewards.solutions_PMK.size)
    for places, programs in programs_of_groups(rewards, options.solver_group or "problem"):
        alike[places] = 0.0 if programs is None else redundancy_of(programs)
    paid_PMK = rewards.solutions_PMK - options.redundancy_penalty * alike.reshape(
        rewards.solutions_PMK.shape
    )
    return grpo(replace(rewards, solutions_PMK=paid_PMK), options)
