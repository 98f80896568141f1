"""Common settings of `cppo eval` and `cppo compare`: environment, problems and budget."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, cast

import gymnasium as gym

from cppo_env import plugins
from cppo_env.engine import check_k
from cppo_env.errors import ProblemDataError, UsageError
from cppo_env.estimators import whole_tuples
from cppo_env.ids import environment_spec
from cppo_env.judges import check_judge
from cppo_env.places import place_of
from cppo_env.problems import Problems, load_problems
from cppo_env.prompts import PLAIN
from cppo_env.protocols import Agent, ProblemSet, Sandbox
from cppo_env.sandboxing import borrow_sandbox
from cppo_env.sources import ProblemSource

MOST_ATTEMPTS = 1_000_000
"""Attempts per problem; with more the list of episodes alone takes the machine."""

NOT_MEASURED = ("limit", "attempts", "sandbox", "sandbox_options", "cache", "batch", "prompts")
"""Settings that may differ between two calls on one run folder."""


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
    sandbox_options: dict[str, Any] = field(default_factory=dict[str, Any])
    """Options of the sandbox, such as --sandbox_options.workers=2."""
    cache: bool = True
    """Run equal deterministic programs on equal tests once; false runs every program."""
    judge: str = "format"
    """The gate on plans: format, accept, distinct, verbaliser, llm, another plug-in's name,
    ./FILE.py:NAME, or a product of them such as format*distinct (docs/gates.md)."""
    judge_options: dict[str, Any] = field(default_factory=dict[str, Any])
    """Options of the judge, such as --judge_options.NAME=VALUE; of a product's judge,
    --judge_options.JUDGE.NAME=VALUE."""
    reward: str = "gated"
    """The planner's reward: gated, outcome, validity, additive, pass_rate, another plug-in's name,
    or ./FILE.py:NAME."""
    batch: int = 32
    """Episodes played at once."""
    seed: int = 0
    """Seed of the agent."""
    prompts: str = PLAIN
    """Words of the agent's prompts: plain, strong, math, or a folder with plan.jinja or
    solve.jinja."""

    def episodes(self) -> int:
        """Episodes of each problem.

        Raises:
            UsageError: K, the attempts, the batch or the limit is not a number that can work.
        """
        check_k(self.k)
        for name, value in (("batch", self.batch), ("limit", self.limit)):
            if value is not None and value < 1:
                raise UsageError(f"{name}: got {value}, expected 1 or more")
        if (self.attempts or 0) > MOST_ATTEMPTS:
            raise UsageError(f"attempts: got {self.attempts}, expected at most {MOST_ATTEMPTS:,}")
        return whole_tuples("attempts", self.k if self.attempts is None else self.attempts, self.k)

    def on_held_out(self) -> Self:
        """These settings with the default split filled in: `test`, if a named set has one."""
        registered = environment_spec(self.env).kwargs["dataset"]
        # An empty set that is given is no default.
        source: Any = registered if self.problems is None else self.problems
        if self.split or "split" in self.filters or not isinstance(source, str):
            return self
        if source not in plugins.names("problems"):
            return self
        try:
            load_problems(source, split="test", **self.filters)
        except ProblemDataError:
            return self
        return dataclasses.replace(self, split="test")

    @property
    def title(self) -> str:
        """A short description of what is played."""
        return str(named(self.problems or self.env)) + (
            f", split {self.split}" if self.split else ""
        )

    def load(self) -> Problems:
        """The problems.

        Raises:
            UsageError: the id is no environment of this project's kind, or there is no such judge,
                or it does not take its options.
            ProblemDataError: the problems are absent.
        """
        judge, reward = cast(Any, self.judge), cast(Any, self.reward)
        if isinstance(judge, str):
            check_judge(judge, self.judge_options)
        if isinstance(reward, str):
            plugins.check("rewards", reward)
        return ProblemSource(self.env, self.problems, self.split, self.filters).load()

    def played(self, problems: Problems) -> Problems:
        """Those that are played: the first `limit`."""
        return problems if self.limit is None else problems.take(self.limit)

    def open_sandbox(self) -> AbstractContextManager[Sandbox]:
        """The sandbox; one given by name is closed at the end."""
        return borrow_sandbox(self.sandbox, self.sandbox_options, cache=self.cache)

    def make_env(self, places: int, problems: ProblemSet, sandbox: Any) -> Any:
        """The vector environment over those problems; its sandbox stays open."""
        return gym.make_vec(
            self.env,
            num_envs=places,
            problems=problems,
            k=self.k,
            sandbox=sandbox,
            judge=self.judge,
            judge_options=self.judge_options,
            reward=self.reward,
        )

    def identity(self) -> dict[str, Any]:
        """Settings that all parts of one run must share."""
        return {
            one.name: named(getattr(self, one.name))
            for one in dataclasses.fields(Setting)
            if one.name not in NOT_MEASURED
        }


def make_agent(
    name: str,
    options: dict[str, Any],
    *,
    problems: ProblemSet,
    k: int,
    seed: int,
    prompts: str = PLAIN,
) -> Agent:
    """The agent of that name; passes `problems`, `k`, `seed` and `prompts` if it accepts them.

    Args:
        name: a plug-in's name, or `module:NAME` or `./file.py:NAME` of a class, a function that
            makes an agent, or an agent.
        options: the user's.
        problems: what will be played.
        k: branches of an episode.
        seed: decides the draws.
        prompts: words of its prompts; any but the plain ones must be of use to it.

    Raises:
        UnknownNameError: there is no agent of that name.
        UsageError: an option is missing or unknown, or it is no agent.
    """
    plugin = plugins.load("agents", name)
    taken: Mapping[str, Any] = inspect.signature(plugin).parameters if callable(plugin) else {}
    if prompts != PLAIN and "prompts" not in taken:
        raise UsageError(f"prompts: got {prompts!r}, but agent {name!r} sends none; leave it out")
    if isinstance(plugin, Agent) and not isinstance(plugin, type):
        if options:
            raise UsageError(
                f"agent {name!r}: it is made already, so it takes no options; got {[*options]}"
            )
        return plugin
    if not callable(plugin):
        raise UsageError(_no_agent(name, plugin))
    shared = {"problems": problems, "k": k, "seed": seed, "prompts": prompts}
    arguments = {key: value for key, value in shared.items() if key in taken} | options
    agent = plugins.construct(plugin, arguments, f"agent {name!r}")
    if not isinstance(agent, Agent):
        raise UsageError(_no_agent(name, agent))
    return agent


def _no_agent(name: str, got: object) -> str:
    return f"agent {name!r}: got {type(got).__name__}, expected an object with act(observations)"


def named(value: Any) -> Any:
    """A setting as it is stored: plain data as they are, an object by its class or function."""
    if value is None or isinstance(value, str | int | float | dict | Path):
        return cast(Any, value)
    return place_of(value)
