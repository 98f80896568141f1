"""Stand-ins for tests of judges, agents, rewards and learners, where no program needs to run."""

from __future__ import annotations

from collections.abc import Sequence

from cppo_env.types import Job, Problem, Report, TestCase, Verdict


class FakeSandbox:
    """Runs nothing: a program that names a verdict ("AC", "TLE", …) gets it, any other WA.

    `batches` holds the jobs of each call, `closed` the number of calls of `close`.
    """

    def __init__(self) -> None:
        self.batches: list[Sequence[Job]] = []
        self.closed = 0

    def run(self, jobs: Sequence[Job]) -> list[Report]:
        """One report for each job."""
        self.batches.append(jobs)
        known = set(Verdict)
        return [
            Report(Verdict(word) if (word := job.program.strip()) in known else Verdict.WA)
            for job in jobs
        ]

    def close(self) -> None:
        """Count the call."""
        self.closed += 1


def make_problem(id: str = "echo") -> Problem:
    """A small stdin problem with a right and a wrong program: print the number that is read."""
    return Problem(
        id=id,
        statement=f"Problem {id}: read an integer and print it.",
        tests=(TestCase("1\n", "1\n"), TestCase("-20\n", "-20\n")),
        public_tests=(TestCase("1\n", "1\n"),),
        references=("print(int(input()))", "import sys\nprint(int(sys.stdin.read()))"),
        wrong=("print(1)",),
        metadata={"methods": ("input", "stdin")},
    )
