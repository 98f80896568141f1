"""Provenance of results: what is needed, beside the settings, to reproduce them."""

from __future__ import annotations

import hashlib
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from cppo_env.errors import UsageError
from cppo_env.machine import cores
from cppo_env.problems.views import indexed
from cppo_env.protocols import Describes, ProblemSet, Sandbox
from cppo_env.roles import answers_of
from cppo_env.types import Job, Problem, TestCase

PACKAGES = ("cppo-env", "gymnasium", "numpy", "torch", "transformers", "vllm")
"""Packages whose installed versions are recorded."""

RECORDED = "recorded"
"""Key in `config.json` of a run: the `provenance` of each call that changed it."""

PROBLEMS, HELD_OUT = "problems", "held_out"
"""Keys of a record: the `contents` of what is played, and of what training is evaluated on."""

CONTENTS = "sha256:"
"""Prefix of a fingerprint of contents; older runs recorded one of the summaries only."""

SAY_VERSION = """\
import platform
print(platform.python_implementation(), platform.python_version())
"""


def sha256_of(file: Path) -> str:
    """SHA-256 of a file, which may be larger than memory."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def digests_of(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """SHA-256 of these files of a folder, by name."""
    return {name: sha256_of(folder / name) for name in names}


def change_of(folder: Path, digests: Mapping[str, str]) -> str | None:
    """The first file that is not what it was when these digests were taken, if any."""
    for name, digest in digests.items():
        if not (folder / name).is_file():
            return f"{name} is missing"
        if (found := sha256_of(folder / name)) != digest:
            return f"{name} has changed: its SHA-256 is {found[:12]}…, not {digest[:12]}…"
    return None


def provenance(problems: ProblemSet, sandbox: Sandbox) -> dict[str, Any]:
    """Versions, commit, machine, sandbox, judged language, and problems."""
    return {
        **surroundings(),
        "sandbox": described(sandbox),
        PROBLEMS: contents(problems),
    }


def contents(problems: ProblemSet) -> dict[str, Any]:
    """How many problems there are, and their fingerprint."""
    return {"count": len(problems), "fingerprint": fingerprint(problems)}


def surroundings() -> dict[str, Any]:
    """Versions, commit and machine."""
    return {"versions": versions(), "commit": commit(), "machine": machine()}


def described(sandbox: Sandbox) -> dict[str, Any]:
    """What the sandbox tells of itself, and the language that it judges in."""
    facts = sandbox_facts(sandbox)
    return {**facts, "language": facts.get("language") or judged_language(sandbox)}


def versions() -> dict[str, str]:
    """Versions of Python and of the installed `PACKAGES`."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


@cache
def commit() -> str | None:
    """The commit of the source tree, if it is a checkout."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout.strip()


def machine() -> dict[str, Any]:
    """Operating system, processor and its cores as far as this process may use them."""
    return {"system": platform.platform(), "processor": platform.machine(), "cores": cores()}


def sandbox_facts(sandbox: Sandbox) -> dict[str, str]:
    """The sandbox's name, and what else it tells of itself."""
    if isinstance(sandbox, Describes):
        return dict(sandbox.facts)
    return {"name": type(sandbox).__name__}


def judged_language(sandbox: Sandbox) -> str | None:
    """The Python version that judged programs run in, as a program reports it; None if unknown."""
    problem = Problem("version", "Print it.", (TestCase("", ""),))
    [answer] = answers_of(sandbox, [Job(problem, SAY_VERSION)])
    return answer.strip() if answer else None


def fingerprint(problems: ProblemSet) -> str:
    """SHA-256 of the problems in their order: ids, statements, tests, checkers, limits."""
    base, digest = indexed(problems), hashlib.sha256()
    for index in range(len(base)):
        digest.update(f"{base.summary(index).id!r} {base.digest(index)}\n".encode())
    return CONTENTS + digest.hexdigest()


def require_same_problems(
    recorded: Sequence[Mapping[str, Any]], now: Mapping[str, Any], where: Path
) -> None:
    """Refuse to go on with other problems than those that were recorded last.

    Raises:
        UsageError: their number or their contents differ.
    """
    for name in (PROBLEMS, HELD_OUT) if recorded else ():
        before, after = recorded[-1].get(name), now.get(name)
        if not before or not after:
            continue
        comparable = str(before.get("fingerprint")).startswith(CONTENTS)
        if before["count"] != after["count"] or (comparable and before != after):
            own, held_out = "the problems have changed", "the held-out problems have changed"
            raise UsageError(
                f"run: {own if name == PROBLEMS else held_out} since {where} was played "
                f"({before['count']} then, {after['count']} now; their ids or contents differ); "
                "bring back those problems, or give another folder"
            )
