"""Who writes the K methods of an episode: the policy, nobody, or a fixed list of skills.

policy   one plan of K methods, sampled and trained: CPPO
none     empty methods: K independent solutions of the plain problem, what GRPO, PKPO and others are stated for
skills   the same K texts for every problem, a discrete latent z = 1 … K: UpSkill (arXiv 2602.22296)
"""

from __future__ import annotations

from typing import Literal

from cppo_env import prompts

Planner = Literal["policy", "none", "skills"]


def fixed_methods(planner: Planner, k: int) -> tuple[str, ...]:
    """The K methods of every episode, where the policy plans nothing."""
    return prompts.skills(k) if planner == "skills" else ("",) * k
