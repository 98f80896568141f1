"""One rollout, played by several processes: each plays its share of the problems, and all of them get the whole."""

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
    """Play one episode on each problem, every process its share; all of them get the whole rollout.

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
    """Play this process's share of the episodes; it waits for nobody, so a thread may do it.

    Args:
        processes: those that play.
        env: a vector environment with a place for each episode of this process's share.
        agent: writes plans and solutions.
        indices_N: problems of the whole batch.
        seeds: as in `play`.
        group: so many neighbours are played by the same process.
    """
    own_N = processes.share(np.arange(len(indices_N)).reshape(-1, group)).reshape(-1)
    return play(env, agent, indices_N[own_N], seeds, first=int(own_N[0]))


def gather(processes: Processes, own: Rollout) -> Rollout:
    """The whole rollout, of which every process has played a share.

    Raises:
        KeyboardInterrupt: in every process, if any of them was interrupted.
    """
    processes.agree()
    return join(processes.gather(own))


def join(rollouts: Sequence[Rollout]) -> Rollout:
    """One batch of several; those that were played side by side took as long as the slowest."""
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
