"""Verdicts and hostile programs come through a judge server and through Ray as they do without."""

import os
from dataclasses import replace

import pytest

import cppo_env
from cppo_env.types import Job, Verdict
from tests.sandbox import test_hostile as hostile
from tests.sandbox import test_verdicts as verdicts
from tests.support.judge_server import TOKEN, served

pytestmark = [
    pytest.mark.long,  # each corpus takes a minute or more
    pytest.mark.filterwarnings("ignore"),  # Ray's own, about sockets and old names
    pytest.mark.skipif(os.geteuid() != 0, reason="the programs would be this very user"),
]


@pytest.fixture(scope="module", params=["http", "ray"])
def box(request, tmp_path_factory):
    if request.param == "ray":
        pytest.importorskip("ray", reason="needs the extra ray")
        with cppo_env.make_sandbox("ray", sandbox="local", workers=2) as sandbox:
            yield sandbox
        return
    with (
        cppo_env.make_sandbox("local", workers=2) as local,
        served(local, tmp_path_factory.mktemp("problems")) as server,
        cppo_env.make_sandbox(server.address, token=TOKEN) as sandbox,
    ):
        yield sandbox


def test_verdicts_are_those_of_an_honest_judge(box):
    jobs = verdicts.read_jobs()
    sent = {folder: job for folder, job in jobs.items() if isinstance(job.problem.checker, str)}
    assert len(sent) > len(jobs) * 0.9, "checkers that are functions stay behind"
    wrong = [
        f"{folder.parent.name}/{folder.name}: {report.verdict} ({report.message})"
        for folder, report in zip(sent, box.run([*sent.values()]), strict=True)
        if report.verdict not in verdicts.read_case(folder).allowed
        and "No module named 'numpy'" not in report.message
    ]
    assert not wrong


def test_hostile_programs_are_contained(box):
    """One at a time, each with an honest program after it."""
    faults = []
    canary = Job(replace(hostile.PROBLEMS["add"], checker="strict"), hostile.CANARY)
    for name in hostile.CASES:
        case = hostile.read_case(name)
        [report] = box.run([replace(case.job, problem=replace(case.job.problem, checker="strict"))])
        [after] = box.run([canary])
        if report.verdict not in case.allowed or after.verdict is not Verdict.AC:
            faults.append(f"{name}: {report.verdict} ({report.message}), then {after.verdict}")
    hostile.remove_leaks()
    assert not faults
