"""An exception on a job's way fails that job alone: IE with the reason."""

from dataclasses import replace

import pytest
from cppo_sandboxes.host import pool, station
from cppo_sandboxes.host.batch import JobBatch
from cppo_sandboxes.worker import frames

import cppo_env
from cppo_env.errors import SandboxError
from cppo_env.types import Job, Problem, TestCase
from tests.support.jobs import ADD, sums

MARK = "the marked job"


class Boom(Exception):
    """The injected error; also SystemExit, which no `except Exception` catches."""


PLACES = [
    "cppo_sandboxes.host.batch.TestSet.__init__",
    "cppo_sandboxes.host.batch.TestSet.input",
    "cppo_sandboxes.host.batch.Work.__init__",
    "cppo_sandboxes.host.batch.Work.refused",
    "cppo_sandboxes.host.batch.Work.task",
    "cppo_sandboxes.host.batch.Work.add",
    "cppo_sandboxes.host.batch.call_options",
    "cppo_sandboxes.host.batch.checker_of",
    "cppo_sandboxes.host.batch.grade",
    "cppo_sandboxes.host.batch.summarise",
    "cppo_sandboxes.host.station.Station._announce",
    "cppo_sandboxes.host.station.Station._result",
    "cppo_sandboxes.host.station.Station._send_ahead",
    "cppo_sandboxes.languages.imported",
    "cppo_sandboxes.worker.frames.marshalled",
]


CALLED = Problem(
    MARK,
    "",
    tuple(TestCase(f"[{i}]", str(i)) for i in range(5)),
    "def f(x):\n    ",
    "f",
)
PROGRAM = f"def f(x):\n    return x  # {MARK}\n"


def is_marked(value: object) -> bool:
    """Whether an argument belongs to the marked job, the only one with five tests."""
    for name in ("job", "tests", "problem"):
        value = getattr(value, name, value) if not isinstance(value, Problem) else value.id
    return MARK in str(value) or (isinstance(value, list) and len(value) == len(CALLED.tests))


def inject(monkeypatch, place: str, error: type[BaseException]) -> None:
    """Make a function raise when it is called for the marked job."""
    module, _, name = place.rpartition(".")
    if module.rpartition(".")[2][0].isupper():
        module, _, owner = module.rpartition(".")
        holder = getattr(__import__(module, fromlist=["*"]), owner)
    else:
        holder = __import__(module, fromlist=["*"])
    real = getattr(holder, name)

    def broken(*arguments):
        if any(map(is_marked, arguments)):
            raise error("injected")
        return real(*arguments)

    monkeypatch.setattr(holder, name, broken)


@pytest.mark.parametrize("error", [Boom, SystemExit])
@pytest.mark.parametrize("place", PLACES)
def test_an_exception_on_its_way_fails_one_job(place, error, monkeypatch):
    with cppo_env.make_sandbox("local", workers=2) as sandbox:
        healthy = [Job(sums(3), f"{ADD}# {number}") for number in range(20)]
        inject(monkeypatch, place, error)
        reports = sandbox.run([*healthy[:10], Job(CALLED, PROGRAM), *healthy[10:]])
        assert [report.verdict for report in reports] == ["AC"] * 10 + ["IE"] + ["AC"] * 10
        assert "injected" in reports[10].message and error.__name__ in reports[10].message
        again = sandbox.run([*healthy, Job(CALLED, PROGRAM)])
        assert [report.verdict for report in again] == ["AC"] * 20 + ["IE"]


def test_a_job_that_is_no_job_fails_alone(sandbox):
    jobs = [
        Job(sums(1), ADD),
        Job(sums(1), None),
        Job(None, ADD),
        Job(sums(1), ADD, language="cobol"),
        Job(replace(sums(1), limits=None), ADD),
        Job(replace(sums(1), checker="no-such"), ADD),
        Job(sums(1), ADD),
    ]
    reports = sandbox.run(jobs)
    assert [report.verdict for report in reports] == ["AC", *["IE"] * 5, "AC"]
    assert "cobol" in reports[3].message and "no-such" in reports[5].message


@pytest.mark.parametrize("program", ["from . import x", "import .", "from .. import x", "import ,"])
def test_odd_imports_are_the_programs_own(program, sandbox):
    quoted = f'"""\n{program}\n"""\n{ADD}'
    jobs = [Job(sums(1), ADD), Job(sums(1), program), Job(sums(1), quoted)]
    verdicts = [report.verdict for report in sandbox.run(jobs)]
    assert verdicts in (["AC", "RE", "AC"], ["AC", "CE", "AC"])


def test_a_frame_that_cannot_be_read_costs_a_worker_and_no_job(monkeypatch):
    real, left = station.Station._take, [1, 2]

    def garbled(self, kind, payload):
        if kind == frames.RESULT and left:
            left.pop()
            payload = payload[:6]
        real(self, kind, payload)

    monkeypatch.setattr(station.Station, "_take", garbled)
    with cppo_env.make_sandbox("local", workers=1) as sandbox:
        reports = sandbox.run([Job(sums(3), f"{ADD}# {number}") for number in range(20)])
    assert {report.verdict for report in reports} == {"AC"} and not left


@pytest.mark.parametrize("place", ["read", "write"])
def test_a_connection_that_fails_in_any_way_costs_no_job(place, monkeypatch):
    with cppo_env.make_sandbox("local", workers=1) as sandbox:
        sandbox.run([Job(sums(1), ADD)])
        real, left = getattr(pool.Link, place), [1]

        def broken(self):
            if left:
                left.pop()
                raise Boom("injected")
            return real(self)

        monkeypatch.setattr(pool.Link, place, broken)
        reports = sandbox.run([Job(sums(3), f"{ADD}# {number}") for number in range(20)])
    assert {report.verdict for report in reports} == {"AC"} and not left


def test_a_fault_of_the_pool_itself_does_not_end_it(monkeypatch):
    with cppo_env.make_sandbox("local", workers=1) as sandbox:
        with monkeypatch.context() as patched:
            patched.setattr(pool.Pool, "_choose", lambda *_: 1 / 0)
            report = sandbox.run([Job(sums(1), ADD)])[0]
            assert report.verdict == "IE" and "ZeroDivisionError" in report.message
        assert sandbox.run([Job(sums(1), ADD)])[0].verdict == "AC"


def test_a_worker_that_cannot_be_launched_in_any_way_is_one_line(monkeypatch):
    def launch(self):
        raise Boom("no more pipes")

    monkeypatch.setattr("cppo_sandboxes.local.LocalSandbox._launch", launch)
    with pytest.raises(cppo_env.SandboxError, match=r"a worker cannot start: Boom: no more pipes"):
        cppo_env.make_sandbox("local", workers=1)


def test_a_closed_sandbox_answers():
    sandbox = cppo_env.make_sandbox("local", workers=1)
    sandbox.close()
    report = sandbox.run([Job(sums(1), ADD)])[0]
    assert report.verdict == "IE" and "closed" in report.message


def test_a_pool_whose_workers_never_start_answers():
    def fails():
        raise SandboxError("no worker today")

    empty = pool.Pool(fails, 1, 1)
    with pytest.raises(SandboxError, match="no worker today"):
        empty.wait_for_first()
    batch = JobBatch([Job(sums(1), ADD)])
    empty.run(batch)
    empty.close()
    assert batch.reports[0].verdict == "IE" and "no worker today" in batch.reports[0].message
