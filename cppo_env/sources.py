"""Where an environment takes its problems from, as the settings of a command name it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cppo_env.ids import environment_spec
from cppo_env.problems import Problems, load_problems
from cppo_env.protocols import ProblemSet
from cppo_env.settings import ARGUMENTS


@dataclass(frozen=True, slots=True)
class ProblemSource:
    """An environment id, and what of its problems is played."""

    env: str
    """Id of the environment."""
    problems: str | ProblemSet | None = None
    """A path, a name or a set. Default: the problem set of the environment id."""
    split: str | None = None
    """Default: the problem set's own."""
    filters: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Further filters of `cppo_env.load_problems`."""

    @property
    def key(self) -> tuple[str, str | None, str]:
        """Source, split and filters (as JSON), by which sets are told apart."""
        named = str(self.env if self.problems is None else self.problems)
        return named, self.split, json.dumps(dict(self.filters), sort_keys=True)

    def held_out(
        self, env: str | None = None, problems: str | None = None, split: str | None = None
    ) -> ProblemSource:
        """The problems for evaluation: another set if one is named, else this one's test split."""
        if env is None and problems is None:
            return replace(self, split=split or "test")
        return ProblemSource(env or self.env, problems, split)

    def load(self) -> Problems:
        """The problems.

        Raises:
            UsageError: the id is no environment of this project's kind, or a filter is unknown.
            ProblemDataError: the problems are absent.
        """
        source = self.problems
        if source is None:
            source = environment_spec(self.env).kwargs["dataset"]
        split = {} if self.split is None else {"split": self.split}
        return load_problems(source, **{**_filters_of(self.env), **split, **self.filters})

    @property
    def arguments(self) -> dict[str, Any]:
        """What `gym.make` takes for these problems; of a set that is here, no filter of the id."""
        if self.problems is None or isinstance(self.problems, str):
            return {"problems": self.problems, "split": self.split, **self.filters}
        return {"problems": self.problems, **dict.fromkeys(_filters_of(self.env))}

    def loaded(self) -> ProblemSource:
        """The same problems, which need not be read again."""
        return self.of(self.load())

    def of(self, problems: ProblemSet) -> ProblemSource:
        """These problems in the same environment."""
        return ProblemSource(self.env, problems)


def _filters_of(env: str) -> dict[str, Any]:
    """The filters of the problem set that an environment id was registered with."""
    registered = environment_spec(env).kwargs
    return {name: one for name, one in registered.items() if name not in ARGUMENTS}


def source_of(settings: Mapping[str, Any], *, training: bool = False) -> ProblemSource:
    """The problems of a stored run.

    Args:
        settings: of `cppo eval`, or of `cppo train`, whose evaluations may have another set.
        training: the problems that it was trained on, not those of its evaluations.
    """
    env, problems, split = (settings.get(name) for name in ("env", "problems", "split"))
    source = ProblemSource(str(env), problems, split, settings.get("filters") or {})
    if "algorithm" not in settings or training:
        return source
    return source.held_out(*(settings.get(f"eval_{name}") for name in ("env", "problems", "split")))
