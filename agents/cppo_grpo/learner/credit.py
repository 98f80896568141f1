"""Rollout → advantages: the advantage of each sampled sequence, and which sequences to train on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cppo_env.errors import RoleError, UsageError
from cppo_env.records import EpisodeRecord
from cppo_env.roles import blamed
from cppo_grpo.algorithms import EpisodeRewards, load_algorithm
from cppo_grpo.config import TrainConfig
from cppo_grpo.rollouts.values import Rollout

DIGITS = 4
"""Decimals of advantages and log-probs in the files of a run."""


@dataclass(frozen=True, slots=True)
class SequenceAdvantages:
    """The advantage of each sampled sequence, and whether to train on it; no `_N` without plans."""

    plan_N: NDArray[np.float64]
    trainable_N: NDArray[np.bool_]
    solve_B: NDArray[np.float64]
    trainable_B: NDArray[np.bool_]

    def within(
        self, chosen_N: NDArray[np.bool_], branches: NDArray[np.int64]
    ) -> SequenceAdvantages:
        """The same advantages, but only some episodes are trained on."""
        planned_N = chosen_N[: len(self.trainable_N)]
        return replace(
            self,
            trainable_N=self.trainable_N & planned_N,
            trainable_B=self.trainable_B & chosen_N[branches[:, 0]],
        )


def asks_for_information(config: TrainConfig) -> bool:
    """Whether the run's algorithm rewards the information of programs about their methods."""
    return config.skill_bonus > 0 and "information" in load_algorithm(config.algorithm).needs


def programs_of(rollout: Rollout, k: int) -> NDArray[np.object_]:
    """The program of each branch as its record has it; None where there is none: object[N, K]."""
    programs_NK = np.full((len(rollout.records), k), None, dtype=np.object_)
    for n, record in enumerate(rollout.records):
        programs_NK[n, : len(record.programs)] = record.programs
    return programs_NK


def solver_rewards(rollout: Rollout, config: TrainConfig) -> NDArray[np.float64]:
    """What each program earns: float[N, K].

    Raises:
        UsageError: shares of tests are wanted, and the rollout has no records of them.
    """
    if config.solver_reward == "share":
        _require_records(rollout, "solver_reward=share: it counts tests")
        paid_NK = np.zeros(rollout.solver_rewards_NK.shape)
        for n, record in enumerate(rollout.records):
            for branch, tests in enumerate(record.outcomes):
                paid_NK[n, branch] = tests.upper().count("A") / max(len(tests), 1)
        return paid_NK
    gate_N1 = rollout.validity_N[:, None] if config.solver_reward == "gated" else 1.0
    return rollout.solver_rewards_NK * gate_N1


def _require_records(rollout: Rollout, who: str) -> None:
    if len(rollout.records) != len(rollout.rewards_N):
        raise UsageError(
            f"{who}, and the rollout has {len(rollout.records)} records of "
            f"{len(rollout.rewards_N)} episodes; keep them"
        )


def compute_advantages(rollout: Rollout, config: TrainConfig) -> SequenceAdvantages:
    """The advantages under the run's algorithm; no gradient for void or masked truncated samples.

    Raises:
        UsageError: the algorithm needs information that the rollout lacks.
    """
    algorithm = load_algorithm(config.algorithm)
    if rollout.information_NK is None and asks_for_information(config):
        raise UsageError(
            f"{config.algorithm_name}: the rollout lacks information_NK; pass it through "
            "information.add_information"
        )
    programs = None
    if "programs" in algorithm.needs:
        _require_records(rollout, f"{config.algorithm_name}: it compares programs")
        programs = programs_of(rollout, config.k)
    episodes, branches = rollout.branches[:, 0], rollout.branches[:, 1]
    groups = -1, config.tuples
    rewards = EpisodeRewards(
        plans_PM=rollout.rewards_N.reshape(groups),
        solutions_PMK=solver_rewards(rollout, config).reshape(*groups, config.k),
        void_PM=rollout.void_N.reshape(groups),
        ran_PM=rollout.ran_N.reshape(groups),
        information_PMK=0.0
        if rollout.information_NK is None
        else rollout.information_NK.reshape(*groups, config.k),
        programs_PMK=None if programs is None else programs.reshape(*groups, config.k),
    )
    with blamed("algorithm", algorithm.function):
        given = algorithm(rewards, config.options)
        plans_N = given.plans_PM.reshape(len(rollout.rewards_N))
        solutions_NK = given.solutions_PMK.reshape(-1, config.k)
    if not (np.isfinite(plans_N).all() and np.isfinite(solutions_NK).all()):
        raise RoleError(
            f"algorithm {config.algorithm_name}: returned advantages that are not finite"
        )
    planned_N = np.arange(len(rollout.plans.completions))
    return SequenceAdvantages(
        plans_N[planned_N],
        ~rollout.void_N[planned_N]
        & ~(config.mask_truncated_plan & rollout.plans.truncated)
        & (rollout.plans.tokens > 0),
        solutions_NK[episodes, branches],
        ~rollout.void_N[episodes]
        & ~(config.mask_truncated_solve & rollout.programs.truncated)
        & (rollout.programs.tokens > 0),
    )


def noted(rollout: Rollout, advantages: SequenceAdvantages, k: int) -> list[EpisodeRecord]:
    """The records of a rollout with the advantages that an update learns from."""
    plan_N: list[float | None] = [None] * len(rollout.records)
    solve_NK: list[list[float | None]] = [[None] * k for _ in rollout.records]
    for n in np.flatnonzero(advantages.trainable_N).tolist():
        plan_N[n] = round(float(advantages.plan_N[n]), DIGITS)
    for b in np.flatnonzero(advantages.trainable_B).tolist():
        n, branch = rollout.branches[b].tolist()
        solve_NK[n][branch] = round(float(advantages.solve_B[b]), DIGITS)
    return [
        replace(
            record,
            advantage=plan,
            advantages=tuple(solve) if any(one is not None for one in solve) else (),
        )
        for record, plan, solve in zip(rollout.records, plan_N, solve_NK, strict=True)
    ]
