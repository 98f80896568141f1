"""Small jobs for the sandboxes, and the back ends that run them."""

import threading
import time

import pytest

from cppo_env.types import Job, Limits, Problem, TestCase

BACK_ENDS = ["local", pytest.param("docker", marks=pytest.mark.docker)]
ADD = "a, b = map(int, input().split())\nprint(a + b)\n"
SLOW_ADD = "import time\ntime.sleep(0.02)\n" + ADD


def sums(count: int, **options) -> Problem:
    return Problem(
        "sums", "", tuple(TestCase(f"{i} 2\n", f"{i + 2}\n") for i in range(count)), **options
    )


def batch(count: int = 60) -> list[Job]:
    problem = sums(3, limits=Limits(wall_s=20.0))
    return [Job(problem, f"{SLOW_ADD}# {number}") for number in range(count)]


def while_running(sandbox, harm, jobs):
    """Run jobs, do harm in mid-batch, return the verdicts."""
    reports = []
    thread = threading.Thread(target=lambda: reports.extend(sandbox.run(jobs)))
    thread.start()
    time.sleep(0.4)
    harm()
    thread.join(60)
    assert not thread.is_alive(), "the batch hangs"
    return [report.verdict for report in reports]
