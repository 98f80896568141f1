"""Checker programs at work: each with its cases is one job of a pool, each case a test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cppo_env.types import Job, Limits, Problem, Report, TestCase, Verdict
from cppo_sandboxes.host.batch import JobBatch, TestSet, Work
from cppo_sandboxes.host.checker_files import Prepared
from cppo_sandboxes.host.grading import RunOutcome


class _Cases(TestSet):
    """The files of some tests, as the inputs of a checker."""

    def __init__(self, problem: Problem, inputs: Sequence[bytes]) -> None:
        super().__init__(problem)
        self._inputs = inputs

    def input(self, index: int) -> bytes:
        return self._inputs[index]


class _Run(Work):
    """A checker at work: what it did in each test, uninterpreted."""

    def __init__(self, job: Job, tests: TestSet, batch: CheckBatch) -> None:
        super().__init__(job, tests, batch, 0)
        self.language, self._source = batch.prepared.row, batch.prepared.source
        self._together, self._right = batch.prepared.together, batch.right
        self.outcomes: list[RunOutcome] = []

    @property
    def ran(self) -> int:
        return len(self.outcomes)

    def task(self, stop: int) -> dict[str, Any]:
        return {**super().task(stop), "source": self._source, "together": self._together}

    def add(self, index: int, outcome: RunOutcome) -> None:
        if self.over or index != self.ran:
            return
        self.outcomes.append(self.whole(outcome))
        wrong = self._right is not None and not self._right(self.outcomes[-1])
        if wrong or not self.left:
            self.finish(Report(Verdict.AC))


class CheckBatch(JobBatch):
    """One checker and its cases.

    Args:
        right: if given, no case is run after an outcome of which this is false.
    """

    def __init__(
        self,
        name: str,
        prepared: Prepared,
        inputs: Sequence[bytes],
        done: Callable[[CheckBatch], object],
        limits: Limits,
        right: Callable[[RunOutcome], bool] | None = None,
    ) -> None:
        self.prepared, self.right = prepared, right
        self._inputs, self._when_done = inputs, done
        self.work: _Run
        tests = [TestCase("", "")] * len(inputs)
        is_text = prepared.row.compile is None
        text = prepared.source.decode("utf-8", "replace") if is_text else "-"
        problem = Problem(f"checker {name}", "", tests, limits=limits)
        super().__init__([Job(problem, text, stop_early=right is not None)])

    def tests_of(self, job: Job) -> TestSet:
        """The cases."""
        return _Cases(job.problem, self._inputs)

    def work_of(self, job: Job, tests: TestSet, position: int) -> Work:
        """The checker at work."""
        self.work = _Run(job, tests, self)
        return self.work

    def _settle(self, position: int, report: Report) -> None:
        super()._settle(position, report)
        self._when_done(self)

    @property
    def refused(self) -> bool:
        """Whether the compiler found an error in it."""
        report = self.reports[0]
        return report is not None and report.verdict is Verdict.CE and "error" in report.message

    @property
    def failure(self) -> str | None:
        """Why it has no outcomes."""
        report = self.reports[0]
        if report is None or report.verdict is Verdict.AC:
            return None
        if report.verdict is Verdict.CE:
            return f"it does not compile: {report.message}"
        return report.message or "it could not be run"
