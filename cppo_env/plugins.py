"""Name → plug-in, through entry points.

A package adds a plug-in with one line of its `pyproject.toml`:

    [project.entry-points."cppo_env.judges"]
    my-judge = "my_package.judges:MyJudge"
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cppo_env.errors import MissingExtraError, UnknownNameError, UsageError

if TYPE_CHECKING:
    from cppo_env.types import Checker, Problem

EXTRAS = {
    "docker": "docker",
    "torch": "grpo",
    "transformers": "grpo",
    "tokenizers": "grpo",
    "safetensors": "grpo",
    "jinja2": "grpo",
    "matplotlib": "grpo",
    "pydantic": "grpo",
    "pyarrow": "problems",
    "huggingface_hub": "problems",
    "datasketch": "problems",
    "tensorboard": "tracking",
    "wandb": "tracking",
    "openai": "openai",
    "vllm": "vllm",
}
"""Optional package → the extra that installs it."""


@cache
def _group(kind: str) -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=f"cppo_env.{kind}")}


def names(kind: str) -> list[str]:
    """Sorted names of all installed plug-ins of a kind (`problems`, `judges`, `rewards`, …)."""
    return sorted(_group(kind))


def find(kind: str, name: str) -> EntryPoint:
    """The plug-in `name` of a kind, not imported yet.

    Raises:
        UnknownNameError: no installed package has a plug-in of that name; the message suggests the
            nearest one.
    """
    entry = _group(kind).get(name)
    if entry is None:
        raise UnknownNameError(f"no {kind} named {name!r}; {suggest(name, names(kind))}")
    return entry


def load(kind: str, name: str) -> Any:
    """Import the plug-in `name` of a kind.

    Raises:
        UnknownNameError: see `find`.
        MissingExtraError: the plug-in needs a package that is not installed; the message names the
            extra.
    """
    entry = find(kind, name)
    try:
        return entry.load()
    except ModuleNotFoundError as error:
        raise missing_extra(error, f"{kind} {name!r}") from error


def checker_of(problem: Problem) -> Checker:
    """The rule that compares answers for a problem.

    Raises:
        UnknownNameError: no installed package has a checker of that name.
    """
    return problem.checker if callable(problem.checker) else load("checkers", problem.checker)


def construct(plugin: Any, options: Mapping[str, Any], what: str) -> Any:
    """Call a plug-in with options that a user gave.

    Raises:
        UsageError: it has no such option, or lacks one; the message lists what it takes.
    """
    signature = inspect.signature(plugin)
    try:
        signature.bind(**options)
    except TypeError as error:
        taken = ", ".join(str(parameter) for parameter in signature.parameters.values())
        raise UsageError(f"{what}: {error}; its options are: {taken}") from None
    return plugin(**options)


def suggest(name: str, known: list[str]) -> str:
    """A hint for an unknown name: the nearest known one, and the list."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{hint}known: {', '.join(known) or 'none'}"


def missing_extra(error: ModuleNotFoundError, wanted_by: str) -> Exception:
    """The error to raise for `error`: names the extra of a known module, else `error` itself."""
    module = (error.name or "").partition(".")[0]
    extra = EXTRAS.get(module)
    if extra is None:
        return error
    return MissingExtraError(
        f"{wanted_by} needs the package {module!r}, which is not installed; run: "
        f"{how_to_install(extra)}"
    )


def how_to_install(extra: str) -> str:
    """The command that installs an extra, of the package or of the checkout that this is."""
    checkout = Path(__file__).parents[1]
    if (checkout / "pyproject.toml").exists():
        return f"pip install -e '{checkout}[{extra}]'"
    return f"pip install 'cppo-env[{extra}]'"
