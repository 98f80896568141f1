"""Problem sets: published layouts read from files, bundled problems, and the known-optimum family.

`load_problems` is the door. Behind it: `files` finds files and reads records, `layouts` turns a
record into a problem, `store` keeps a whole set in one indexed file, `selection` filters, `views`
orders, and `validation` finds out which problems are fit for use.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from cppo_env import plugins
from cppo_env.errors import ProblemDataError, UnknownNameError, UsageError
from cppo_env.problems.checked import with_checkers
from cppo_env.problems.files import sources
from cppo_env.problems.layouts.cues import INTERACTIVE
from cppo_env.problems.records import ProblemDataWarning, Refusal
from cppo_env.problems.selection import NAMES, Filters, not_in, select, warn_of_unknown
from cppo_env.problems.store import reader
from cppo_env.problems.validation import keep_list
from cppo_env.problems.views import Problems, Summary, summarise
from cppo_env.protocols import ProblemSet
from cppo_env.types import Checker

__all__ = [
    "Filters",
    "ProblemDataWarning",
    "Problems",
    "Refusal",
    "Summary",
    "load_problems",
    "select",
    "summarise",
]


def load_problems(
    source: str | Path | ProblemSet,
    /,
    *,
    checkers: Mapping[str, str | Checker] | Path | str | None = None,
    **filters: Any,
) -> Problems:
    """Open a problem set.

    Args:
        source: a path (its layout is detected), the name of a problem set, or a `ProblemSet`.
        checkers: problem id → checker or its name (`cppo_env.checkers`), or a JSON file of such
            names; for problems with several right answers.
        **filters: fields of `cppo_env.problems.selection.Filters`, and options of the set's own
            loader, such as `version` of LiveCodeBench. The loader gets the filters it accepts; the
            others are applied to its result.

    Returns:
        The set. `index(problem_id)` finds a problem; `take`, `skip`, `shuffle` and `pick` are
        views. `refused` lists the records that could not be read, and `unread` counts the fields
        that others were loaded without; one `ProblemDataWarning` for each says so.

    Raises:
        ProblemDataError: the path does not exist, holds no usable problem, or no problem passes the
            filters.
        UnknownNameError: the name is neither a path nor a problem set.
        UsageError: unknown filter.
    """
    problems = _open(source, {name: value for name, value in filters.items() if value is not None})
    return problems if checkers is None else with_checkers(problems, checkers)


def _open(source: str | Path | ProblemSet, filters: dict[str, Any]) -> Problems:
    if not isinstance(source, str | Path):
        if not isinstance(source, ProblemSet):  # pyright: ignore[reportUnnecessaryIsInstance] - callers may not type-check
            raise UsageError(
                f"problems: got {type(source).__name__}, expected a path, a name or a ProblemSet"
            )
        return select(source, **filters)
    name, loader, path = _resolve(source, filters)
    problems = _call(loader, name, path, filters)
    if refused := problems.refused:
        interactive = sum(one.reason.startswith(INTERACTIVE) for one in refused)
        which = f" ({interactive} interactive)" if interactive else ""
        warnings.warn(
            f"{source}: {len(problems)} problems loaded, {len(refused)} records refused{which}; "
            f"the first: {refused[0]}",
            ProblemDataWarning,
            stacklevel=3,
        )
    if unread := problems.unread:
        counts = ", ".join(f"{field} ({count})" for field, count in sorted(unread.items()))
        warnings.warn(
            f"{source}: some problems were loaded without a field that cannot be read: {counts}; "
            'their metadata["unread"] say why',
            ProblemDataWarning,
            stacklevel=3,
        )
    if len(problems) == 0:
        raise ProblemDataError(f"{source}: holds no usable problem")
    return problems


def _resolve(
    source: str | Path, filters: Collection[str]
) -> tuple[str, Callable[..., ProblemSet], Path | None]:
    """The loader for `source`, its name for messages, and the path to give it."""
    known = plugins.names("problems")
    if isinstance(source, str):
        if source in known:
            imported = sources.imported(source)
            # What only the set's own loader knows, such as a version, is not in a store.
            if reader.is_store(imported) and set(filters) <= set(NAMES):
                return source, reader.load, imported
            return source, plugins.load("problems", source), None
        path = Path(source).expanduser()
        if not path.exists() and reader.is_store(imported := sources.imported(source)):
            return source, reader.load, imported
        if not path.exists() and path.name == source and not path.suffix:
            raise UnknownNameError(
                f"no path and no problems named {source!r}; {plugins.suggest(source, known)}"
            )
    path = Path(source).expanduser()
    if reader.is_store(path):
        return "store", reader.load, path
    if keep_list.is_keep_list(path):
        return "keep-list", _load_kept, path
    layout = sources.detect(path)
    return layout, plugins.load("problems", layout), path


def _load_kept(path: Path, /, **filters: Any) -> ProblemSet:
    """The kept problems of a keep-list; the filters go to the set it was made for."""
    source, keep, checkers = keep_list.load(path)
    problems = load_problems(source, checkers=checkers, **filters)
    # Ids of another part than the one asked for are no mistake.
    whole = load_problems(source) if filters and not_in(problems, keep) else problems
    warn_of_unknown(str(path), whole, keep)
    return problems.pick([i for i in range(len(problems)) if problems.summary(i).id in {*keep}])


def _call(
    loader: Callable[..., ProblemSet], name: str, path: Path | None, filters: dict[str, Any]
) -> Problems:
    """Give a loader the filters it accepts, and apply the others to its result."""
    parameters = inspect.signature(loader).parameters.values()
    accepts_all = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
    accepted = {
        parameter.name
        for parameter in parameters
        if parameter.kind is not parameter.POSITIONAL_ONLY
    }
    given = {key: value for key, value in filters.items() if accepts_all or key in accepted}
    rest = {key: value for key, value in filters.items() if key not in given}
    for key in rest:
        if key not in NAMES:
            options = sorted({*NAMES, *accepted})
            raise UsageError(
                f"{name} has no filter or option {key!r}; {plugins.suggest(key, options)}"
            )
    problems = loader(path, **given)
    return select(problems, **rest)
