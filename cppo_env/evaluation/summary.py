"""Summary figures of many episodes: pass@k of each problem, means and verdicts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from cppo_env.estimators import policy_pass_at_k
from cppo_env.records import EpisodeRecord
from cppo_env.types import Verdict


def latest(records: Iterable[EpisodeRecord]) -> list[EpisodeRecord]:
    """The latest record of each episode, since void episodes are replayed."""
    return list({record.key: record for record in records}.values())


def budgets(attempts: int, k: int) -> list[int]:
    """The numbers of attempts to report pass@k for: 1, 2, 4, … below K, then K, 2K, 4K, … and all.

    Above K they are whole tuples, so that all policies have a figure (docs/figures.md).
    """
    below = {2**power for power in range(k.bit_length()) if 2**power < k}
    whole = {k * 2**power for power in range(attempts.bit_length()) if k * 2**power <= attempts}
    return sorted(below | whole | {attempts})


def solved_by_problem(records: Iterable[EpisodeRecord], k: int) -> dict[str, NDArray[np.bool_]]:
    """Problem → (T, K): which attempts of its T episodes that count passed every test.

    An episode without programs has spent its K attempts.
    """
    counted = (one for one in latest(records) if not one.void)
    return solved_tables(((one.problem_id, one.verdicts) for one in counted), k)


def solved_tables(
    verdicts: Iterable[tuple[str, Sequence[str]]], k: int
) -> dict[str, NDArray[np.bool_]]:
    """`solved_by_problem` of the problem and the verdicts of each episode that counts."""
    rows: defaultdict[str, list[list[bool]]] = defaultdict(list)
    for problem_id, found in verdicts:
        rows[problem_id].append([one == Verdict.AC for one in found] or [False] * k)
    return {problem_id: np.array(table, dtype=np.bool_) for problem_id, table in rows.items()}


def problem_scores(
    records: Iterable[EpisodeRecord], k: int, attempts: int, *, independent: bool
) -> dict[str, float]:
    """Problem → unbiased estimate of pass@`attempts`, from all its episodes that count.

    Args:
        records: episodes of any problems.
        k: attempts of one episode.
        attempts: the budget. Problems with fewer attempts that count are left out.
        independent: as in `policy_pass_at_k`.
    """
    return {
        problem_id: policy_pass_at_k(solved_TK, attempts, independent=independent)
        for problem_id, solved_TK in solved_by_problem(records, k).items()
        if solved_TK.size >= attempts
    }


def mean_by_problem(records: Iterable[EpisodeRecord]) -> dict[str, tuple[float, float, float]]:
    """Problem → means over its episodes of: any program right (R_out), J, the planner's reward.

    J of an episode in which nobody planned is taken as 0; see `validity`.
    """
    rows: defaultdict[str, list[tuple[bool, bool, float]]] = defaultdict(list)
    for record in latest(records):
        if not record.void:
            rows[record.problem_id].append(
                (record.correct > 0, bool(record.accepted), record.reward)
            )
    return {
        problem_id: tuple(np.mean(values, axis=0).tolist()) for problem_id, values in rows.items()
    }


def validity(records: Iterable[EpisodeRecord]) -> float | None:
    """The mean of J over problems; None without a planner."""
    planned = [record for record in records if record.accepted is not None]
    return mean(accepted for _, accepted, _ in mean_by_problem(planned).values())


def unreadable_plans(records: Iterable[EpisodeRecord]) -> dict[str, int]:
    """Reason → number of plans that are not K methods, the most common first; no void episodes."""
    counts = Counter(
        record.unreadable for record in latest(records) if record.unreadable and not record.void
    )
    return dict(counts.most_common())


def answers_without_program(records: Iterable[EpisodeRecord]) -> dict[str, int]:
    """Reason → number of answers without a program, the most common first; no void episodes."""
    counts = Counter(
        reason
        for record in latest(records)
        if not record.void
        for reason in record.no_program
        if reason
    )
    return dict(counts.most_common())


def thoughts_cut(records: Iterable[EpisodeRecord]) -> int:
    """Plans and answers whose thoughts used up their budget; no void episodes."""
    return sum(record.thoughts_cut for record in latest(records) if not record.void)


def verdict_counts(records: Iterable[EpisodeRecord]) -> dict[str, int]:
    """Verdict → number of programs, the most common first; no void episodes."""
    counts = Counter(
        verdict for record in latest(records) if not record.void for verdict in record.verdicts
    )
    return dict(counts.most_common())


def tests_per_s(records: Iterable[EpisodeRecord]) -> float:
    """Tests per second of gate and sandbox time; 0.0 if none ran."""
    episodes = latest(records)
    seconds = sum(record.judging_s for record in episodes)
    return sum(record.tests for record in episodes) / seconds if seconds else 0.0


def mean(values: Iterable[float]) -> float | None:
    """The mean, or None of nothing."""
    array = np.fromiter(values, dtype=np.float64)
    return float(array.mean()) if array.size else None
