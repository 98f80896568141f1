"""The calls of the roles that third parties play, and the one rule for a role that fails.

An infrastructure failure is data: a judge returns `Ruling(void=True)`, a sandbox verdict `IE`, an
agent raises `AgentError` with the answers that it has. The episode is then void. Whatever else a
role raises or returns is a bug: it never scores 0, and ends the call as a `RoleError` in one line.
Errors of this project (`CppoError`) pass as they are.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar, cast

from cppo_env.errors import CppoError, RoleError
from cppo_env.protocols import Judge, ProblemSet, Reward, Sandbox
from cppo_env.types import Checker, Episode, Job, Problem, Report, Ruling, TestCase

T = TypeVar("T")


@contextmanager
def blamed(role: str, thing: object, method: str = "") -> Generator[None]:
    """Turn whatever a role raises in this block into a `RoleError` that names it."""
    try:
        yield
    except CppoError:
        raise
    except (Exception, SystemExit) as error:  # raised again, with the role's name
        said = " ".join(f"{type(error).__name__}: {error}".split())[:500]
        raise RoleError(f"{_called(role, thing, method)} raised {said}") from error


def one_for_each(
    role: str, thing: object, method: str, answers: object, count: int, kind: type[T], what: str
) -> list[T]:
    """The answers of a role as a list.

    Args:
        role: the role, such as "judge".
        thing: who plays it.
        method: the method that was called.
        answers: what it returned.
        count: how many answers were asked for.
        kind: the type of an answer.
        what: the things that it was given, such as "cases".

    Raises:
        RoleError: the answers are not a sequence of `count` of that type.
    """
    expected = f"expected a list of {count}, one {kind.__name__} for each of the {what}"
    if isinstance(answers, str) or not isinstance(answers, Sequence):
        raise RoleError(
            f"{_called(role, thing, method)} returned {type(answers).__name__}, {expected}"
        )
    found = cast(Sequence[Any], answers)
    if len(found) != count:
        raise RoleError(f"{_called(role, thing, method)} returned {len(found)}, {expected}")
    for number, one in enumerate(found):
        if not isinstance(one, kind):
            raise RoleError(
                f"{_called(role, thing, method)} returned {type(one).__name__} at position "
                f"{number}, {expected}"
            )
    return list(found)


def rule(judge: Judge, cases: Sequence[tuple[Problem, tuple[str, ...]]]) -> list[Ruling]:
    """One ruling for each case; the judge is not called without cases."""
    if not cases:
        return []
    with blamed("judge", judge, "rule"):
        rulings = judge.rule(cases)
    return one_for_each("judge", judge, "rule", rulings, len(cases), Ruling, "cases")


def run_jobs(sandbox: Sandbox, jobs: Sequence[Job]) -> list[Report]:
    """One report for each job; the sandbox is not called without jobs."""
    if not jobs:
        return []
    with blamed("sandbox", sandbox, "run"):
        reports = sandbox.run(jobs)
    return one_for_each("sandbox", sandbox, "run", reports, len(jobs), Report, "jobs")


def answers_of(sandbox: Sandbox, jobs: Sequence[Job]) -> list[str | None]:
    """Each program's answer to the last test of its job; None if there is none to compare."""
    answers: list[str | None] = [None] * len(jobs)

    def listener(place: int) -> Checker:
        def listen(problem: Problem, test: TestCase, got: str) -> bool:
            answers[place] = got
            return True

        return listen

    heard = [replace(job.problem, checker=listener(place)) for place, job in enumerate(jobs)]
    run_jobs(sandbox, [replace(job, problem=one) for job, one in zip(jobs, heard, strict=True)])
    return answers


def pay(reward: Reward, episode: Episode) -> float:
    """The planner's reward of a finished episode; a finite number."""
    with blamed("reward", reward):
        paid = reward(episode)
    try:
        number = float(paid)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise RoleError(
            f"{_called('reward', reward, '')} returned {paid!r} for problem "
            f"{episode.problem.id!r}, expected a finite number"
        )
    return number


def problem_at(problems: ProblemSet, index: int) -> Problem:
    """The problem at an index. Raises IndexError beyond the end."""
    if index >= len(problems):
        raise IndexError(f"index {index} of {len(problems)} problems")
    with blamed("problem set", problems, "__getitem__"):
        problem: Any = problems[index]
    if not isinstance(problem, Problem):
        raise RoleError(
            f"{_called('problem set', problems, '__getitem__')} returned "
            f"{type(problem).__name__} at index {index}, expected a Problem"
        )
    return problem


def _called(role: str, thing: object, method: str) -> str:
    name = getattr(thing, "__name__", type(thing).__name__)
    return f"{role} {name}.{method}()" if method else f"{role} {name}()"
