"""One rollout over several processes: each plays its share of the problems; all get the whole."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cppo_env.vector import CPPOVectorEnv
from cppo_grpo.parallel import Processes
from cppo_grpo.rollouts.agent import PolicyAgent
from cppo_grpo.rollouts.play import play
from cppo_grpo.rollouts.values import Rollout, Samples


def play_together(
    processes: Processes,
    env: CPPOVectorEnv,
    agent: PolicyAgent,
    indices_N: NDArray[np.int64],
    seeds: tuple[int, int],
    group: int = 1,
) -> Rollout:
    """Play one episode on each problem, split over the processes; all receive the whole rollout.

    Raises:
        KeyboardInterrupt: in every process, if any of them was interrupted.
    """
    return gather(processes, play_share(processes, env, agent, indices_N, seeds, group))


def play_share(
    processes: Processes,
    env: CPPOVectorEnv,
    agent: PolicyAgent,
    indices_N: NDArray[np.int64],
    seeds: tuple[int, int],
    group: int = 1,
) -> Rollout:
    """Play this process's share of the episodes.

    Waits for no other process, so it may run in a thread.

    Args:
        processes: the processes that play.
        env: a vector environment with one place per episode of this share.
        agent: writes plans and solutions.
        indices_N: problems of the whole batch.
        seeds: as in `play`.
        group: number of adjacent episodes that stay in one process.
    """
    own_N = processes.share(np.arange(len(indices_N)).reshape(-1, group)).reshape(-1)
    return play(env, agent, indices_N[own_N], seeds, first=int(own_N[0]))


def gather(processes: Processes, own: Rollout) -> Rollout:
    """The whole rollout, gathered from the shares of all processes.

    Raises:
        KeyboardInterrupt: in every process, if any of them was interrupted.
    """
    processes.agree()
    return join(processes.gather(own))


def join(rollouts: Sequence[Rollout]) -> Rollout:
    """Join the shares into one batch; parallel shares take as long as the slowest."""
    starts = np.cumsum([0, *(len(one.records) for one in rollouts)])
    return Rollout(
        plans=_join_samples([one.plans for one in rollouts]),
        programs=_join_samples([one.programs for one in rollouts]),
        branches=np.concatenate(
            [
                one.branches + np.array([start, 0])
                for one, start in zip(rollouts, starts, strict=False)
            ]
        ),
        problems_N=np.concatenate([one.problems_N for one in rollouts]),
        rewards_N=np.concatenate([one.rewards_N for one in rollouts]),
        r_out_N=np.concatenate([one.r_out_N for one in rollouts]),
        validity_N=np.concatenate([one.validity_N for one in rollouts]),
        solver_rewards_NK=np.concatenate([one.solver_rewards_NK for one in rollouts]),
        void_N=np.concatenate([one.void_N for one in rollouts]),
        records=[record for one in rollouts for record in one.records],
        seconds={part: max(one.seconds[part] for one in rollouts) for part in rollouts[0].seconds},
        tests_run=sum(one.tests_run for one in rollouts),
    )


def _join_samples(samples: Sequence[Samples]) -> Samples:
    return Samples(
        [prompt for one in samples for prompt in one.prompts],
        [completion for one in samples for completion in one.completions],
        [text for one in samples for text in one.texts],
    )
