"""The allowed values of settings. Imports nothing, so that listing the options is quick."""

from __future__ import annotations

from typing import Literal

Parallel = Literal["ddp", "fsdp2"]
"""What several processes share: the work of a step, or also weights, gradients, optimizer."""

MOST_USED = (
    *("problems", "model", "algorithm", "judge", "reward", "sandbox"),
    *("run", "resume", "dry_run", "log_to", "seed"),
    *("steps", "problems_per_step", "tuples", "k", "lr", "eval_episodes"),
)
"""Settings of training that `cppo train --help` shows first."""

Planner = Literal["policy", "none", "skills"]
"""Who writes the K methods of an episode.

policy   one plan of K methods, sampled and trained: CPPO
none     empty methods: K independent solutions of the plain problem, as in GRPO and PKPO
skills   the same K texts for every problem, a discrete latent z = 1 … K: UpSkill (2602.22296)
"""

SolverGroup = Literal["tuple", "problem"]
"""Branches that a solution is compared with: the K of its tuple, or all M·K of its problem."""

SolverReward = Literal["verdict", "gated", "share"]
"""What a program earns.

verdict  V: 1 if it passes every test, else 0
gated    J · V: nothing if the judge refused its plan
share    the share of tests that it passes; every program then runs on all tests
"""

Aggregation = Literal["sequence_mean", "token_mean", "constant_length"]
"""How the tokens of a region are averaged."""

Form = Literal["clipped", "cispo", "gspo"]
"""The policy loss."""

Correction = Literal["none", "token_truncate", "token_mask", "sequence_truncate", "sequence_mask"]
"""The importance correction of the gap between sampler and trainer."""

OptimizerKind = Literal["adamw", "adamw8bit"]
"""AdamW with moments in float32, or in 8 bits (Dettmers et al. 2022, arXiv 2110.02861)."""

StatesAt = Literal["device", "cpu"]
"""Where an optimizer's states are between its steps."""
