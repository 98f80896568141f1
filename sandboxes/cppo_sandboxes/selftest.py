"""A quick version of the test corpora, for the user's machine and any sandbox.

Programs that only read, compute and print come first. Those that load the machine follow one at a
time, and only if the first have passed. A check that fails on a busy machine is tried again before
it counts.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from cppo_env.errors import RoleError, SandboxError
from cppo_env.protocols import Sandbox
from cppo_env.rendering import printable
from cppo_env.roles import run_jobs
from cppo_env.types import Job, Report, Verdict
from cppo_sandboxes.selftest_programs import CHECKS, Check
from cppo_sandboxes.worker.frames import NO_COMPILER

TRIES = 3
"""How often a check may fail while the machine has more work than cores."""


def on_stderr(text: str) -> None:
    """Announce what a check is about to do."""
    print(text, file=sys.stderr, flush=True)


def run_checks(sandbox: Sandbox, say: Callable[[str], None] = on_stderr) -> list[dict[str, Any]]:
    """Run the checks one after another, so each finds what the previous one left.

    A failed vital check that loads nothing ends the run, so results may be fewer than `CHECKS`.
    `say` announces each load before it starts.
    """
    results: list[dict[str, Any]] = []
    for check in CHECKS:
        if check.load:
            if _failed(results):
                break
            say(f"self-test: {check.about}: {check.load} if nothing stops it")
        results += _run(sandbox, [check])
    return results


def require_trust(sandbox: Sandbox, say: Callable[[str], None] = on_stderr) -> None:
    """Run the vital checks: those that load nothing all at once, then the others one by one.

    Raises:
        SandboxError: one of them failed; later ones have not run.
    """
    vital = [check for check in CHECKS if check.vital]
    loads = [check for check in vital if check.load]
    stages = [[check for check in vital if not check.load], *([check] for check in loads)]
    for number, stage in enumerate([*stages, [CHECKS[0]]]):
        if number == 1:
            say(
                "checking that the sandbox keeps its limits; a program at a time tries what would, "
                f"if nothing stopped it: {'; '.join(check.load for check in loads)}"
            )
        if failed := _failed(_run(sandbox, stage)):
            raise SandboxError(
                f"{type(sandbox).__name__} cannot be trusted here, it failed: {', '.join(failed)}; "
                "see `cppo sandbox selftest`, or train on it all the same with "
                "--allow_untrusted_sandbox true"
            )


def _run(sandbox: Sandbox, checks: Sequence[Check]) -> list[dict[str, Any]]:
    """The results; checks that fail are tried again, one by one, if the machine is busy."""
    reports = _reports(sandbox, checks)
    results = [result_of(check, report) for check, report in zip(checks, reports, strict=True)]
    for number, check in enumerate(checks):
        tries = 1
        while _is_load(check, results[number]) and tries < TRIES and _busy():
            tries += 1
            results[number] = result_of(check, _reports(sandbox, [check])[0])
    return results


def _reports(sandbox: Sandbox, checks: Sequence[Check]) -> list[Report]:
    """What the sandbox says; where it raises or answers nonsense, IE and the reason."""
    try:
        return run_jobs(sandbox, [_job(check) for check in checks])
    except RoleError as error:
        return [Report(Verdict.IE, message=str(error))] * len(checks)


def _is_load(check: Check, result: dict[str, Any]) -> bool:
    """Whether a check failed in a way that a busy machine can cause; a failed assertion is none."""
    if result["ok"] or result["absent"]:
        return False
    return not (check.expected == ("AC",) and result["verdict"] == Verdict.RE)


def _busy() -> bool:
    return os.getloadavg()[0] > len(os.sched_getaffinity(0))


def _failed(results: Sequence[dict[str, Any]]) -> list[str]:
    return [
        f"{result['check']} ({result['verdict']})"
        for result in results
        if result["vital"] and not result["ok"]
    ]


def _job(check: Check) -> Job:
    return Job(check.problem, check.program, check.language)


def result_of(check: Check, report: Report) -> dict[str, Any]:
    """What a check has shown, as a row of the result file."""
    # Control characters would reach the terminal of whoever reads the message.
    is_safe = report.message == printable(report.message)
    ok = report.verdict in check.expected and is_safe
    absent = bool(check.needs) and report.message == NO_COMPILER % check.needs
    return {
        "check": check.about,
        "vital": check.vital,
        "expected": " or ".join(check.expected),
        "ok": ok,
        "absent": absent,
        "verdict": str(report.verdict),
        "message": report.message,
    }
