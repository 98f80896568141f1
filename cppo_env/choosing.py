"""Choosing methods by number: the environment for algorithms that write no text.

Some problems come with programs that are known, right ones and wrong ones. An action is then K
numbers, each the place of a method in `known_methods(problem)`; the program of each chosen method
runs in the sandbox as any other, and the reward is the environment's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from cppo_env.env import CPPOEnv
from cppo_env.errors import ActionError, OrderError, ProblemDataError, UsageError
from cppo_env.problems.records import shown
from cppo_env.types import Problem

Attempts = Literal["joint", "independent", "autoregressive"]
"""How the K methods of an episode are chosen.

joint            all K in one action: MultiDiscrete
independent      one in each of K steps, of which the observation shows nothing
autoregressive   one in each of K steps; the observation shows which are chosen
"""


@dataclass(frozen=True, slots=True)
class KnownMethod:
    """A method in words, and the program that it leads to."""

    method: str
    program: str
    right: bool
    """Whether the program is a reference of the problem."""


def known_methods(problem: Problem) -> tuple[KnownMethod, ...]:
    """The known programs of a problem, right ones and wrong ones, in an order that tells nothing.

    They are sorted by their text, so a place means the same rule in all problems of
    `CPPO-Strategies-v0`. Words come from `metadata["methods"]` (of the references) and
    `metadata["mistakes"]` (of the wrong ones); without them a method is "program N".
    """
    programs = [*problem.references, *problem.wrong]
    words: list[str] = []
    for key, count in (("methods", len(problem.references)), ("mistakes", len(problem.wrong))):
        given = [*problem.metadata.get(key, ())][:count]
        words += given + [""] * (count - len(given))
    order = sorted(range(len(programs)), key=programs.__getitem__)
    return tuple(
        KnownMethod(
            words[place] or f"program {number}", programs[place], place < len(problem.references)
        )
        for number, place in enumerate(order, start=1)
    )


def context(problem: Problem) -> str:
    """What an agent that reads no text is told of a problem: its family, or else its id."""
    return str(problem.metadata.get("family", problem.id))


class ChooseMethods(gym.Wrapper[Any, Any, Any, Any], gym.utils.RecordConstructorArgs):
    """The K attempts of an episode as numbers of known methods.

    Observation: float32, 1.0 at the problem's context (see `context`) and 0.0 elsewhere; with
    `attempts="autoregressive"`, how often each method has been chosen is appended. A number beyond
    a problem's known methods starts again at its first one. Info after the last step is the
    environment's, with the numbers as `chosen`.

    Args:
        env: a single environment of this package.
        attempts: see `Attempts`. In `independent` mode nothing tells the K choices apart, so any
            policy draws them independently from one distribution, and `independent_ceiling` bounds
            it. It bounds neither of the others, nor K separate heads of a joint action.

    Raises:
        UsageError: not an environment of this package, or unknown `attempts`.
        ProblemDataError: a problem has no known programs.
    """

    def __init__(self, env: gym.Env[Any, Any], attempts: Attempts = "joint"):
        gym.utils.RecordConstructorArgs.__init__(self, attempts=attempts)
        gym.Wrapper.__init__(self, env)  # pyright: ignore[reportUnknownMemberType] - typed in part
        base = env.unwrapped
        if not isinstance(base, CPPOEnv):
            raise UsageError(
                f"env: got {type(base).__name__}, expected an environment of gym.make('CPPO-…')"
            )
        if attempts not in get_args(Attempts):
            raise UsageError(
                f"attempts: got {attempts!r}, expected {', '.join(get_args(Attempts))}"
            )
        self.attempts: Attempts = attempts
        self.k = base.assembly.engine.k
        self._base = base
        problems = base.assembly.problems
        every = [problems[index] for index in range(len(problems))]
        counts = [len(known_methods(problem)) for problem in every]
        self.methods = max(counts)
        """Number of methods to choose from."""
        if none := [one.id for one, count in zip(every, counts, strict=True) if not count]:
            raise ProblemDataError(
                f"problems: {len(none)} of {len(every)} have no known programs, such as {none[0]}; "
                "take a set with references"
            )
        self.contexts = tuple(sorted({context(problem) for problem in every}))
        shown = self.methods if attempts == "autoregressive" else 0
        self.observation_space = spaces.Box(
            0.0, float(self.k), (len(self.contexts) + shown,), np.float32
        )
        self.action_space = (
            spaces.MultiDiscrete([self.methods] * self.k)
            if attempts == "joint"
            else spaces.Discrete(self.methods)
        )
        self._chosen: list[int] = []
        self._known: tuple[KnownMethod, ...] = ()
        self._here = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Start an episode, as the environment's `reset` does."""
        _, info = self.env.reset(seed=seed, options=options)
        problem = self._base.problem
        self._chosen, self._known = [], known_methods(problem)
        self._here = self.contexts.index(context(problem))
        return self._observe(), info

    def step(self, action: Any) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Choose the next method, or all K; after the last one the programs run.

        Raises:
            ActionError: another count of numbers, or what is no number of a method.
            OrderError: before `reset`, or after the episode's end.
        """
        if not self._known:
            raise OrderError("step: there is no running episode; call reset() first")
        self._chosen += self._numbers(action)
        if len(self._chosen) < self.k:
            return self._observe(), 0.0, False, False, {}
        taken = [self._known[number % len(self._known)] for number in self._chosen]
        _, reward, terminated, truncated, info = self.env.step(tuple(one.method for one in taken))
        if not (terminated or truncated):
            programs = tuple(f"```python\n{one.program}\n```" for one in taken)
            _, reward, terminated, truncated, info = self.env.step(programs)
        info, self._known = {**info, "chosen": tuple(self._chosen)}, ()
        return self._observe(), cast(float, reward), terminated, truncated, info

    def _numbers(self, action: Any) -> list[int]:
        """The numbers of an action: K of a joint one, else one."""
        count = self.k if self.attempts == "joint" else 1
        try:
            numbers = np.atleast_1d(action)
        except ValueError:  # rows of different lengths
            numbers = np.empty(0)
        fits = numbers.shape == (count,) and np.issubdtype(numbers.dtype, np.integer)
        if not (fits and numbers.min() >= 0 and numbers.max() < self.methods):
            raise ActionError(
                f"action: got {shown(action)}, expected "
                f"{f'{count} numbers' if self.attempts == 'joint' else 'one number'} "
                f"of methods, from 0 to {self.methods - 1}"
            )
        return [int(number) for number in numbers]

    def _observe(self) -> NDArray[np.float32]:
        """The context, and what has been chosen where that is shown."""
        seen = np.zeros(self.observation_space.shape or (), np.float32)
        seen[self._here] = 1.0
        if self.attempts == "autoregressive":
            np.add.at(seen, [len(self.contexts) + number for number in self._chosen], 1.0)
        return seen
