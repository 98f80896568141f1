"""pass@K of a policy on held-out problems, with its interval."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from cppo_env.evaluation.figures import contests_of, interval
from cppo_env.evaluation.summary import (
    answers_without_program,
    problem_scores,
    thoughts_cut,
    unreadable_plans,
    validity,
)
from cppo_env.records import EpisodeRecord
from cppo_env.vector import CPPOVectorEnv
from cppo_grpo.parallel import Processes
from cppo_grpo.rollouts.agent import PolicyAgent
from cppo_grpo.rollouts.distributed import play_together
from cppo_grpo.rollouts.values import require_some


@dataclass(frozen=True, slots=True)
class HeldOutFigures:
    """The results of a policy on held-out problems."""

    pass_at_k: float
    """Mean pass@K over problems, over tuples or independent attempts as the policy samples."""
    ci95: tuple[float, float]
    """Its 95 % interval over problems, or over contests where they are known."""
    episodes: int
    """Episodes counted; void ones are excluded."""
    validity: float | None
    """Mean over problems of the share of accepted plans; None without a planner."""
    unreadable_plans: dict[str, int]
    """Reason → number of plans that are not K methods."""
    no_program: dict[str, int]
    """Reason → number of answers without a program."""
    thoughts_cut: int
    """Plans and answers whose thoughts used up their budget."""
    seconds: float


def evaluate(
    env: CPPOVectorEnv,
    agent: PolicyAgent,
    episodes: int,
    seed: int,
    processes: Processes,
    *,
    shuffle: int | None = None,
    show: Callable[[int], None] = lambda done: None,
) -> tuple[HeldOutFigures, list[EpisodeRecord]]:
    """Play one episode on each of the first problems, wrapping around if there are fewer.

    Args:
        env: the environment, with the places of this process. It runs refused plans as well, so
            that every policy spends K attempts.
        agent: the policy.
        episodes: number of episodes.
        seed: determines the draws.
        processes: the processes that play; each plays its share and gets all figures.
        shuffle: seed of the order of the problems. Default: their own order.
        show: receives the number of finished episodes.

    Raises:
        SandboxError: all episodes of a batch are void.
    """
    started = time.perf_counter()
    records: list[EpisodeRecord] = []
    problems, k = env.assembly.problems, env.assembly.engine.k
    order = np.arange(len(problems))
    if shuffle is not None:
        order = np.random.default_rng(shuffle).permutation(order)
    places = np.arange(sum(processes.gather(env.num_envs)))
    while len(records) < episodes:
        count = min(len(places), episodes - len(records))
        # The environment has a fixed number of places: the last batch fills the spare ones with its
        # first problem.
        indices = order[(len(records) + np.where(places < count, places, 0)) % len(problems)]
        seeds = tuple(np.random.SeedSequence([seed, len(records)]).generate_state(2).tolist())
        rollout = play_together(processes, env, agent, indices, seeds)
        require_some([rollout], "evaluation")
        records += [
            replace(record, episode=(len(records) + n) // len(problems))
            for n, record in enumerate(rollout.records[:count])
        ]
        show(len(records))
    counted = [record for record in records if not record.void]
    scores = problem_scores(counted, k, k, independent=agent.planner == "none")
    passed = interval(scores, contests_of(problems[int(i)] for i in order[:episodes]))
    evaluation = HeldOutFigures(
        pass_at_k=passed.mean,
        ci95=(passed.low, passed.high),
        episodes=len(counted),
        validity=validity(counted),
        unreadable_plans=unreadable_plans(counted),
        no_program=answers_without_program(counted),
        thoughts_cut=thoughts_cut(counted),
        seconds=time.perf_counter() - started,
    )
    return evaluation, records
