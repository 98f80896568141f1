"""Make a sandbox by name, and grade programs with it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from typing import Any

from cppo_env import plugins
from cppo_env.errors import MissingExtraError, SandboxError, UsageError
from cppo_env.protocols import OffersCache, Sandbox
from cppo_env.roles import run_jobs
from cppo_env.types import Job, Problem, Report


class IsolationWarning(UserWarning):
    """The sandbox in use isolates programs less than Docker."""


def make_sandbox(name: str = "auto", **options: Any) -> Any:
    """Make the sandbox `name`; it is a context manager that closes itself.

    Args:
        name: "auto" (Docker where an engine answers, else local with one visible warning),
            "docker", "local", or the name of any plug-in of the group `cppo_env.sandboxes`.
        **options: passed to the sandbox's constructor.

    Raises:
        UnknownNameError: there is no sandbox of that name.
        UsageError: the sandbox has no such option.
        MissingExtraError: the sandbox needs a package that is not installed.
        SandboxError: the sandbox cannot be started (no engine, no image); the message says what to
            do.
    """
    return open_sandbox(name, options, cache=False)


def open_sandbox(
    name: str = "auto", options: Mapping[str, Any] | None = None, *, cache: bool = True
) -> Any:
    """Make the sandbox `name`, wrapped in its cache if it offers one: equal programs run once.

    Args:
        name: see `make_sandbox`, also for the errors.
        options: keyword arguments of the sandbox's constructor.
        cache: False returns the bare sandbox, which runs every program.
    """
    sandbox = _make(name, options or {})
    return sandbox.cached() if cache and isinstance(sandbox, OffersCache) else sandbox


def _make(name: str, options: Mapping[str, Any]) -> Any:
    if name != "auto":
        return _construct(name, options)
    try:
        return _construct("docker", options)
    except (SandboxError, MissingExtraError) as error:
        sandbox = _construct("local", options)
        warnings.warn(
            f"programs run in the local sandbox, without Docker's isolation ({error}): "
            f"{sandbox.caveat}",
            IsolationWarning,
            stacklevel=4,
        )
        return sandbox


def _construct(name: str, options: Mapping[str, Any]) -> Any:
    plugin = plugins.load("sandboxes", name)
    if not isinstance(plugin, Sandbox) or isinstance(plugin, type):
        return plugins.construct(plugin, options, f"sandbox {name!r}")
    if options:
        raise UsageError(
            f"sandbox {name!r}: it is made already, so it takes no options; got {[*options]}"
        )
    return plugin


def grade(
    problem: Problem, program: str, *, sandbox: str | Sandbox = "auto", stop_early: bool = True
) -> Report:
    """Judge one program on all tests of one problem. See `grade_batch`."""
    return grade_batch([(problem, program)], sandbox=sandbox, stop_early=stop_early)[0]


def grade_batch(
    pairs: Sequence[tuple[Problem, str]],
    *,
    sandbox: str | Sandbox = "auto",
    stop_early: bool = True,
    cache: bool = True,
) -> list[Report]:
    """Judge (problem, program) pairs, all of them in one sandbox call.

    Args:
        pairs: problems and Python programs (source text, no code fence).
        sandbox: a name for `make_sandbox` (closed afterwards) or an open sandbox (left open).
        stop_early: stop each program at its first failing test.
        cache: of a sandbox made by name: run equal deterministic programs on equal tests once.

    Returns:
        One report for each pair, in order.
    """
    with borrow_sandbox(sandbox, cache=cache) as box:
        return run_jobs(
            box, [Job(problem, program, stop_early=stop_early) for problem, program in pairs]
        )


def borrow_sandbox(
    sandbox: str | Sandbox, options: Mapping[str, Any] | None = None, *, cache: bool = True
) -> AbstractContextManager[Sandbox]:
    """A context that makes and closes a named sandbox, or lends an open one and leaves it open."""
    if isinstance(sandbox, str):
        return closing(open_sandbox(sandbox, options, cache=cache))
    if not isinstance(sandbox, Sandbox):  # pyright: ignore[reportUnnecessaryIsInstance] - the caller may not type-check
        raise UsageError(
            f"sandbox: got {type(sandbox).__name__}, expected a name or an object with run() and "
            "close()"
        )
    return nullcontext(sandbox)
