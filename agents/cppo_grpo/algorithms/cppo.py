"""Split-region GRPO: plans compete within their problem, programs within their group.

    A = (r − mean) / (std + 1e-8),   r = R_plan over the M plans, V_i over the K branches of a tuple

Source: Li, Banerjee, Che 2026, arXiv 2605.27000; docs/method.md, section 3.

Tested: against `group_advantages` region by region, and on coordination: tests/grpo.
"""

import numpy as np

from cppo_grpo.advantages import group_advantages
from cppo_grpo.algorithms import Advantages, EpisodeRewards, Options, in_groups


def cppo(rewards: EpisodeRewards, options: Options) -> Advantages:
    """A = (r − mean) / std in the planner's and the solver's group (docs/method.md, section 3)."""
    branches_PMK = np.broadcast_to(
        (rewards.ran_PM & ~rewards.void_PM)[..., None], rewards.solutions_PMK.shape
    )
    return Advantages(
        plans_PM=group_advantages(rewards.plans_PM, std=options.normalise, mask=~rewards.void_PM),
        solutions_PMK=in_groups(
            lambda r, mask: group_advantages(r, std=options.normalise, mask=mask),
            rewards.solutions_PMK,
            branches_PMK,
            options.solver_group or "tuple",
        ),
    )
