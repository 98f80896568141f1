"""UpSkill on attempts: GRPO on V plus what a program says about its skill.

    r_i = V_i + α · I(y_i, z_i),   A_i = (r_i − mean r) / (std r + 1e-8)

Source: Shah et al. 2026, arXiv 2602.22296; I is that of `cppo_grpo.learner.information`.

Tested: I against its definition (tests/grpo/test_information.py), and the task of
tests/grpo/test_baselines.py.
"""

from dataclasses import replace
from functools import partial

from cppo_grpo.algorithms import Advantages, Algorithm, EpisodeRewards, Options
from cppo_grpo.algorithms.grpo import grpo


@partial(Algorithm, needs=("skills", "information"))
def upskill(rewards: EpisodeRewards, options: Options) -> Advantages:
    """Group-normalised V + α · I(y, z), α = `skill_bonus` (arXiv 2602.22296)."""
    paid_PMK = rewards.solutions_PMK + options.skill_bonus * rewards.information_PMK
    return grpo(replace(rewards, solutions_PMK=paid_PMK), options)
