"""The native vector environment: N episodes, one judge call and one sandbox call per step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from gymnasium import spaces
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from cppo_env.assembly import Assembly
from cppo_env.engine import Transition, facts
from cppo_env.errors import ActionError, OrderError, UsageError
from cppo_env.settings import EnvSettings
from cppo_env.spaces import Texts, observation_space
from cppo_env.types import Episode, Observation, Problem

BatchedObservations = dict[str, Any]
"""N observations: `phase` int64[N]; `problem`, `starter_code` N texts; `methods` N × K texts."""


class CPPOVectorEnv(VectorEnv[Any, Any, Any]):
    """N episodes side by side, equal to N single environments seeded `seed`, `seed + 1`, ….

    The arguments are those of `CPPOEnv` (`EnvSettings`). Ended episodes stay as they are until a
    `reset` (`AutoresetMode.DISABLED`): they ignore their action and pay nothing, so that a batch
    goes on where `end_on_refusal` has ended some. Terminations and truncations tell of the episodes
    that ended in this very step, so that wrappers count each of them once.

    Observations: see `BatchedObservations`. Actions: N tuples of K texts. Infos: the keys of the
    single environment as arrays over the environments (`solver_rewards` float32[N, K], `verdicts`
    and `reports` object[N, K], the rest [N]); `_key` is a mask of the environments that have the
    key.
    """

    metadata: ClassVar[dict[str, Any]] = {  # pyright: ignore[reportIncompatibleVariableOverride]
        "autoreset_mode": AutoresetMode.DISABLED,
        "render_modes": [],
    }

    def __init__(self, num_envs: int = 1, **arguments: Any):
        settings = EnvSettings.of(arguments)
        if settings.render_mode is not None:
            raise UsageError(
                f"render_mode: got {settings.render_mode!r}; the vector environment renders "
                "nothing, expected None"
            )
        if num_envs < 1:
            raise UsageError(f"num_envs: got {num_envs}, expected 1 or more")
        self.num_envs = num_envs
        self.render_mode = None
        self.assembly = Assembly.build(settings)
        self.single_observation_space = observation_space(settings.k)
        self.single_action_space = Texts(settings.k)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = spaces.Tuple([Texts(settings.k) for _ in range(num_envs)])
        self._rngs: list[np.random.Generator] = []
        self._last: list[Transition] = []

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[BatchedObservations, dict[str, Any]]:
        """Start episodes on random problems, or on those of `options={"problems": indices}`.

        Args:
            seed: environment i draws its problems with seed `seed + i`, or with `seed[i]`.
            options: `problems`: N indices into the problem set, or one for each environment that is
                reset; `problem_id`: the same as ids, or one id for all; `reset_mask`: bool[N], the
                environments to reset. Default: all.

        Raises:
            UnknownNameError: no problem has that id.
            UsageError: an unknown option, or a wrong number or range of indices.
        """
        options = dict(options or {})
        mask = self._mask(options.pop("reset_mask", None))
        self._seed(seed, mask)
        if "problems" in options and "problem_id" in options:
            raise UsageError("reset options: got 'problems' and 'problem_id', expected one of them")
        if "problems" in options:
            indices = self._indices(options.pop("problems"), mask)
        elif "problem_id" in options:
            indices = self._find(options.pop("problem_id"), mask)
        else:
            size = len(self.assembly.problems)
            indices = [int(self._rngs[i].integers(size)) for i in np.flatnonzero(mask)]
        if options:
            raise UsageError(
                f"reset options: got {sorted(options)}, expected 'problems', 'problem_id' or "
                "'reset_mask'"
            )
        fresh = (Episode(self.assembly.problems[index]) for index in indices)
        self._last = [
            Transition(next(fresh), reward=0.0, terminated=False, truncated=False)
            if mask[i]
            else self._last[i]
            for i in range(self.num_envs)
        ]
        return self._observe(), self._infos(
            {int(i): _identity(self._last[i]) for i in np.flatnonzero(mask)}
        )

    def step(
        self, actions: Any
    ) -> tuple[
        BatchedObservations,
        NDArray[np.float64],
        NDArray[np.bool_],
        NDArray[np.bool_],
        dict[str, Any],
    ]:
        """Take N tuples of K texts; episodes that have ended ignore theirs.

        Raises:
            OrderError: before `reset`, or when every episode has ended.
            ActionError: an action is not K texts; no episode has moved.
        """
        if not self._last:
            raise OrderError("step: there are no episodes; call reset() first")
        live = [i for i, last in enumerate(self._last) if not last.ended]
        if not live:
            raise OrderError("step: every episode has ended; call reset() to start the next ones")
        if len(actions) != self.num_envs:
            raise ActionError(
                f"actions: got {len(actions)}, expected {self.num_envs}, one for each environment"
            )
        episodes = [self._last[i].episode for i in live]
        for i, transition in zip(
            live, self.assembly.engine.advance(episodes, [actions[i] for i in live]), strict=True
        ):
            self._last[i] = transition
        rewards = np.zeros(self.num_envs, dtype=np.float64)
        rewards[live] = [self._last[i].reward for i in live]
        terminations, truncations = np.zeros((2, self.num_envs), dtype=np.bool_)
        terminations[live] = [self._last[i].terminated for i in live]
        truncations[live] = [self._last[i].truncated for i in live]
        return (
            self._observe(),
            rewards,
            terminations,
            truncations,
            self._infos({i: facts(self._last[i]) for i in live}),
        )

    def problem(self, place: int) -> Problem:
        """The problem of the episode at a place, after `reset`."""
        return self._last[place].episode.problem

    def prefetch(self, solutions: Sequence[tuple[int, str]]) -> None:
        """Start running single solutions early: (environment, one of its K solutions).

        Saves time if the sandbox works ahead (`CachedSandbox`) and changes no result: the solutions
        are judged in the step that holds all of them.
        """
        self.assembly.engine.prefetch([(self._last[i].episode, text) for i, text in solutions])

    def close_extras(self, **kwargs: Any) -> None:
        """Close the sandbox if this environment opened it."""
        self.assembly.close()

    def _mask(self, given: Any) -> NDArray[np.bool_]:
        if given is None or not self._last:
            return np.ones(self.num_envs, dtype=np.bool_)
        mask = np.asarray(given, dtype=np.bool_)
        if mask.shape != (self.num_envs,):
            raise UsageError(f"reset_mask: got shape {mask.shape}, expected ({self.num_envs},)")
        return mask

    def _seed(self, seed: int | Sequence[int | None] | None, mask: NDArray[np.bool_]) -> None:
        if not self._rngs:
            self._rngs = [seeding.np_random()[0] for _ in range(self.num_envs)]
        if seed is None:
            return
        seeds = [seed + i for i in range(self.num_envs)] if isinstance(seed, int) else list(seed)
        if len(seeds) != self.num_envs:
            raise UsageError(f"seed: got {len(seeds)} seeds, expected {self.num_envs}")
        for i in np.flatnonzero(mask):
            if seeds[i] is not None:
                self._rngs[i] = seeding.np_random(seeds[i])[0]

    def _indices(self, given: Any, mask: NDArray[np.bool_]) -> list[int]:
        indices = np.asarray(given)
        if indices.shape == mask.shape:
            indices = indices[mask]
        size = len(self.assembly.problems)
        if indices.shape != (int(mask.sum()),) or not np.issubdtype(indices.dtype, np.integer):
            raise UsageError(
                f"problems: got {given!r}, expected {int(mask.sum())} indices, one for each "
                "environment"
            )
        if indices.size and not (indices.min() >= 0 and indices.max() < size):
            raise UsageError(
                f"problems: got indices {indices.min()} to {indices.max()}, expected 0 to "
                f"{size - 1}"
            )
        return [int(index) for index in indices]

    def _find(self, given: Any, mask: NDArray[np.bool_]) -> list[int]:
        """The indices of one id for all, or of one for each environment."""
        asked = int(mask.sum())
        ids: list[Any] = [given] * asked if isinstance(given, str | int) else list(given)
        found = {one: self.assembly.find(one) for one in ids}
        return self._indices([found[one] for one in ids], mask)

    def _observe(self) -> BatchedObservations:
        observations = [self.assembly.engine.observe(last.episode) for last in self._last]
        return {
            "phase": np.array([one["phase"] for one in observations], dtype=np.int64),
            "problem": tuple(one["problem"] for one in observations),
            "starter_code": tuple(one["starter_code"] for one in observations),
            "methods": tuple(one["methods"] for one in observations),
        }

    def _infos(self, infos: dict[int, dict[str, Any]]) -> dict[str, Any]:
        """Facts of some environments → arrays over all of them, and masks."""
        arrays: dict[str, Any] = {}
        for i, info in infos.items():
            for key, value in info.items():
                if key not in arrays:
                    shape, dtype = _LAYOUT[key]
                    fill: Any = None if dtype is object else 0
                    arrays[key] = np.full(
                        (self.num_envs, self.assembly.engine.k)[:shape], fill, dtype=dtype
                    )
                    arrays["_" + key] = np.zeros(self.num_envs, dtype=np.bool_)
                arrays[key][i] = value
                arrays["_" + key][i] = True
        return arrays


_LAYOUT: dict[str, tuple[int, Any]] = {
    "problem_id": (1, object),
    "validity": (1, np.float64),
    "ruling": (1, object),
    "void": (1, np.bool_),
    "r_out": (1, np.float64),
    "solver_rewards": (2, np.float32),
    "verdicts": (2, object),
    "reports": (2, object),
}
"""Dimensions ([N] or [N, K]) and type of each info."""


def _identity(transition: Transition) -> dict[str, Any]:
    return {"problem_id": transition.episode.problem.id}


def unbatch(batch: BatchedObservations) -> list[Observation]:
    """The N observations of a vector environment one by one, as an `Agent` takes them."""
    return [
        Observation(phase=int(phase), problem=problem, starter_code=starter, methods=methods)
        for phase, problem, starter, methods in zip(
            batch["phase"], batch["problem"], batch["starter_code"], batch["methods"], strict=True
        )
    ]
