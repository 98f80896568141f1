"""Name → plug-in, through entry points.

A package adds a plug-in with one line of its `pyproject.toml`:

    [project.entry-points."cppo_env.judges"]
    my-judge = "my_package.judges:MyJudge"

Without an entry point, `my_package.judges:MyJudge` and `./judges.py:MyJudge` are names too, for the
kinds in `BY_PLACE`. An address, `SCHEME://…`, is the plug-in SCHEME, called with the address.
"""

from __future__ import annotations

import difflib
import hashlib
import importlib
import importlib.util
import inspect
import operator
import sys
from collections.abc import Mapping
from functools import cache, partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from cppo_env.errors import CppoError, MissingExtraError, UnknownNameError, UsageError

if TYPE_CHECKING:
    from cppo_env.types import Checker, Problem

EXTRAS = {
    "docker": "docker",
    "torch": "grpo",
    "transformers": "grpo",
    "tokenizers": "grpo",
    "peft": "grpo",
    "bitsandbytes": "adamw8bit",
    "safetensors": "grpo",
    "jinja2": "grpo",
    "matplotlib": "stats",
    "scipy": "stats",
    "sklearn": "grpo",
    "pydantic": "grpo",
    "pyarrow": "problems",
    "huggingface_hub": "problems",
    "datasketch": "problems",
    "tensorboard": "tracking",
    "wandb": "tracking",
    "trackio": "trackio",
    "mlflow": "mlflow",
    "shtab": "completion",
    "pandas": "analysis",
    "starlette": "view",
    "uvicorn": "view",
    "plotly": "view",
    "latex2mathml": "view",
    "openai": "openai",
    "ray": "ray",
    "vllm": "vllm",
}
"""Optional package → the extra that installs it."""

BY_PLACE = frozenset({"agents", "algorithms", "judges", "rewards", "sandboxes"})
"""Kinds whose names users write. Data name checkers and problem sets, so these are never code."""


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


def check(kind: str, name: str, options: Mapping[str, Any] | None = None) -> None:
    """Refuse a name that `load` cannot know, and options that the plug-in does not take.

    Imports a plug-in only if its name says where it is, or if it has options.

    Raises:
        UnknownNameError: see `load`.
        UsageError: see `check_options`.
    """
    if not options and not is_place(kind, name):
        find(kind, _scheme(name) or name)
        return
    plugin, what = load(kind, name), _called(kind, name)
    if isinstance(plugin, type | partial):
        check_options(cast(Any, plugin), options or {}, what)
    elif options:
        raise UsageError(f"{what}: got {_shown(options)}, but it takes no options")


def is_place(kind: str, name: str) -> bool:
    """Whether a name says where the plug-in is: `module:attribute` or `./file.py:attribute`."""
    return kind in BY_PLACE and ":" in name and not _scheme(name)


def _scheme(name: str) -> str:
    """The plug-in that a name in the form of an address stands for; empty for other names."""
    scheme, separator, _ = name.partition("://")
    return scheme if separator else ""


def load(kind: str, name: str) -> Any:
    """Import the plug-in `name` of a kind, or what a name like `./file.py:attribute` points to.

    Raises:
        UnknownNameError: see `find`; or there is no such file, module or attribute.
        MissingExtraError: the plug-in needs a package that is not installed; the message names the
            extra.
        UsageError: what a name points to imports some other module that is not installed.
    """
    try:
        if scheme := _scheme(name):
            return partial(find(kind, scheme).load(), name)
        return _at(kind, name) if is_place(kind, name) else find(kind, name).load()
    except ModuleNotFoundError as error:
        missing = missing_extra(error, f"{kind} {name!r}")
        if missing is error and is_place(kind, name):
            raise UsageError(
                f"{kind} {name!r}: it imports {error.name!r}, which is not installed"
            ) from error
        raise missing from error


def _at(kind: str, name: str) -> Any:
    """The object at `module:attribute` or `./file.py:attribute`."""
    place, _, attribute = name.rpartition(":")
    module = _of_file(kind, Path(place)) if place.endswith(".py") else _named(kind, place)
    try:
        return operator.attrgetter(attribute)(module)
    except AttributeError:
        known = [one for one in vars(module) if not one.startswith("_")]
        raise UnknownNameError(
            f"{kind} {name!r}: {place} has no {attribute!r}; {suggest(attribute, known)}"
        ) from None


def _named(kind: str, module: str) -> ModuleType:
    _look_in(Path.cwd())
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise  # one that the module itself wants
        raise UnknownNameError(
            f"no {kind} in {module!r}: there is no module {error.name!r}; give one that Python can "
            f"import from here, or a file such as ./{error.name}.py:NAME"
        ) from None
    except ValueError:
        raise UnknownNameError(
            f"{kind}: got the module {module!r}, expected MODULE:NAME or ./FILE.py:NAME"
        ) from None


def _of_file(kind: str, file: Path) -> ModuleType:
    path = file.expanduser().resolve()
    if not path.is_file():
        raise UnknownNameError(f"{kind}: there is no file {path}")
    return _run(path)


@cache
def _run(path: Path) -> ModuleType:
    """The module of a Python file, run once, whatever it is asked for."""
    _look_in(path.parent)
    name = f"cppo_file_{path.stem}_{hashlib.sha256(bytes(path)).hexdigest()[:8]}"
    spec: Any = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickle look there
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _look_in(folder: Path) -> None:
    """Let a plug-in import its neighbours; what is installed comes first."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))


def checker_of(problem: Problem) -> Checker:
    """The rule that compares answers for a problem.

    Raises:
        UnknownNameError: no installed package has a checker of that name.
        UsageError: the checker is a program, which only a sandbox can run.
    """
    checker = problem.checker
    if isinstance(checker, str):
        return load("checkers", checker)
    if callable(checker):
        return checker
    raise UsageError(
        f"problem {problem.id!r}: its checker is a {checker.name}, which this sandbox does not "
        "run; use docker or local"
    )


def make(kind: str, name: str, options: Mapping[str, Any]) -> Any:
    """The plug-in `name` of a kind: a class is called with the options, an object is itself.

    Raises:
        UsageError: it does not take the options; see `construct`.
    """
    plugin, what = load(kind, name), _called(kind, name)
    if isinstance(plugin, type | partial):
        return construct(cast(Any, plugin), options, what)
    if options:
        raise UsageError(f"{what}: got {_shown(options)}, but it takes no options")
    return plugin


def construct(plugin: Any, options: Mapping[str, Any], what: str) -> Any:
    """Call a plug-in with options that a user gave.

    Raises:
        UsageError: it has no such option, lacks one, or refuses a value; the message lists what it
            takes.
    """
    check_options(plugin, options, what)
    try:
        return plugin(**options)
    except (TypeError, ValueError) as error:
        if isinstance(error, CppoError) or not options:
            raise
        raise UsageError(f"{what}: {error}; got {_shown(options)}") from error


def check_options(plugin: Any, options: Mapping[str, Any], what: str) -> None:
    """Check that a plug-in has options of these names, without calling it.

    Raises:
        UsageError: it has no such option, or lacks one; the message lists what it takes.
    """
    signature = inspect.signature(plugin)
    try:
        signature.bind(**options)
    except TypeError as error:
        taken = ", ".join(str(parameter) for parameter in signature.parameters.values())
        raise UsageError(f"{what}: {error}; its options are: {taken or 'none'}") from None


def _called(kind: str, name: str) -> str:
    return f"{'sandbox' if kind == 'sandboxes' else kind.removesuffix('s')} {name!r}"


def _shown(options: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}"[:80] for name, value in options.items())


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
