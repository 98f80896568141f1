"""Equal programs on equal tests run once."""

import threading
from collections.abc import Sequence
from dataclasses import replace

import gymnasium as gym
import pytest
from cppo_sandboxes.cached import CachedSandbox
from cppo_sandboxes.determinism import is_deterministic

import cppo_env
from cppo_env.types import Job, Limits, Report, TestReport, Verdict
from tests.support.jobs import ADD, sums


class Counting:
    """Counts jobs; gives AC, or IE to programs named so; optionally held at a gate."""

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


def test_tests_that_ran_are_counted_and_remembered_ones_are_not(sandbox, tmp_path):
    cached = CachedSandbox(sandbox, folder=tmp_path)
    cached.run([Job(sums(3), ADD), Job(sums(3), ADD), Job(sums(2), ADD)])
    cached.run([Job(sums(3), ADD)])
    assert cached.tests == 5
    wrong = Job(sums(2), "print('no')")
    [report] = cached.run([wrong])
    assert report.output is not None and report.output.got == "no\n"
    assert CachedSandbox(Counting(), folder=tmp_path).run([wrong]) == [report]


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


COIN = (
    "import random\na, b = map(int, input().split())\n"
    "print(a + b if random.random() < 0.5 else 0)\n"
)


def test_attempts_of_a_program_that_may_do_otherwise_are_not_shared(sandbox):
    with_all = CachedSandbox(sandbox, remember="all")
    for cached, groups in ((CachedSandbox(sandbox), 2), (with_all, 1)):
        reports = cached.run([Job(sums(1), COIN)] * 24)
        assert len({report.verdict for report in reports}) == groups
        assert cached.misses == (24 if groups == 2 else 1)


def test_an_attempt_that_was_prefetched_is_given_out_once():
    inner = Counting()
    cached = CachedSandbox(inner)
    job = Job(sums(1), COIN)
    cached.prefetch([job, job])
    cached.run([job])
    assert (len(inner.jobs), cached.hits) == (2, 1)
    cached.run([job, job])
    assert (len(inner.jobs), cached.hits) == (3, 2)


DETERMINISTIC = [
    ADD,
    "import sys\nfor line in sys.stdin: print(line.upper())",
    "from collections import Counter, deque\nprint(sorted(Counter(open(0).read())))",
    "class A:\n    def __lt__(self, other): return True\nprint({1: 2}[1])",
    "this is no Python",
]
SEEING = [
    COIN,
    "import time\nprint(time.time())",
    "import os\nprint(os.urandom(4))",
    "import threading",
    "from numpy import random",
    "print(id(1))",
    "print(hash('a'))",
    "print({'a', 'b'})",
    "print(set(input()))",
    "print(open('/dev/urandom', 'rb').read(1))",
    "import sys\nprint(sys._getframe())",
    "from sys import _getframe",
    "import collections\ncollections.abc.sys.modules",
    "eval(input())",
    "__import__('random').random()",
    "from . import x",
]


def test_what_is_deterministic_is_told_with_care():
    assert all(is_deterministic(program, "python") for program in DETERMINISTIC)
    assert not any(is_deterministic(program, "python") for program in SEEING)
    assert not is_deterministic("int main() {}", "cpp17")


class Slow:
    """TLE by the wall clock or by CPU time, as the program says."""

    def __init__(self):
        self.count = 0

    def run(self, jobs, /):
        self.count += len(jobs)
        return [
            Report(
                Verdict.TLE, (TestReport(Verdict.TLE, cpu_s=9.0 if "cpu" in job.program else 0.1),)
            )
            for job in jobs
        ]

    def close(self) -> None:
        """Nothing to close."""


def test_a_wall_clock_that_ran_out_is_not_remembered():
    inner = Slow()
    cached = CachedSandbox(inner, remember="all")
    for _ in range(3):
        cached.run([Job(sums(1), "cpu"), Job(sums(1), "wall")])
    assert inner.count == 4


class Within:
    """A checker with settings."""

    def __init__(self, error: float) -> None:
        self.error = error

    def check(self, problem, test, got):
        return abs(float(got) - float(test.output)) <= self.error


def same(problem, test, got):
    return got.split() == test.output.split()


def test_checkers_with_settings_share_nothing(sandbox):
    cached = CachedSandbox(sandbox)
    program = "a, b = map(int, input().split())\nprint(a + b + 0.1)\n"
    jobs = [Job(replace(sums(1), checker=Within(error).check), program) for error in (1, 1e-9)]
    assert [cached.run([job])[0].verdict for job in jobs] == ["AC", "WA"]
    plain = Job(replace(sums(1), checker=same), ADD)
    assert [cached.run([plain])[0].verdict for _ in range(2)] == ["AC", "AC"]
    assert cached.hits == 1


def test_a_damaged_file_is_run_again_whatever_it_holds(tmp_path):
    job = Job(sums(1), ADD)
    CachedSandbox(Counting(), folder=tmp_path).run([job])
    [path] = tmp_path.glob("*/*")
    good = path.read_bytes()
    for position in range(0, len(good), 3):
        bad = bytearray(good)
        bad[position] ^= 1 << position % 8
        path.write_bytes(bytes(bad))
        inner = Counting()
        cached = CachedSandbox(inner, folder=tmp_path)
        assert cached.run([job, Job(sums(1), f"{ADD}# {position}")])[0].verdict is Verdict.AC
        assert (len(inner.jobs), cached.damaged) == (2, 1)


class Broken(Sequence):
    """Tests whose store is gone."""

    def __len__(self):
        return 1

    def __getitem__(self, index):
        raise OSError("the shard is gone")


def test_a_job_whose_content_cannot_be_read_fails_alone(sandbox):
    cached = CachedSandbox(sandbox)
    broken = Job(replace(sums(1), tests=Broken()), ADD)
    jobs = [Job(sums(1), ADD), broken, Job(sums(1), None), Job(sums(2), ADD)]
    for _ in range(2):
        assert [report.verdict for report in cached.run(jobs)] == ["AC", "IE", "IE", "AC"]


def test_nobody_waits_for_a_claim_that_was_broken_off(tmp_path, monkeypatch):
    cached = CachedSandbox(Counting(), folder=tmp_path)
    real = cached._claim
    with monkeypatch.context() as patched:
        patched.setattr(
            cached, "_claim", lambda key, **how: 1 / 0 if "second" in key else real(key, **how)
        )
        patched.setattr(cached, "_keys", lambda jobs: [("first", True), ("second", True)])
        with pytest.raises(ZeroDivisionError):
            cached.run([Job(sums(1), ADD), Job(sums(2), ADD)])
        patched.setattr(cached, "_keys", lambda jobs: [("first", True)])
        assert cached.run([Job(sums(1), ADD)])[0].verdict is Verdict.AC


@pytest.mark.parametrize(("cache", "programs"), [(True, 1), (False, 8)])
def test_what_is_made_by_name_remembers_unless_told_otherwise(cache, programs, monkeypatch):
    ran = []

    def count(self, jobs):
        ran.extend(jobs)
        return [Report(Verdict.AC, (TestReport(Verdict.AC),)) for _ in jobs]

    monkeypatch.setattr("cppo_sandboxes.base.WorkerSandbox._run", count)
    envs = gym.make_vec("CPPO-Samples-v0", num_envs=2, sandbox="local", cache=cache)
    envs.reset(options={"problems": [0, 0]})
    envs.step([tuple(f"{label}: a" for label in "ABCD")] * 2)
    envs.step([(f"```python\n{ADD}```",) * 4] * 2)
    envs.close()
    assert len(ran) == programs
    ran.clear()
    reports = cppo_env.grade_batch([(sums(1), ADD)] * 8, sandbox="local", cache=cache)
    assert len(reports) == 8 and len(ran) == programs
