"""The parts of a run, and the preparation of its next rollout."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np

import cppo_env  # noqa: F401 - registers the ids
from cppo_env import plugins
from cppo_env.problems.sampling import Curriculum, ProblemSampler
from cppo_env.protocols import Judge, Sandbox
from cppo_env.rewards import AllTests
from cppo_env.roles import rule
from cppo_env.sources import ProblemSource
from cppo_env.types import Problem, Ruling
from cppo_env.vector import CPPOVectorEnv
from cppo_grpo.config import TrainConfig
from cppo_grpo.learner.credit import solver_rewards
from cppo_grpo.learner.learner import Learner
from cppo_grpo.model.lora import adapter_weights, write_adapter
from cppo_grpo.model.policy import inner_model
from cppo_grpo.model.weights import full_weights
from cppo_grpo.parallel import Processes
from cppo_grpo.rollouts.agent import PolicyAgent
from cppo_grpo.rollouts.distributed import play_share
from cppo_grpo.rollouts.values import Rollout
from cppo_grpo.runs.checkpoints import load_checkpoint, newest_checkpoint, save_checkpoint
from cppo_grpo.runs.folder import Run
from cppo_grpo.samplers import DrawsFrom, TakesAdapters
from cppo_grpo.samplers.frozen import trained_by

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Session:
    """The parts of a run."""

    run: Run
    envs: Sequence[CPPOVectorEnv]
    """One for each rollout that is played at a time."""
    learner: Learner
    agent: PolicyAgent
    cursor: ProblemSampler
    """Selects the next problems."""
    processes: Processes

    def restore(self) -> int:
        """Load the newest intact checkpoint, if any; returns the number of steps taken."""
        steps = 0
        if checkpoint := newest_checkpoint(self.run.checkpoints):
            steps, cursor = load_checkpoint(checkpoint, self.learner.policy, self.learner.optimizer)
            self.cursor.restore(cursor)
        if self.run.writable and (again := len(self.run.log.rows("joint")) - steps) > 0:
            logger.warning(
                "%s: %d steps after step %d have no intact checkpoint and are taken again",
                self.run.path,
                again,
                steps,
            )
        self.run.log.rewind("joint", steps)
        self.run.log.rewind("eval", steps)
        self.run.log.rewind("after", 0)
        self.processes.agree()  # nobody reads the log before it is rewound
        return steps

    def update_sampler(self) -> None:
        """Give the sampler the policy's weights, or its adapter, unless both share one model."""
        model, sampler = self.learner.policy.model, self.agent.sampler
        drawing = trained_by(sampler)
        if (
            self.run.config.lora_rank
            and isinstance(drawing, TakesAdapters)
            and drawing.takes_adapters
        ):
            drawing.update_adapter(partial(write_adapter, model, adapter_weights(model)))
            return
        if not (isinstance(sampler, DrawsFrom) and sampler.model is inner_model(model)):
            sampler.update(full_weights(model))

    def save(self, steps: int, cursor: Mapping[str, Any], *, best: bool = False) -> None:
        """Write the checkpoint after `steps` steps, with the data cursor at `cursor`."""
        save_checkpoint(
            self.run.checkpoints,
            steps,
            self.learner.policy,
            self.learner.optimizer,
            cursor,
            self.run.config.keep_checkpoints,
            config=json.loads(self.run.config.to_json()),
            best=best,
            writable=self.run.writable,
        )

    def prepare(self, step: int) -> Callable[[], Rollout]:
        """A function that plays this process's share of the next rollout.

        It does so with the weights that the sampler has now, if that can hold those of several
        updates; otherwise, with those that it has then.
        """
        config = self.run.config
        indices_P = self.cursor.draw(config.problems_per_step)
        plan_seed, solve_seed = (
            np.random.SeedSequence([config.seed, step]).generate_state(2).tolist()
        )
        indices_N, seeds = np.repeat(indices_P, config.tuples), (plan_seed, solve_seed)
        env = self.envs[step % len(self.envs)]
        agent = self.agent.with_present_weights()
        return partial(play_share, self.processes, env, agent, indices_N, seeds, config.tuples)


def make_cursor(config: TrainConfig, size: int) -> ProblemSampler:
    """The object that draws the problems of a run."""
    curriculum = Curriculum(size) if config.curriculum else None
    return ProblemSampler(size, config.seed, replacement=config.replacement, curriculum=curriculum)


def observe(cursor: ProblemSampler, rollout: Rollout, config: TrainConfig) -> dict[str, float]:
    """Report the results of each problem to the curriculum; returns the share of problems it skips.

    A problem teaches something if the rewards of its plans differ, or those of their branches. The
    branches of a refused plan that never ran failed.
    """
    if cursor.curriculum is None:
        return {}
    paid_NK = solver_rewards(rollout, config)
    for index in np.unique(rollout.problems_N):
        counted_N = (rollout.problems_N == index) & ~rollout.void_N
        if counted_N.any():
            plans_differ = np.ptp(rollout.rewards_N[counted_N]) > 0 and config.planning == "policy"
            teaches = bool(plans_differ or np.ptp(paid_NK[counted_N]) > 0)
            cursor.curriculum.observe(index, teaches, cursor.epoch)
    return {"left_out": 1.0 - float(cursor.curriculum.active(cursor.epoch).mean())}


class OneAtATime:
    """A judge that several rollouts share: it need not be safe for threads."""

    def __init__(self, judge: Judge):
        self._judge, self._lock = judge, threading.Lock()

    def rule(self, cases: Sequence[tuple[Problem, tuple[str, ...]]], /) -> list[Ruling]:
        """One ruling for each case."""
        with self._lock:
            return rule(self._judge, cases)


@contextmanager
def environment(
    config: TrainConfig,
    sandbox: Sandbox,
    source: ProblemSource,
    places: int,
    *,
    end_on_refusal: bool | None = None,
    judge: Judge | None = None,
) -> Iterator[CPPOVectorEnv]:
    """A vector environment of a run.

    Args:
        config: the run.
        sandbox: runs the programs.
        source: the problems.
        places: episodes side by side.
        end_on_refusal: Default: the run's setting.
        judge: the run's judge, where it is made already: a gate may hold a model.
    """
    reward: Any = config.reward
    if config.solver_reward == "share":
        reward = AllTests(plugins.make("rewards", config.reward, {}))
    env: Any = gym.make_vec(
        source.env,
        num_envs=places,
        k=config.k,
        sandbox=sandbox,
        judge=config.judge if judge is None else judge,
        judge_options=config.judge_options if judge is None else {},
        reward=reward,
        end_on_refusal=config.ends_on_refusal if end_on_refusal is None else end_on_refusal,
        **source.arguments,
    )
    try:
        yield env.unwrapped
    finally:
        env.close()
