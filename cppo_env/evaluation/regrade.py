"""Judge the stored programs of a run again, by other rules, without an agent."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from cppo_env.assembly import find_problem
from cppo_env.errors import UnknownNameError
from cppo_env.protocols import ProblemSet, Reward, Sandbox
from cppo_env.records import EpisodeRecord, FirstFailure, outcomes_of, rules_of
from cppo_env.roles import pay, problem_at, run_jobs
from cppo_env.types import Checker, Episode, Job, Limits, Problem, Report, Ruling, Verdict


@dataclass(frozen=True, slots=True)
class Rules:
    """How programs are judged; None keeps what the problem says."""

    checker: str | Checker | None = None
    limits: Mapping[str, float | int] | None = None
    """Fields of `Limits` that change."""
    language: str = "python"
    stop_early: bool = True

    def applied(self, problem: Problem) -> Problem:
        """The problem under these rules."""
        limits: Limits = replace(problem.limits, **(self.limits or {}))
        checker = problem.checker if self.checker is None else self.checker
        return replace(problem, limits=limits, checker=checker)


@dataclass(frozen=True, slots=True)
class Move:
    """A program whose verdict is another one now."""

    problem: str
    episode: int
    branch: int
    before: str
    after: str
    message: str
    """What the sandbox says of it now."""


def regrade(
    records: Sequence[EpisodeRecord],
    problems: ProblemSet,
    sandbox: Sandbox,
    rules: Rules,
    reward: Reward,
    *,
    batch: int = 64,
) -> Iterator[list[EpisodeRecord]]:
    """Batches of new records, in order; each is one sandbox call.

    Episodes whose programs never ran (a refused plan that ended it, no answer) stay as they are.
    The judge is not asked again. Episodes of problems that the set lacks are left out.
    """
    for start in range(0, len(records), batch):
        chunk = records[start : start + batch]
        # One object for each problem, which caches know again.
        known = {name: _find(problems, name, rules) for name in {one.problem_id for one in chunk}}
        some = [
            (record, problem)
            for record in chunk
            if (problem := known[record.problem_id]) is not None
        ]
        jobs = [
            Job(problem, program, rules.language, rules.stop_early)
            for record, problem in some
            for program in record.programs
            if program is not None
        ]
        started = time.perf_counter()
        reports = iter(run_jobs(sandbox, jobs))
        seconds = (time.perf_counter() - started) / max(1, len(some))
        yield [
            _judged(
                record,
                problem,
                [
                    Report(Verdict.CE, message=record.messages[n])
                    if program is None
                    else next(reports)
                    for n, program in enumerate(record.programs)
                ],
                reward,
                seconds,
            )
            for record, problem in some
        ]


def moves(before: Sequence[EpisodeRecord], after: Sequence[EpisodeRecord]) -> list[Move]:
    """The programs whose verdicts differ between two records of the same episodes."""
    old = {record.key: record for record in before}
    return [
        Move(record.problem_id, record.episode, branch, was, now, record.messages[branch])
        for record in after
        for branch, (was, now) in enumerate(
            zip(old[record.key].verdicts, record.verdicts, strict=True)
        )
        if was != now
    ]


def _find(problems: ProblemSet, problem_id: str, rules: Rules) -> Problem | None:
    try:
        return rules.applied(problem_at(problems, find_problem(problems, problem_id)))
    except UnknownNameError:
        return None


def _judged(
    record: EpisodeRecord,
    problem: Problem,
    reports: Sequence[Report],
    reward: Reward,
    judging_s: float,
) -> EpisodeRecord:
    """The record with new reports; without any, as it was."""
    if not reports:
        return record
    ruling = Ruling(bool(record.accepted), float(bool(record.accepted)), record.reason)
    episode = Episode(problem, record.methods, ruling, record.answers, tuple(reports))
    failed = next((one for one in reports if one.verdict is Verdict.IE), None)
    return replace(
        record,
        verdicts=tuple(one.verdict.value for one in reports),
        messages=tuple(one.message for one in reports),
        reward=0.0 if episode.void else pay(reward, episode),
        void=episode.void,
        reason=record.reason if failed is None else failed.message,
        tests=sum(len(one.tests) for one in reports),
        judging_s=judging_s,
        outcomes=outcomes_of(problem, reports),
        rules=rules_of(problem),
        failures=tuple(map(FirstFailure.of, reports)),
    )
