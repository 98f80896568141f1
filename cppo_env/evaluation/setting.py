"""Common settings of `cppo eval` and `cppo compare`: environment, problems and budget."""

from __future__ import annotations

import dataclasses
import inspect
from dataclasses import dataclass, field
from typing import Any, Self

import gymnasium as gym

from cppo_env import plugins
from cppo_env.engine import check_k
from cppo_env.errors import ProblemDataError, UsageError
from cppo_env.estimators import whole_tuples
from cppo_env.ids import environment_spec
from cppo_env.problems import Problems, load_problems
from cppo_env.protocols import Agent, ProblemSet


@dataclass(frozen=True)
class Setting:
    """The settings that define the measurement, whichever agent plays."""

    env: str = "CPPO-Samples-v0"
    """Id of the environment."""
    problems: str | None = None
    """Path of the problems (any published layout) or name of a set. Default: the set of the id."""
    split: str | None = None
    """Part of the problem set. Default: its held-out part `test` if the set has one; all of a path.
    --filters.split=[train,test] plays both."""
    filters: dict[str, Any] = field(default_factory=dict[str, Any])
    """Filters of the problem set, such as --filters.difficulty=interview."""
    limit: int | None = None
    """Play only the first LIMIT problems."""
    k: int = 4
    """Branches of one episode: methods of a plan, and programs."""
    attempts: int | None = None
    """Attempts per problem, a multiple of K. Default: K, one episode."""
    sandbox: str = "auto"
    """Where programs run: auto, docker, local, or another plug-in's name."""
    cache: bool = True
    """Run equal deterministic programs on equal tests once; false runs every program."""
    judge: str = "format"
    """The gate on plans: format, accept, or another plug-in's name."""
    batch: int = 32
    """Episodes played at once."""
    seed: int = 0
    """Seed of the agent."""

    def episodes(self) -> int:
        """Episodes of each problem.

        Raises:
            UsageError: K, the attempts, the batch or the limit is not a number that can work.
        """
        check_k(self.k)
        for name, value in (("batch", self.batch), ("limit", self.limit)):
            if value is not None and value < 1:
                raise UsageError(f"{name}: got {value}, expected 1 or more")
        return whole_tuples("attempts", self.k if self.attempts is None else self.attempts, self.k)

    def on_held_out(self) -> Self:
        """These settings with the default split filled in: `test`, if a named set has one."""
        source = self.problems or environment_spec(self.env).kwargs["dataset"]
        if self.split or "split" in self.filters or source not in plugins.names("problems"):
            return self
        try:
            load_problems(source, split="test", **self.filters)
        except ProblemDataError:
            return self
        return dataclasses.replace(self, split="test")

    @property
    def title(self) -> str:
        """A short description of what is played."""
        return (self.problems or self.env) + (f", split {self.split}" if self.split else "")

    def load(self) -> Problems:
        """The problems.

        Raises:
            UsageError: the id is no environment of this project's kind, or there is no such judge.
            ProblemDataError: the problems are absent.
        """
        plugins.load("judges", self.judge)
        spec = environment_spec(self.env)
        chosen = self.filters if self.split is None else {"split": self.split, **self.filters}
        return load_problems(self.problems or spec.kwargs["dataset"], **chosen)

    def make_env(self, places: int, problems: ProblemSet, sandbox: Any) -> Any:
        """The vector environment over those problems; its sandbox stays open."""
        return gym.make_vec(
            self.env,
            num_envs=places,
            problems=problems,
            k=self.k,
            sandbox=sandbox,
            judge=self.judge,
        )

    def identity(self) -> dict[str, Any]:
        """Settings that all parts of one run must share."""
        values = dataclasses.asdict(self)
        for name in ("limit", "attempts", "sandbox", "cache", "batch", "run"):
            values.pop(name, None)
        return values


def make_agent(
    name: str, options: dict[str, Any], *, problems: ProblemSet, k: int, seed: int
) -> Agent:
    """The agent of that name; passes `problems`, `k` and `seed` if it accepts them.

    Raises:
        UnknownNameError: there is no agent of that name.
        UsageError: an option is missing or unknown.
    """
    plugin = plugins.load("agents", name)
    parameters = inspect.signature(plugin).parameters
    shared = {"problems": problems, "k": k, "seed": seed}
    arguments = {key: value for key, value in shared.items() if key in parameters} | options
    return plugins.construct(plugin, arguments, f"agent {name!r}")
