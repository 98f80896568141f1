"""What a set costs to judge: its tests, and the seconds that a sample of it takes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from random import Random

from cppo_env.problems.views import Problems
from cppo_env.protocols import Sandbox
from cppo_env.roles import run_jobs
from cppo_env.types import Job


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one right program for each problem."""

    tests: int
    """Tests of the set."""
    timed_problems: int
    timed_tests: int
    timed_s: float
    """Wall-clock time of the sample, on all workers of the sandbox."""

    @property
    def seconds(self) -> float | None:
        """The set's time, if its tests take as long as the sample's; None without a sample."""
        return self.tests * self.timed_s / self.timed_tests if self.timed_tests else None


def cost_of(problems: Problems, sandbox: Sandbox, sample: int) -> Cost:
    """Run the first reference of some problems, drawn at random, on all of their tests.

    Args:
        problems: the set.
        sandbox: where the programs run.
        sample: how many problems; fewer where fewer have a reference.
    """
    jobs: list[Job] = []
    for index in Random(0).sample(range(len(problems)), len(problems)):
        if len(jobs) == sample:
            break
        if "python3" in problems.summary(index).languages:
            problem = problems[index]
            jobs += [Job(problem, program, stop_early=False) for program in problem.references[:1]]
    start = time.perf_counter()
    reports = run_jobs(sandbox, jobs)
    seconds = time.perf_counter() - start
    return Cost(
        tests=sum(problems.summary(index).tests for index in range(len(problems))),
        timed_problems=len(jobs),
        timed_tests=sum(len(report.tests) for report in reports),
        timed_s=seconds,
    )
