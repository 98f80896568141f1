"""Algorithms: how the rewards of a batch of episodes become advantages; one file each.

`--algorithm NAME` finds the function by its entry point in the group `cppo_env.algorithms`:

    def my_algorithm(rewards: EpisodeRewards, options: Options) -> Advantages: ...

`cppo` credits a plan with what its whole tuple achieved. All others are baselines that see
*attempts*: an attempt is a plan and one of its programs, log p(attempt) = log p(plan) + log
p(program). So a program gets the advantage of its attempt, and a plan the sum over its K attempts
(`from_attempts`). Without plans (`planner=none`) an attempt is a program, and the M·K programs of a
problem are independent samples, as in the papers of these algorithms.

An algorithm that needs more than rewards, or another average over tokens, is an `Algorithm` that
holds the function and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from cppo_env import plugins
from cppo_env.arrays import Bools, Floats
from cppo_env.errors import UsageError
from cppo_env.places import place_of
from cppo_grpo.choices import Aggregation, SolverGroup


@dataclass(frozen=True, slots=True)
class EpisodeRewards:
    """Rewards of a batch of episodes: `_P` problems, `_M` tuples each, `_K` branches each."""

    plans_PM: Floats
    """The planner's reward (R_plan)."""
    solutions_PMK: Floats
    """What each branch earns: V, or as `solver_reward` says; 0 where an unreadable plan has no
    branches."""
    void_PM: Bools
    """Void episodes (infrastructure failures): they leave their groups."""
    ran_PM: Bools
    """Episodes that have branches, because their plan could be read."""
    information_PMK: Floats | float = 0.0
    """I(y, z): what each program says about its skill; only for algorithms that need it."""
    programs_PMK: NDArray[np.object_] | None = None
    """The programs (texts, None where there is none), for algorithms that need them. Without them
    all are taken to be different."""


@dataclass(frozen=True, slots=True)
class Options:
    """The group of a branch, and how advantages are normalised (docs/method.md, section 3)."""

    solver_group: SolverGroup | None = None
    """Compare a branch with the K of its tuple, or with all M·K of its problem. None: the
    algorithm's default."""
    normalise: bool = True
    """Divide by the standard deviation, in algorithms that do so."""
    skill_bonus: float = 0.0
    """α: the weight of I(y, z), in algorithms that need "information"."""
    redundancy_penalty: float = 0.0
    """λ: the weight of a program's likeness to its siblings, in `redundancy`."""


@dataclass(frozen=True, slots=True)
class Advantages:
    """One advantage per plan and per program."""

    plans_PM: Floats
    solutions_PMK: Floats


Need = Literal["skills", "information", "programs"]
"""What an algorithm needs: K fixed skills in place of planned methods; `information_PMK`;
`programs_PMK`."""


Credit = Callable[[EpisodeRewards, Options], Advantages]
"""An algorithm as a bare function."""


@dataclass(frozen=True, slots=True)
class Algorithm:
    """How rewards become advantages, and what the learner must know of it."""

    function: Credit
    needs: tuple[Need, ...] = ()
    aggregation: Aggregation = "sequence_mean"
    """How the tokens of a sequence are averaged by default: by its own length, or
    by a constant, for a gradient that is stated for log p of whole sequences."""

    def __call__(self, rewards: EpisodeRewards, options: Options) -> Advantages:
        """The advantages of a batch of episodes."""
        return self.function(rewards, options)


def load_algorithm(name: str | Credit) -> Algorithm:
    """The algorithm of that name, or the one that is given; a bare function needs nothing.

    Raises:
        UnknownNameError: there is none.
        UsageError: it cannot be called.
    """
    plugin: Any = plugins.load("algorithms", name) if isinstance(name, str) else name
    if isinstance(plugin, Algorithm):
        return plugin
    if not callable(plugin):
        raise UsageError(
            f"algorithm: got {type(plugin).__name__}, expected a name, an Algorithm or a function "
            "(rewards, options) -> Advantages"
        )
    return Algorithm(cast(Credit, plugin))


def name_of(algorithm: str | Credit) -> str:
    """The name to store: `module:function` for a function, which `load_algorithm` finds again."""
    if isinstance(algorithm, str):
        return algorithm
    return place_of(algorithm.function if isinstance(algorithm, Algorithm) else algorithm)


def in_groups(
    estimator: Callable[[Floats, Bools], Floats],
    rewards_PMK: Floats,
    mask_PMK: Bools,
    group: SolverGroup,
) -> Floats:
    """Apply an estimator of the last axis to tuples (K) or to whole problems (M·K)."""
    shape = rewards_PMK.shape if group == "tuple" else (len(rewards_PMK), -1)
    return estimator(rewards_PMK.reshape(shape), mask_PMK.reshape(shape)).reshape(rewards_PMK.shape)


def from_attempts(
    estimator: Callable[[Floats, Bools], Floats],
    rewards: EpisodeRewards,
    options: Options,
    group: SolverGroup = "problem",
) -> Advantages:
    """Advantages of attempts, given to their programs and summed over the attempts of each plan.

    An unreadable plan spends its K attempts, all of them wrong. `group` is the algorithm's default,
    which the options may override.
    """
    counted_PMK = np.broadcast_to(~rewards.void_PM[..., None], rewards.solutions_PMK.shape)
    attempts_PMK = in_groups(
        estimator, rewards.solutions_PMK, counted_PMK, options.solver_group or group
    )
    return credited(attempts_PMK, rewards)


def credited(attempts_PMK: Floats, rewards: EpisodeRewards) -> Advantages:
    """Each program gets the advantage of its attempt, and each plan the sum of its attempts."""
    return Advantages(
        plans_PM=attempts_PMK.sum(-1), solutions_PMK=attempts_PMK * rewards.ran_PM[..., None]
    )


def programs_of_groups(
    rewards: EpisodeRewards, group: SolverGroup
) -> Iterator[tuple[NDArray[np.intp], list[str | None] | None]]:
    """The places of each group in the flat rewards, and its programs if they are known.

    Void attempts are left out.
    """
    shape, size = rewards.solutions_PMK.shape, rewards.solutions_PMK.size
    counted = np.broadcast_to(~rewards.void_PM[..., None], shape).reshape(-1)
    programs = rewards.programs_PMK
    flat: list[str | None] | None = None if programs is None else programs.reshape(-1).tolist()
    members = shape[-1] if group == "tuple" else shape[-1] * shape[-2]
    for places in np.arange(size, dtype=np.intp).reshape(-1, members):
        kept = places[counted[places]]
        yield kept, None if flat is None else [flat[place] for place in kept]
