"""Common base of both environments: problem set, engine and sandbox."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from cppo_env import plugins
from cppo_env.engine import Engine, check_k
from cppo_env.errors import ProblemDataError, UnknownNameError, UsageError
from cppo_env.problems import load_problems
from cppo_env.problems.selection import NAMES
from cppo_env.protocols import FindsById, Judge, ProblemSet, Reward, Sandbox
from cppo_env.sandboxing import open_sandbox

ARGUMENTS = (
    *("problems", "split", "k", "sandbox", "judge", "reward", "end_on_refusal", "render_mode"),
    *("num_envs", "cache"),
)
"""Arguments of `gym.make` and `gym.make_vec`; all others are filters."""


@dataclass(frozen=True, slots=True)
class Assembly:
    """Problems, engine, and whether to close the sandbox; pickled as its arguments."""

    problems: ProblemSet
    engine: Engine
    owns_sandbox: bool
    arguments: tuple[Any, ...]
    """Those of `build`."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Built anew: what was given by name is made again, an object is pickled itself."""
        return Assembly.build, self.arguments

    @classmethod
    def build(
        cls,
        dataset: str,
        problems: Any,
        split: str | None,
        k: int,
        sandbox: str | Sandbox,
        judge: str | Judge,
        reward: str | Reward,
        end_on_refusal: bool,
        filters: Mapping[str, Any],
        cache: bool = True,
    ) -> Assembly:
        """Turn the arguments of `gym.make`, names or objects, into objects."""
        check_k(k)
        chosen = {"split": split, **filters} if split is not None else filters
        try:
            loaded = load_problems(dataset if problems is None else problems, **chosen)
        except UsageError as error:
            raise _misspelt(filters) or error from None
        if len(loaded) == 0:
            raise ProblemDataError(
                f"problems: {problems or dataset!r} holds none with the filters {dict(chosen)}"
            )
        judge_object: Judge = _resolve("judges", judge, "rule")
        reward_object: Reward = _resolve("rewards", reward, "__call__")
        owns_sandbox = isinstance(sandbox, str)
        sandbox_object: Sandbox = (
            open_sandbox(str(sandbox), cache=cache)
            if owns_sandbox
            else _resolve("sandboxes", sandbox, "run")
        )
        engine = Engine(judge_object, sandbox_object, reward_object, k, end_on_refusal)
        arguments = (
            *(dataset, problems, split, k, sandbox, judge, reward, end_on_refusal),
            *(dict(filters), cache),
        )
        return cls(loaded, engine, owns_sandbox, arguments)

    def find(self, problem_id: str) -> int:
        """The index of the problem with that id; see `find_problem`."""
        return find_problem(self.problems, problem_id)

    def close(self) -> None:
        """Close the sandbox if it was made here."""
        if self.owns_sandbox:
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
        if close := difflib.get_close_matches(name, ARGUMENTS, n=1, cutoff=0.7):
            return UnknownNameError(f"no argument {name!r}; did you mean {close[0]!r}?")
    return None


def _resolve(kind: str, name_or_object: Any, method: str) -> Any:
    """The plug-in of that name (a class is called without arguments), or the object itself."""
    if isinstance(name_or_object, str):
        plugin = plugins.load(kind, name_or_object)
        return plugin() if isinstance(plugin, type) else plugin
    if not hasattr(name_or_object, method):
        expected = (
            f"one of the {kind} {', '.join(plugins.names(kind))}, or an object with {method}()"
        )
        raise UsageError(f"got {type(name_or_object).__name__}, expected {expected}")
    return name_or_object
