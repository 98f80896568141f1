"""The single environment: one problem is one episode of two steps, plan and solve."""

from __future__ import annotations

from typing import Any, ClassVar

import gymnasium as gym
import numpy as np

from cppo_env.assembly import Assembly
from cppo_env.engine import Transition, facts
from cppo_env.errors import OrderError, UsageError
from cppo_env.rendering import render_text
from cppo_env.settings import EnvSettings
from cppo_env.spaces import Texts, observation_space
from cppo_env.types import Episode, Observation, Problem

RENDER_MODES = ("ansi", "human")


class CPPOEnv(gym.Env[Any, Any]):
    """An episode is one problem: step 1 takes K methods, step 2 K solutions and pays the reward.

    Args:
        **arguments: the fields of `EnvSettings`; all others are filters of
            `cppo_env.load_problems`, such as `difficulty="easy"`.

    Info of a step: `problem_id`, `validity` (J), `ruling`; after the last step `void`, and after
    the solve step `r_out`, `solver_rewards` (float32[K]), `verdicts` (K texts) and `reports`.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": list(RENDER_MODES), "render_fps": 1}  # pyright: ignore[reportIncompatibleVariableOverride]

    def __init__(self, **arguments: Any):
        settings = EnvSettings.of(arguments)
        if settings.render_mode not in (None, *RENDER_MODES):
            raise UsageError(
                f"render_mode: got {settings.render_mode!r}, expected None, 'ansi' or 'human'"
            )
        self.render_mode = settings.render_mode
        self.assembly = Assembly.build(settings)
        self.observation_space = observation_space(settings.k)
        self.action_space = Texts(settings.k)
        self._last: Transition | None = None

    @property
    def problem(self) -> Problem:
        """The problem of the episode, after `reset`."""
        if self._last is None:
            raise OrderError("problem: there is no episode; call reset() first")
        return self._last.episode.problem

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start an episode on a random problem, or on `options={"problem_id": …}`.

        Raises:
            UnknownNameError: no problem has that id.
            UsageError: an option other than `problem_id`.
        """
        super().reset(seed=seed)
        options = dict(options or {})
        if "problem_id" in options:
            index = self.assembly.find(options.pop("problem_id"))
        else:
            index = int(self.np_random.integers(len(self.assembly.problems)))
        if options:
            raise UsageError(f"reset options: got {sorted(options)}, expected only 'problem_id'")
        episode = Episode(self.assembly.problems[index])
        self._last = Transition(episode, reward=0.0, terminated=False, truncated=False)
        self._show()
        return self.assembly.engine.observe(episode), {"problem_id": episode.problem.id}

    def step(self, action: Any) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Take K methods (phase 0) or K solutions (phase 1).

        Raises:
            OrderError: before `reset`, or after the episode's end.
            ActionError: the action is not K texts; the episode has not moved.
        """
        if self._last is None:
            raise OrderError("step: there is no episode; call reset() first")
        if self._last.ended:
            raise OrderError("step: the episode has ended; call reset() to start the next one")
        [last] = self.assembly.engine.advance([self._last.episode], [action])
        self._last = last
        self._show()
        info = facts(last)
        if "solver_rewards" in info:
            info["solver_rewards"] = np.asarray(info["solver_rewards"], dtype=np.float32)
        return (
            self.assembly.engine.observe(last.episode),
            last.reward,
            last.terminated,
            last.truncated,
            info,
        )

    def render(self) -> str | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The episode so far as text in mode "ansi"; "human" prints it after each step."""
        if self.render_mode is None:
            gym.logger.warn(
                "render: this environment was made without render_mode; use render_mode='ansi' or "
                "'human'"
            )
        if self._last is None or self.render_mode != "ansi":
            return None
        return render_text(self._last.episode, self._last.reward)

    def close(self) -> None:
        """Close the sandbox that this environment opened; one that was handed in stays open."""
        self.assembly.close()

    def _show(self) -> None:
        if self.render_mode == "human" and self._last is not None:
            print(render_text(self._last.episode, self._last.reward), flush=True)
