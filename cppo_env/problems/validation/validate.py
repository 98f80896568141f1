"""Is a problem set fit for use? Run its right and wrong programs, and judge the problems."""

from __future__ import annotations

import dataclasses
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cppo_env.problems.layouts.cues import judge_cues, promises_one_answer
from cppo_env.problems.validation.findings import Finding, KnownOutcome
from cppo_env.problems.validation.known_programs import RUNNABLE, Known, programs_of
from cppo_env.problems.validation.results_file import ResultsFile
from cppo_env.protocols import ProblemSet, ReportsEach, Sandbox
from cppo_env.records import checker_name
from cppo_env.roles import answers_of, run_jobs
from cppo_env.types import Job, Problem, TestCase, Verdict

JOBS_PER_CALL = 64
"""Programs per sandbox call: enough to keep it busy, few enough to hold their tests in memory."""

SIDE_BY_SIDE = 3
"""Calls of a sandbox that are open at a time, if it allows several."""

Batch = list[tuple[Problem, list[Known]]]
Outcomes = list[tuple[Problem, list[KnownOutcome]]]
LookedUp = tuple[Batch, list[list[KnownOutcome] | None]]
"""A batch, and for each problem the outcomes that are known from before."""

ONE_ANSWER_CHECKERS = frozenset(
    {"strict", "value_or_wrapped", "case_insensitive"} | {f"float_1e-{n}" for n in range(1, 13)}
)
"""Checkers that know a single answer; any other one was chosen for the problem."""


@dataclass(frozen=True, slots=True)
class Validation:
    """The findings on a set."""

    findings: tuple[Finding, ...]
    unmatched: tuple[str, ...] = ()
    """Ids of joined programs that the set does not have."""
    tests: int = field(default=0)
    """Tests that ran."""
    not_run: Mapping[str, int] = field(default_factory=dict[str, int])
    """Language → programs in it, which the sandbox cannot run or was not asked to."""
    reused: int = 0
    """Problems whose results were known before."""

    @property
    def kept(self) -> list[str]:
        """Ids of the problems against which nothing speaks."""
        return [finding.id for finding in self.findings if finding.fault is None]

    @property
    def dropped(self) -> dict[str, str]:
        """Id → reason, of the others."""
        return {finding.id: finding.fault for finding in self.findings if finding.fault is not None}

    @property
    def unverified(self) -> list[str]:
        """Ids of the problems of which no right program is known."""
        return [finding.id for finding in self.findings if not finding.right]

    @property
    def languages(self) -> list[str]:
        """Languages of the programs that ran."""
        return sorted(
            {outcome.known.language for finding in self.findings for outcome in finding.outcomes}
        )

    def rates(self, *, kept_only: bool = False, language: str | None = None) -> dict[str, Any]:
        """Right programs accepted and wrong programs caught, and the rates of the two errors."""
        chosen = [finding for finding in self.findings if not kept_only or finding.fault is None]

        def count(outcomes: Callable[[Finding], list[KnownOutcome]]) -> int:
            return sum(
                language in (None, one.known.language)
                for finding in chosen
                for one in outcomes(finding)
            )

        right, rejected = (
            count(lambda finding: finding.right),
            count(lambda finding: finding.rejected),
        )
        wrong, missed = count(lambda finding: finding.wrong), count(lambda finding: finding.missed)
        return {
            "right_programs": right,
            "right_accepted": right - rejected,
            "wrong_programs": wrong,
            "wrong_caught": wrong - missed,
            "false_negative_rate": rejected / right if right else None,
            "false_positive_rate": missed / wrong if wrong else None,
        }

    @property
    def causes(self) -> Counter[str]:
        """Why right programs were rejected, each by its own cause."""
        return sum((finding.causes for finding in self.findings), Counter[str]())

    @property
    def rules(self) -> dict[str, dict[str, int]]:
        """Rule → problems that it judges and have a right program, and those that overturn it."""
        judged = [finding for finding in self.findings if finding.right]
        counts = Counter(finding.rule for finding in judged)
        overturned = Counter(finding.rule for finding in judged if finding.overturned)
        return {
            rule: {"problems": count, "overturned": overturned[rule]}
            for rule, count in counts.most_common()
        }

    @property
    def overturned(self) -> dict[str, str]:
        """Id → rule, of the problems whose right programs answer differently by their rule."""
        return {one.id: one.rule for one in self.findings if one.overturned}

    @property
    def cues(self) -> dict[str, dict[str, int]]:
        """Cue of several answers → problems; of those with two right programs or more, the rest.

        "disagree": those whose right programs answer differently by the problem's rule, as the cue
        says; "agree": those whose right programs are all accepted.
        """
        found: dict[str, Counter[str]] = {}
        for finding in self.findings:
            for cue in finding.cues:
                counts = found.setdefault(cue, Counter(problems=0, disagree=0, agree=0))
                accepted = len(finding.right) > 1 and not finding.rejected
                counts.update(problems=1, disagree=finding.overturned, agree=accepted)
        return {cue: dict(counts) for cue, counts in found.items()}

    @property
    def void(self) -> int:
        """Programs that could not be measured because the sandbox failed."""
        return sum(
            outcome.verdict is Verdict.IE
            for finding in self.findings
            for outcome in finding.outcomes
        )


def validate(
    problems: ProblemSet,
    sandbox: Sandbox,
    joined: Mapping[str, Sequence[Known]] | None = None,
    *,
    languages: Collection[str] | None = None,
    max_programs: int | None = None,
    jobs_per_call: int = JOBS_PER_CALL,
    results: ResultsFile | None = None,
    progress: Callable[[int, int], None] = lambda done, tests: None,
) -> Validation:
    """Run every program with a known verdict.

    Args:
        problems: the set.
        sandbox: where the programs run.
        joined: id → further programs with known verdicts.
        languages: run only programs in these languages. Default: all that the sandbox can run, see
            `known_programs.RUNNABLE`.
        max_programs: maximum number of right, and of wrong, programs per problem; `joined` first.
        jobs_per_call: programs per sandbox call.
        results: results so far, which are not measured again; new ones are added.
        progress: called after each sandbox call with the number of finished problems, and that of
            the tests that have run.
    """
    joined = joined or {}

    @cache
    def runs(language: str) -> bool:
        return (languages is None or language in languages) and _can_run(language, sandbox)

    not_run: Counter[str] = Counter()
    findings: list[Finding] = []
    seen: set[str] = set()
    tests = reused = 0

    def looked_up() -> Iterator[LookedUp]:
        for batch in _batches(problems, joined, runs, max_programs, jobs_per_call, not_run):
            yield batch, [results and results.find(*one) for one in batch]

    for (batch, known), outcomes in _measured(looked_up(), sandbox):
        if results is not None:
            results.add(outcomes)
        tests += sum(outcome.tests for _, some in outcomes for outcome in some)
        reused += len(batch) - len(outcomes)
        measured = iter(outcomes)
        for (problem, _), found in zip(batch, known, strict=True):
            findings.append(_finding(problem, next(measured)[1] if found is None else found))
            seen.add(problem.id)
        progress(len(findings), tests)
    unmatched = tuple(key for key in joined if key not in seen)
    return Validation(tuple(findings), unmatched, tests, not_run, reused)


def _measured(batches: Iterable[LookedUp], sandbox: Sandbox) -> Iterator[tuple[LookedUp, Outcomes]]:
    """Batches in their order, each with the outcomes of those problems whose are not known.

    A sandbox that runs several batches side by side gets the next ones before the last program of
    the first is done, so that no core waits for it, nor for the host to read the next problems.
    """
    side_by_side = SIDE_BY_SIDE if isinstance(sandbox, ReportsEach) else 1
    pool = ThreadPoolExecutor(side_by_side, "cppo-validate")
    running: deque[tuple[LookedUp, Future[Outcomes]]] = deque()
    try:
        for batch, known in batches:
            new = [one for one, found in zip(batch, known, strict=True) if found is None]
            running.append(((batch, known), pool.submit(_run, new, sandbox)))
            if len(running) == side_by_side:
                first, future = running.popleft()
                yield first, future.result()
        while running:
            first, future = running.popleft()
            yield first, future.result()
    finally:  # after Ctrl-C, batches run until their sandbox is closed
        pool.shutdown(wait=False, cancel_futures=True)


def _run(batch: Batch, sandbox: Sandbox) -> Outcomes:
    jobs = [
        Job(problem, known.program, RUNNABLE[known.language])
        for problem, programs in batch
        for known in programs
    ]
    reports = iter(run_jobs(sandbox, jobs))

    def outcome(known: Known) -> KnownOutcome:
        report = next(reports)
        return KnownOutcome(known, report.verdict, len(report.tests), report.message)

    found = [(problem, [outcome(known) for known in programs]) for problem, programs in batch]
    return _with_answers(found, sandbox)


def _can_run(language: str, sandbox: Sandbox) -> bool:
    """Whether a sandbox runs a language; a machine may lack the compiler of one."""
    if language not in _EMPTY:
        return language in RUNNABLE
    nothing = Problem("empty program", "", [TestCase("", "")])
    return (
        run_jobs(sandbox, [Job(nothing, _EMPTY[language], RUNNABLE[language])])[0].verdict
        is Verdict.AC
    )


_EMPTY_IN_CPP = "int main() {}\n"
_EMPTY = {
    "cpp": _EMPTY_IN_CPP,
    "cpp17": _EMPTY_IN_CPP,
    "cpp20": _EMPTY_IN_CPP,
    "java": "public class Main { public static void main(String[] words) {} }\n",
    "rust": "fn main() {}\n",
}


def _batches(
    problems: ProblemSet,
    joined: Mapping[str, Sequence[Known]],
    runs: Callable[[str], bool],
    max_programs: int | None,
    jobs_per_call: int,
    not_run: Counter[str],
) -> Iterator[Batch]:
    """Problems and their programs per sandbox call; `not_run` counts those left out."""
    batch: Batch = []
    size = 0
    for index in range(len(problems)):
        problem = problems[index]
        programs = programs_of(problem, joined.get(problem.id, ()))
        not_run.update(known.language for known in programs if not runs(known.language))
        programs = [known for known in programs if runs(known.language)]
        right = [known for known in programs if known.right][:max_programs]
        wrong = [known for known in programs if not known.right][:max_programs]
        batch.append((problem, right + wrong))
        size += len(right) + len(wrong)
        if size >= jobs_per_call:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _with_answers(found: Outcomes, sandbox: Sandbox) -> Outcomes:
    """The outcomes, with the answers of rejected right programs, which tell the cause.

    Reports hold no answers, so these programs run once more, on the test that rejected them.
    """
    jobs: list[Job] = []
    for problem, outcomes in found:
        for outcome in filter(_answered_otherwise, outcomes):
            test = problem.tests[outcome.tests - 1]
            one_test = dataclasses.replace(problem, tests=(test,))
            jobs.append(Job(one_test, outcome.known.program, RUNNABLE[outcome.known.language]))
    if not jobs:
        return found
    answers = (one and " ".join(one.split()) for one in answers_of(sandbox, jobs))

    def completed(outcome: KnownOutcome) -> KnownOutcome:
        return (
            dataclasses.replace(outcome, answer=next(answers))
            if _answered_otherwise(outcome)
            else outcome
        )

    return [(problem, [completed(outcome) for outcome in outcomes]) for problem, outcomes in found]


def _answered_otherwise(outcome: KnownOutcome) -> bool:
    return outcome.wrong_answer and outcome.tests > 0


def _finding(problem: Problem, outcomes: Sequence[KnownOutcome]) -> Finding:
    failing = [outcome.tests for outcome in outcomes if not outcome.as_expected and outcome.tests]
    return Finding(
        id=problem.id,
        rule=checker_name(problem),
        cues=judge_cues(problem.statement),
        one_answer=promises_one_answer(problem.statement),
        checker_given=problem.checker not in ONE_ANSWER_CHECKERS,
        no_expected_output=any(not problem.tests[count - 1].output.strip() for count in failing),
        outcomes=tuple(map(_brief, outcomes)),
    )


def _brief(outcome: KnownOutcome) -> KnownOutcome:
    """An outcome without its program, unless that did something unexpected: sets have millions."""
    if not outcome.as_expected:
        return outcome
    return dataclasses.replace(outcome, known=dataclasses.replace(outcome.known, program=""))
