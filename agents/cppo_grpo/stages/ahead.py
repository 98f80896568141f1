"""When the rollout of a step is begun, and with which weights: `off_policy_steps`.

The rollout of step s (counted from 0) is played with the weights after max(s - k, b) updates. k is
`off_policy_steps`; b is the last step at which the run started, wrote a checkpoint or evaluated. No
rollout is begun before b and taken after it, so a checkpoint stores none, and a resumed run equals
an uninterrupted one. The problems of a step are drawn at the same moment: what a curriculum knows
then are the steps before its weights. Who plays how fast changes none of this.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

from cppo_env.errors import UsageError
from cppo_grpo.config import TrainConfig
from cppo_grpo.rollouts.values import Rollout
from cppo_grpo.samplers import HoldsVersions, Sampler
from cppo_grpo.samplers.frozen import trained_by
from cppo_grpo.stages.session import Session


def rollouts_at_a_time(config: TrainConfig, sampler: Sampler) -> int:
    """How many rollouts a run plays at a time.

    With `off_policy_steps` k they are k + 1: that of the step that the learner waits for, and those
    of the next k. A sampler that holds one version of the weights plays one.

    Raises:
        UsageError: k > 1 with such a sampler.
    """
    if isinstance(trained_by(sampler), HoldsVersions):
        return config.off_policy_steps + 1
    if config.off_policy_steps > 1:
        raise UsageError(
            f"off_policy_steps={config.off_policy_steps}: sampler={config.sampler} holds the "
            "weights of one update, expected 0 or 1; for more use --sampler ray, or your own with "
            "with_present_weights()"
        )
    return 1


@dataclass(frozen=True, slots=True)
class _Begun:
    """A rollout that is played, or is played once it is asked for."""

    result: Callable[[], Rollout]
    updates: int
    """Those before its weights."""
    cursor: Mapping[str, Any]
    """The data cursor before its problems were drawn."""


class Rollouts:
    """This process's share of each rollout, in the order of the steps.

    As many are played at a time as the session has environments: the one that the learner waits
    for, and those of the next steps.

    Args:
        session: the parts of the run.
        beside: plays rollouts while the learner updates; it needs a thread for each.
        steps: the steps that were taken before.
    """

    def __init__(self, session: Session, beside: Executor, steps: int):
        self._session, self._beside, self._next = session, beside, steps
        self._begun: deque[_Begun] = deque()
        self.staleness = 0
        """Updates between the weights that played the rollout taken last and those it updates."""

    def take(self, step: int) -> Rollout:
        """The rollout of a step, after as many updates; the next ones are begun."""
        self._begin(step)
        own = self._begun.popleft()
        rollout = own.result()
        self.staleness = step - own.updates
        self._begin(step)  # where the environment of this one was needed
        return rollout

    def cursor(self) -> Mapping[str, Any]:
        """The data cursor after the steps taken: rollouts in progress are played again."""
        now = self._session.cursor.state()
        return {**self._begun[0].cursor, "curriculum": now["curriculum"]} if self._begun else now

    def _begin(self, updates: int) -> None:
        """Begin what can be: in time, and with a free environment."""
        free = len(self._session.envs) - len(self._begun)
        steps = range(self._next, self._end(updates))[:free]
        if steps:
            self._session.update_sampler()
        for step in steps:
            cursor = self._session.cursor.state()
            play = self._session.prepare(step)
            # The learner waits for its own anyway, and an interrupt then reaches it at once.
            result = play if step == updates else self._beside.submit(play).result
            self._begun.append(_Begun(result, updates, cursor))
            self._next = step + 1

    def _end(self, updates: int) -> int:
        """The first step whose rollout waits for a later update."""
        config = self._session.run.config
        end = updates + 1
        while end <= updates + config.off_policy_steps and not (
            end % config.checkpoint_every == 0
            or (config.eval_every and end % config.eval_every == 0)
        ):
            end += 1
        return min(end, config.steps)
