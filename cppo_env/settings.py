"""The arguments of `gym.make` and `gym.make_vec`, for both environments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from cppo_env.engine import check_k
from cppo_env.errors import UsageError
from cppo_env.protocols import Judge, Reward, Sandbox


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvSettings:
    """What an environment is made of; every field but `filters` is an argument of `gym.make`.

    Raises:
        UsageError: a value cannot work; one line says which and what was expected.
    """

    problems: Any = None
    """A path (any published layout, detected), the name of a problem set, or a `ProblemSet`. None:
    the set that the id stands for."""
    split: str | None = None
    """The part of the set to play (its own names, such as "train" or "test"). None: its default
    part."""
    k: int = 4
    """Number of branches K."""
    sandbox: str | Sandbox = "auto"
    """"auto", "docker", "local", another plug-in's name, or an open `Sandbox`, which stays open."""
    sandbox_options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Keyword arguments of a sandbox given by name, such as `{"workers": 2}`."""
    judge: str | Judge = "format"
    """The gate J: name of a judge, or a `Judge`."""
    judge_options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Keyword arguments of a judge given by name."""
    reward: str | Reward = "gated"
    """The planner's reward: a name, or a `Reward`."""
    end_on_refusal: bool = False
    """End an episode at once if its plan is refused; otherwise its solutions still run."""
    render_mode: str | None = None
    """None, "ansi" (`render()` returns text) or "human" (each step is printed); the vector
    environment renders nothing."""
    cache: bool = True
    """Of a sandbox given by name: run equal deterministic programs on equal tests once, and
    remember their reports until the environment is closed."""
    dataset: str = "samples"
    """The problem set that the id stands for; set by the registration."""
    filters: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """All other arguments: filters of `cppo_env.load_problems` (difficulty, platform, …)."""

    def __post_init__(self) -> None:
        """Check what needs no problem set."""
        check_k(self.k)
        _check_options("sandbox", self.sandbox, self.sandbox_options)
        _check_options("judge", self.judge, self.judge_options)

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> EnvSettings:
        """Sort the arguments of `gym.make` into settings and filters."""
        settings = {name: value for name, value in arguments.items() if name in ARGUMENTS}
        filters = {name: value for name, value in arguments.items() if name not in ARGUMENTS}
        return cls(**settings, filters=filters)


ARGUMENTS = frozenset(one.name for one in fields(EnvSettings)) - {"filters"}
"""Names of the arguments that are no filters."""


def _check_options(role: str, name_or_object: Any, options: Any) -> None:
    if not isinstance(options, Mapping):
        raise UsageError(
            f"{role}_options: got {options!r}, expected keyword arguments such as {{'name': value}}"
        )
    if options and not isinstance(name_or_object, str):
        raise UsageError(
            f"{role}_options: got {options!r} for a {role} that is an object; give the "
            f"{role} by name, or pass the options to its constructor"
        )
