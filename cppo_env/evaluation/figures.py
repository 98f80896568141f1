"""The figures of one policy on a set of problems, each with its 95 % interval (docs/figures.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cppo_env.estimators import pass_at_k_in_order
from cppo_env.evaluation.summary import (
    budgets,
    mean_by_problem,
    problem_scores,
    solved_by_problem,
    validity,
)
from cppo_env.intervals import RATES, Interval, over_problems
from cppo_env.records import EpisodeRecord
from cppo_env.types import Problem

CONTEST_KEYS = ("contest_id", "cf_contest_id")
"""Metadata that name the contest of a problem, in the layouts that know it."""


def contest_of(problem: Problem) -> str | None:
    """The contest that a problem comes from, if the record tells."""
    known = (problem.metadata.get(key) for key in CONTEST_KEYS)
    contest = next((one for one in known if one), None)
    return None if contest is None else f"{problem.metadata.get('platform') or ''}/{contest}"


def contests_of(problems: Iterable[Problem]) -> dict[str, str]:
    """Id of a problem → its contest, for those whose contest is known."""
    found = ((problem.id, contest_of(problem)) for problem in problems)
    return {problem_id: contest for problem_id, contest in found if contest}


def interval(
    by_problem: Mapping[str, float],
    contests: Mapping[str, str],
    *,
    bounds: tuple[float, float] = (0.0, 1.0),
    seed: int = 0,
) -> Interval:
    """The mean over problems and its interval: over contests where some are known.

    Args:
        by_problem: problem → value.
        contests: problem → contest, for those whose contest is known.
        bounds: the smallest and the largest value that a problem can have.
        seed: decides the resamples.
    """
    clusters = [contests.get(problem, (problem,)) for problem in by_problem]
    known = any(problem in contests for problem in by_problem)
    return over_problems(
        list(by_problem.values()), clusters if known else None, bounds=bounds, seed=seed
    )


def _bounds(values: Iterable[float]) -> tuple[float, float]:
    """0 and 1, or what lies beyond them: nobody else knows the range of a user's reward."""
    seen = [*RATES, *values]
    return min(seen), max(seen)


def figures(
    records: Sequence[EpisodeRecord],
    *,
    k: int,
    attempts: int,
    independent: bool,
    contests: Mapping[str, str],
    seed: int = 0,
) -> dict[str, Any]:
    """pass@k at each budget and the means of an evaluation, with intervals, and by problem.

    Args:
        records: episodes, at least one of which counts.
        k: attempts of one episode.
        attempts: attempts on each problem.
        independent: as in `policy_pass_at_k`.
        contests: problem → contest, for those whose contest is known.
        seed: decides the resamples of the intervals.
    """
    scores = {
        n: problem_scores(records, k, n, independent=independent) for n in budgets(attempts, k)
    }
    means = mean_by_problem(records)
    solved = solved_by_problem(records, k)
    names = "tuple_success", "validity", "reward"
    found: dict[str, Interval | None] = {}
    for i, name in enumerate(names):
        by_problem = {problem: row[i] for problem, row in means.items()}
        bounds = _bounds(by_problem.values())
        found[name] = interval(by_problem, contests, bounds=bounds, seed=seed)
    if validity(records) is None:
        found["validity"] = None
    passed = {
        str(n): interval(by_problem, contests, seed=seed) if by_problem else None
        for n, by_problem in scores.items()
    }
    in_order = {
        str(n): sum(pass_at_k_in_order(table, n) for table in solved.values()) / len(solved)
        for n in budgets(k, k)
    }
    return {
        "pass_at_k": {n: one and one.mean for n, one in passed.items()},
        **({} if independent else {"pass_at_k_in_order": in_order}),
        **{name: one and one.mean for name, one in found.items()},
        "ci95": {
            "pass_at_k": {n: one and [one.low, one.high] for n, one in passed.items()},
            **{name: one and [one.low, one.high] for name, one in found.items()},
        },
        "independent_attempts": independent,
        "n_problems": len(solved),
        "n_contests": len({contests[problem] for problem in solved if problem in contests}),
        "problems": [
            {
                "problem": problem,
                "episodes": len(table),
                "right": int(table.sum()),
                "pass_at_k": {
                    str(n): by_problem[problem]
                    for n, by_problem in scores.items()
                    if problem in by_problem
                },
                **dict(zip(names, means[problem], strict=True)),
            }
            for problem, table in solved.items()
        ],
    }
