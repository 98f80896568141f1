"""Common base of both environments: problem set, engine and sandbox."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from cppo_env import plugins
from cppo_env.engine import Engine
from cppo_env.errors import ProblemDataError, UnknownNameError, UsageError
from cppo_env.judges import make_judge
from cppo_env.problems import load_problems
from cppo_env.problems.selection import NAMES
from cppo_env.protocols import FindsById, Judge, ProblemSet, Reward, Sandbox
from cppo_env.sandboxing import open_sandbox
from cppo_env.settings import ARGUMENTS, EnvSettings


@dataclass(frozen=True, slots=True)
class Assembly:
    """Problems and engine; pickled as its settings."""

    problems: ProblemSet
    engine: Engine
    settings: EnvSettings

    def __reduce__(self) -> tuple[Any, ...]:
        """Built anew: what was given by name is made again, an object is pickled itself."""
        return Assembly.build, (self.settings,)

    @classmethod
    def build(cls, settings: EnvSettings) -> Assembly:
        """Turn settings, names or objects, into objects."""
        split, filters = settings.split, settings.filters
        chosen = {"split": split, **filters} if split is not None else filters
        source = settings.dataset if settings.problems is None else settings.problems
        try:
            loaded = load_problems(source, **chosen)
        except UsageError as error:
            raise _misspelt(filters) or error from None
        if len(loaded) == 0:
            raise ProblemDataError(
                f"problems: {source!r} holds none with the filters {dict(chosen)}"
            )
        judge: Judge = (
            make_judge(settings.judge, settings.judge_options)
            if isinstance(settings.judge, str)
            else _resolve("judges", settings.judge, "rule")
        )
        reward: Reward = _resolve("rewards", settings.reward, "__call__")
        sandbox: Sandbox = (
            open_sandbox(settings.sandbox, settings.sandbox_options, cache=settings.cache)
            if isinstance(settings.sandbox, str)
            else _resolve("sandboxes", settings.sandbox, "run")
        )
        engine = Engine(judge, sandbox, reward, settings.k, settings.end_on_refusal)
        return cls(loaded, engine, settings)

    def find(self, problem_id: str) -> int:
        """The index of the problem with that id; see `find_problem`."""
        return find_problem(self.problems, problem_id)

    def close(self) -> None:
        """Close the sandbox if it was made here."""
        if isinstance(self.settings.sandbox, str):
            self.engine.sandbox.close()


def find_problem(problems: ProblemSet, problem_id: str) -> int:
    """The index of the problem with that id, in any problem set.

    Raises:
        UnknownNameError: there is none.
    """
    # A plain sequence has an `index` too, which looks for equal elements.
    if isinstance(problems, FindsById) and not isinstance(problems, list | tuple):
        return problems.index(problem_id)
    count = len(problems)
    for index in range(count):
        if problems[index].id == problem_id:
            return index
    raise UnknownNameError(f"problem_id: no problem {problem_id!r} among the {count} of this set")


def _misspelt(filters: Collection[str]) -> UsageError | None:
    """The message on an unknown filter that resembles an argument of `gym.make`."""
    for name in set(filters) - set(NAMES):
        known = sorted({*ARGUMENTS, "num_envs"})
        if close := difflib.get_close_matches(name, known, n=1, cutoff=0.7):
            return UnknownNameError(f"no argument {name!r}; did you mean {close[0]!r}?")
    return None


def _resolve(kind: str, name_or_object: Any, method: str) -> Any:
    """The plug-in of that name, or the object itself."""
    if isinstance(name_or_object, str):
        return plugins.make(kind, name_or_object, {})
    if not hasattr(name_or_object, method):
        expected = (
            f"one of the {kind} {', '.join(plugins.names(kind))}, or an object with {method}()"
        )
        raise UsageError(f"got {type(name_or_object).__name__}, expected {expected}")
    return name_or_object
