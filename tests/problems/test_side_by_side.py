"""Validation keeps a sandbox busy that takes several batches."""

import threading
from collections.abc import Callable, Sequence

from cppo_env.problems.validation.validate import validate
from cppo_env.testing import FakeSandbox
from cppo_env.types import Job, Problem, Report, TestCase


class SideBySide(FakeSandbox):
    """Ends its first batch when another one has begun."""

    def __init__(self) -> None:
        super().__init__()
        self._another = threading.Event()

    def run(self, jobs: Sequence[Job]) -> list[Report]:
        reports = super().run(jobs)
        if len(self.batches) > 1:
            self._another.set()
        assert self._another.wait(timeout=20), "no other batch came"
        return reports

    def run_each(
        self,
        jobs: Sequence[Job],
        tell: Callable[[int, Report], object],
        wanted: Callable[[], bool],
    ) -> None:
        for position, report in enumerate(self.run(jobs)):
            tell(position, report)


def test_no_core_waits_for_the_last_program_of_a_batch():
    problems = [
        Problem(str(number), "", (TestCase("", ""),), references=("AC",), wrong=("WA",))
        for number in range(8)
    ]
    seen: list[int] = []
    found = validate(
        problems, SideBySide(), jobs_per_call=4, progress=lambda done, tests: seen.append(done)
    )
    assert seen == [2, 4, 6, 8]
    assert found.kept == [problem.id for problem in problems]
