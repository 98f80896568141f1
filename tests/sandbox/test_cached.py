"""Equal programs on equal tests run once."""

import threading
from dataclasses import replace

from cppo_sandboxes.cached import CachedSandbox

from cppo_env.types import Job, Limits, Report, Verdict
from tests.support.jobs import ADD, sums


class Counting:
    """A sandbox that gives AC, or IE to programs named so, and counts; optionally held at a gate."""

    def __init__(self, gate: threading.Event | None = None) -> None:
        self.jobs, self.gate, self.entered = [], gate, threading.Event()
        self.batches = []

    def run(self, jobs, /):
        self.jobs += jobs
        self.batches.append(len(jobs))
        self.entered.set()
        if self.gate:
            self.gate.wait(10)
        return [Report(Verdict.IE if "fault" in job.program else Verdict.AC) for job in jobs]

    def close(self) -> None:
        """Nothing to close."""


def test_equal_jobs_run_once_and_unequal_ones_do_not():
    inner = Counting()
    problem = sums(2)
    cached = CachedSandbox(inner)
    same = [Job(problem, ADD), Job(replace(problem, id="other name"), ADD)]
    assert [report.verdict for report in cached.run(same * 2)] == ["AC"] * 4
    assert len(inner.jobs) == 1
    different = [
        Job(problem, ADD + " "),
        Job(problem, ADD, stop_early=False),
        Job(sums(3), ADD),
        Job(replace(problem, checker="lcb"), ADD),
        Job(replace(problem, limits=Limits(cpu_s=1.0)), ADD),
        Job(replace(problem, checker=lambda *_: True), ADD),
        Job(replace(problem, checker=lambda *_: True), ADD),
    ]
    cached.run(different)
    assert len(inner.jobs) == 8
    assert (cached.hits, cached.misses) == (3, 8)


def test_internal_errors_are_not_remembered():
    inner = Counting()
    cached = CachedSandbox(inner)
    for _ in range(3):
        assert cached.run([Job(sums(1), "fault")])[0].verdict is Verdict.IE
    assert len(inner.jobs) == 3


def test_a_job_in_flight_is_waited_for():
    gate = threading.Event()
    inner = Counting(gate)
    cached = CachedSandbox(inner)
    results = []
    threads = [
        threading.Thread(target=lambda: results.extend(cached.run([Job(sums(1), ADD)])))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    inner.entered.wait(10)
    gate.set()
    for thread in threads:
        thread.join()
    assert len(inner.jobs) == 1
    assert [report.verdict for report in results] == ["AC"] * 8


def test_prefetched_jobs_run_once_while_the_caller_goes_on():
    gate = threading.Event()
    inner = Counting(gate)
    with CachedSandbox(inner) as cached:
        forgettable = Job(replace(sums(1), checker=lambda *_: True), ADD)
        cached.prefetch([Job(sums(1), ADD), forgettable])
        assert inner.entered.wait(10)  # it has started, and we are not held up
        assert cached.busy_s > 0
        gate.set()
        assert [report.verdict for report in cached.run([Job(sums(1), ADD)])] == ["AC"]
        busy_s = cached.busy_s
        assert [job.program for job in inner.jobs] == [ADD]
        assert cached.busy_s == busy_s, "nothing has run since"


def test_jobs_that_are_prefetched_one_by_one_run_in_few_batches():
    gate = threading.Event()
    inner = Counting(gate)
    with CachedSandbox(inner) as cached:
        jobs = [Job(sums(1), f"{ADD}# {number}") for number in range(5)]
        cached.prefetch(jobs[:1])
        assert inner.entered.wait(10)
        for job in jobs[1:]:
            cached.prefetch([job])
        gate.set()
        assert [report.verdict for report in cached.run(jobs)] == ["AC"] * 5
        assert inner.batches == [1, 4]


def test_tests_that_ran_are_counted_and_remembered_ones_are_not(sandbox):
    cached = CachedSandbox(sandbox)
    cached.run([Job(sums(3), ADD), Job(sums(3), ADD), Job(sums(2), ADD)])
    cached.run([Job(sums(3), ADD)])
    assert cached.tests == 5


def test_memory_is_bounded_and_the_disk_remembers(tmp_path):
    inner = Counting()
    cached = CachedSandbox(inner, entries=2, folder=tmp_path)
    jobs = [Job(sums(1), f"{ADD}# {number}") for number in range(5)]
    cached.run(jobs)
    CachedSandbox(inner, folder=tmp_path).run(jobs)
    assert len(inner.jobs) == 5
    for path in tmp_path.glob("*/*"):
        path.write_bytes(path.read_bytes()[:-3])
    assert CachedSandbox(inner, folder=tmp_path).run(jobs)[0].verdict is Verdict.AC
    assert len(inner.jobs) == 10, "a damaged entry is run again"
