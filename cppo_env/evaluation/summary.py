"""What many episodes add up to: pass@k, verdicts, and the difference between two agents."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppo_env.errors import UsageError
from cppo_env.estimators import pass_at_k
from cppo_env.plugins import missing_extra
from cppo_env.records import EpisodeRecord

Floats = NDArray[np.float64]


def latest(records: Iterable[EpisodeRecord]) -> list[EpisodeRecord]:
    """One record for each episode: the last one, since a void episode is played again."""
    return list({record.key: record for record in records}.values())


def budgets(attempts: int, k: int) -> list[int]:
    """The numbers of attempts to report pass@k for: 1, 2, 4, 8, … up to all, and K itself."""
    powers = [2**power for power in range(attempts.bit_length()) if 2**power <= attempts]
    return sorted({*powers, min(k, attempts), attempts})


def problem_scores(records: Iterable[EpisodeRecord], k: int, attempts: int) -> dict[str, float]:
    """Problem → unbiased estimate of pass@`attempts`, from the attempts of all its episodes that count.

    The attempts of several tuples are pooled (docs/method.md, section 4): at a budget of exactly K and with
    several episodes a problem, that mixes tuples; `tuple_success` does not.

    Args:
        records: episodes of any problems.
        k: attempts of one episode; an episode without programs has spent them.
        attempts: the budget. Problems with fewer attempts that count are left out.
    """
    right: defaultdict[str, list[int]] = defaultdict(list)
    for record in latest(records):
        if not record.void:
            right[record.problem_id].append(record.correct)
    enough = {
        problem_id: counts for problem_id, counts in right.items() if len(counts) * k >= attempts
    }
    return {
        problem_id: pass_at_k(len(counts) * k, sum(counts), attempts)
        for problem_id, counts in enough.items()
    }


def mean_by_problem(records: Iterable[EpisodeRecord]) -> dict[str, tuple[float, float, float]]:
    """Problem → means over its episodes of: any program right (R_out), J, the planner's reward."""
    rows: defaultdict[str, list[tuple[bool, bool, float]]] = defaultdict(list)
    for record in latest(records):
        if not record.void:
            rows[record.problem_id].append((record.correct > 0, record.accepted, record.reward))
    return {
        problem_id: tuple(np.mean(values, axis=0).tolist()) for problem_id, values in rows.items()
    }


def verdict_counts(records: Iterable[EpisodeRecord]) -> dict[str, int]:
    """Verdict → number of programs, of the episodes that count; commonest first."""
    counts = Counter(
        verdict for record in latest(records) if not record.void for verdict in record.verdicts
    )
    return dict(counts.most_common())


def tests_per_s(records: Iterable[EpisodeRecord]) -> float:
    """Tests that ran for each second in which gate and sandbox were at work; 0.0 when none ran."""
    episodes = latest(records)
    seconds = sum(record.judging_s for record in episodes)
    return sum(record.tests for record in episodes) / seconds if seconds else 0.0


def mean(values: Iterable[float]) -> float | None:
    """The mean, or None of nothing."""
    array = np.fromiter(values, dtype=np.float64)
    return float(array.mean()) if array.size else None


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over problems with its 95 % interval."""

    mean: float
    low: float
    high: float


def bootstrap(values: Sequence[float], *, resamples: int = 2000, seed: int = 0) -> Interval:
    """The mean over problems and its 95 % percentile interval under resampling of problems.

    Paired differences are given as one value for each problem, which is what makes the interval a
    paired one.

    Raises:
        MissingExtraError: scipy is not installed.
        UsageError: there are no values.
    """
    if not values:
        raise UsageError(
            "bootstrap: got no problems, expected at least one that all agents finished"
        )
    array = np.asarray(values, dtype=np.float64)
    centre = float(array.mean())
    if np.ptp(array) == 0.0:
        return Interval(centre, centre, centre)
    try:
        from scipy import stats  # pyright: ignore[reportMissingTypeStubs]
    except ModuleNotFoundError as error:
        raise missing_extra(error, "the bootstrap interval") from error
    result: Any = stats.bootstrap(
        (array,), np.mean, n_resamples=resamples, method="percentile", rng=seed
    )  # pyright: ignore[reportUnknownMemberType]
    return Interval(
        centre, float(result.confidence_interval.low), float(result.confidence_interval.high)
    )
