"""The values of a batch of episodes: texts and tokens of both regions, and their rewards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cppo_env.driver import Outcomes
from cppo_env.errors import SandboxError
from cppo_env.replies import Reply
from cppo_grpo.samplers import Completion


@dataclass(frozen=True, slots=True)
class Samples:
    """What the policy sampled in one region."""

    prompts: list[tuple[int, ...]]
    completions: list[Completion]
    texts: list[str]

    @property
    def truncated(self) -> NDArray[np.bool_]:
        """Which samples were cut at the token limit."""
        return np.array(
            [completion.finish_reason == "length" for completion in self.completions],
            dtype=np.bool_,
        )

    @property
    def replies(self) -> list[Reply]:
        """Each text, whether it was cut, and its tokens."""
        return [
            Reply(
                text,
                truncated=one.finish_reason == "length",
                tokens=one.sampled,
                thoughts=one.thoughts,
                thoughts_cut=one.appended > 0,
            )
            for text, one in zip(self.texts, self.completions, strict=True)
        ]

    @property
    def tokens(self) -> NDArray[np.int64]:
        """Sampled tokens of each."""
        return np.array([completion.sampled for completion in self.completions], dtype=np.int64)

    @property
    def thoughts(self) -> NDArray[np.int64]:
        """Those of them that are thoughts."""
        return np.array([completion.thoughts for completion in self.completions], dtype=np.int64)

    @property
    def versions(self) -> NDArray[np.int64]:
        """Versions of the weights that drew each; 0 if the sampler does not tell."""
        return np.array([len(one.versions) for one in self.completions], dtype=np.int64)

    @property
    def thoughts_cut(self) -> NDArray[np.bool_]:
        """Which of the thoughts used up their budget."""
        return np.array([one.appended > 0 for one in self.completions], dtype=np.bool_)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout(Outcomes):
    """A batch of finished episodes, with the tokens of both regions."""

    plans: Samples
    """N plans; empty if the policy writes none (`planner`)."""
    programs: Samples
    """B solutions of the episodes that went on after their plan."""
    branches: NDArray[np.int64]
    """(B, 2): the episode and the branch of each solution."""
    problems_N: NDArray[np.int64]
    """The problem of each episode, as an index into the problem set."""
    information_NK: NDArray[np.float64] | None = None
    """Information of each program about its method (`learner.information`), if the algorithm needs
    it."""

    @property
    def read_N(self) -> NDArray[np.bool_]:
        """Episodes with K methods: the plan was read, or there is no planner."""
        n, k = self.solver_rewards_NK.shape
        if not self.plans.texts:
            return np.ones(n, dtype=np.bool_)
        return np.array([bool(plan.methods(k)) for plan in self.plans.replies], dtype=np.bool_)

    @property
    def ran_N(self) -> NDArray[np.bool_]:
        """Episodes whose programs were sampled."""
        ran = np.zeros(len(self.rewards_N), dtype=np.bool_)
        ran[self.branches[:, 0]] = True
        return ran


def require_some(rollouts: Sequence[Rollout], what: str) -> None:
    """Refuse batches whose episodes are all void.

    Raises:
        SandboxError: every episode is void; the message gives the first reason.
    """
    if all(one.void_N.all() for one in rollouts):
        record = rollouts[0].records[0]
        reason = " ".join(
            next(filter(None, (*record.messages, record.reason)), "no reason is known").split()
        )
        raise SandboxError(
            f"{what}: every episode is void ({reason}); see `cppo doctor`, then resume the run"
        )
