"""pass@K of a policy on held-out problems, with its interval."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cppo_env.records import EpisodeRecord
from cppo_env.vector import CPPOVectorEnv
from cppo_grpo.parallel import Processes
from cppo_grpo.rollouts.agent import PolicyAgent
from cppo_grpo.rollouts.distributed import play_together
from cppo_grpo.rollouts.values import require_some


@dataclass(frozen=True, slots=True)
class HeldOutFigures:
    """What a policy reached."""

    pass_at_k: float
    """Share of the episodes with a right program among the K."""
    ci95: tuple[float, float]
    """Wilson's 95 % interval of that share."""
    episodes: int
    """Episodes that count: void ones do not."""
    validity: float
    """Share of the plans that the judge accepted."""
    seconds: float


def evaluate(
    env: CPPOVectorEnv,
    agent: PolicyAgent,
    episodes: int,
    seed: int,
    processes: Processes,
    *,
    show: Callable[[int], None] = lambda done: None,
) -> tuple[HeldOutFigures, list[EpisodeRecord]]:
    """Play one episode on each of the problems 0, 1, … (from the start again if there are fewer).

    Args:
        env: an environment in which refused plans are run all the same, so that every policy spends
            K attempts; it has the places of this process.
        agent: the policy.
        episodes: number of episodes.
        seed: decides the draws.
        processes: those that play; each plays its share and gets all figures.
        show: told how many episodes are done.

    Raises:
        SandboxError: all episodes of a batch are void.
    """
    from scipy.stats import binomtest

    started = time.perf_counter()
    records: list[EpisodeRecord] = []
    right, validity = [], []
    places = np.arange(sum(processes.gather(env.num_envs)))
    while len(records) < episodes:
        count = min(len(places), episodes - len(records))
        # The environment has a fixed number of places: the last batch fills the spare ones with its
        # first problem.
        indices = (len(records) + np.where(places < count, places, 0)) % len(env.assembly.problems)
        seeds = tuple(np.random.SeedSequence([seed, len(records)]).generate_state(2).tolist())
        rollout = play_together(processes, env, agent, indices, seeds)
        require_some([rollout], "evaluation")
        counted = np.flatnonzero(~rollout.void_N[:count])
        right += rollout.r_out_N[counted].tolist()
        validity += rollout.validity_N[counted].tolist()
        records += rollout.records[:count]
        show(len(records))
    interval = (
        binomtest(int(sum(right)), len(right)).proportion_ci(method="wilson") if right else None
    )
    evaluation = HeldOutFigures(
        pass_at_k=float(np.mean(right)) if right else 0.0,
        ci95=(float(interval.low), float(interval.high)) if interval else (0.0, 1.0),
        episodes=len(right),
        validity=float(np.mean(validity)) if right else 0.0,
        seconds=time.perf_counter() - started,
    )
    return evaluation, records
