"""An untrustworthy sandbox: the self-test says so, and nothing trains on it by default."""

import contextlib
import json
import os
import subprocess
import sys

import pytest
from cppo_sandboxes.selftest import require_trust, run_checks
from cppo_sandboxes.selftest_programs import CHECKS
from cppo_sandboxes.selftest_together import check_together

import cppo_env
from cppo_env.checkers import strict
from cppo_env.types import Report, Verdict
from tests.support.cli import cppo, fault
from tests.support.jobs import BACK_ENDS

SANDBOX = """
from cppo_env.types import Report, Verdict


class Gullible:
    def run(self, jobs, /):
        return [Report(Verdict.AC) for job in jobs]

    def close(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass
"""


@pytest.fixture
def gullible(tmp_path):
    """A sandbox that accepts every program, as a plug-in."""
    (tmp_path / "gullible.py").write_text(SANDBOX)
    return f"{tmp_path}/gullible.py:Gullible"


def test_a_failed_self_test_still_writes_its_result(gullible, tmp_path):
    out = tmp_path / "out.json"
    done = cppo("sandbox", "selftest", "--sandbox", gullible, "--json", out)
    assert "Gullible cannot be trusted here; failed: a wrong program," in fault(done, 1)
    result = json.loads(out.read_text())
    assert "a wrong program" in result["failed"]
    [wrong] = [check for check in result["checks"] if check["check"] == "a wrong program"]
    assert wrong == {
        "check": "a wrong program",
        "vital": True,
        "expected": "WA",
        "ok": False,
        "absent": False,
        "verdict": "AC",
        "message": "",
    }


def test_a_sandbox_that_ends_the_program_fails_the_check(tmp_path):
    ends = SANDBOX.replace("return [Report(Verdict.AC) for job in jobs]", "raise SystemExit(0)")
    (tmp_path / "ends.py").write_text(ends)
    out = tmp_path / "out.json"
    done = cppo("sandbox", "selftest", "--sandbox", f"{tmp_path}/ends.py:Gullible", "--json", out)
    assert "Gullible cannot be trusted here; failed: " in fault(done, 1)
    first = json.loads(out.read_text())["checks"][0]
    assert (first["ok"], first["verdict"]) == (False, "IE")
    assert "sandbox Gullible.run() raised SystemExit: 0" in first["message"]


def test_training_refuses_a_sandbox_that_fails_the_vital_checks_unless_told_otherwise(
    gullible, tmp_path
):
    options = ("--sandbox", gullible, "--steps", 1, "--eval_episodes", 4, "--processes", 1)
    done = cppo("run", *options, "--run", tmp_path / "refused")
    assert "--allow_untrusted_sandbox" in fault(done, 1)
    train = (
        "train",
        "--sandbox",
        gullible,
        "--steps",
        1,
        "--problems_per_step",
        1,
        "--max_tokens_plan",
        8,
    )
    told = (
        "--tuples",
        2,
        "--max_tokens_solve",
        8,
        "--allow_untrusted_sandbox",
        "true",
        "--run",
        tmp_path / "run",
    )
    assert cppo(*train, *told).returncode == 0


@pytest.mark.parametrize("name", BACK_ENDS)
def test_our_own_sandboxes_are_trusted(name):
    with cppo_env.make_sandbox(name) as sandbox:
        require_trust(sandbox)


@pytest.mark.parametrize("name", BACK_ENDS)
def test_our_own_sandboxes_keep_programs_apart(name):
    told = []
    with cppo_env.make_sandbox(name, workers=2) as sandbox:
        results = check_together(sandbox, {}, told.append)
    assert [result["ok"] for result in results] == [True] * 3 and len(told) == 1


class Crowded:
    """A sandbox whose programs get in each other's way."""

    def run(self, jobs, /):
        return [Report(Verdict.AC if len(jobs) == 1 else Verdict.TLE) for _ in jobs]

    def close(self):
        """Nothing stays open."""


def test_programs_that_suffer_from_their_neighbours_are_found():
    *_, neighbours = check_together(Crowded(), {}, lambda load: None)
    assert neighbours["verdict"] == "TLE" and not neighbours["ok"] and not neighbours["vital"]


class Alone(Crowded):
    """It has a kind of isolation, and no number of workers."""

    def __init__(self, isolation="none"):
        self.isolation = isolation


def test_a_sandbox_with_other_options_of_the_same_name_is_checked():
    about = [result["check"] for result in check_together(Alone(), {}, lambda load: None)]
    assert len(about) == 2 and not any("isolation" in one for one in about)


class Bare:
    """A first attempt at a sandbox: plain processes without limits."""

    def __init__(self):
        self.ran = []

    def run(self, jobs, /):
        return [self._judge(job) for job in jobs]

    def _judge(self, job):
        self.ran.append(job.program)
        done = run_bare(job.program)
        right = not done.returncode and strict(job.problem, job.problem.tests[0], done.stdout)
        return Report(Verdict.AC if right else Verdict.RE if done.returncode else Verdict.WA)

    def close(self):
        """Nothing stays open."""


def run_bare(program):
    command = [sys.executable, "-c", program]
    return subprocess.run(command, input="1 2\n", capture_output=True, text=True, timeout=300)


LOADS = [check for check in CHECKS if check.load]


@pytest.mark.parametrize("check", [run_checks, require_trust])
def test_a_bare_sandbox_is_refused_before_anything_loads_the_machine(check):
    told, box = [], Bare()
    with contextlib.suppress(cppo_env.SandboxError):
        results = check(box, told.append)
        assert len(results) < len(CHECKS) and any(not result["ok"] for result in results)
    assert not told and box.ran and not {check.program for check in LOADS} & set(box.ran)


def test_what_loads_the_machine_ends_by_itself():
    for check in LOADS:
        command = [sys.executable, "-c", check.program]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write(b"1 2\n")
            process.stdin.close()
            written = len(process.stdout.read())
            _, status, used = os.wait4(process.pid, 0)  # its own usage, and no other child's
            process.returncode = os.waitstatus_to_exitcode(status)
        assert used.ru_utime + used.ru_stime < 8, check.about
        assert process.returncode == 0 and written <= (64 << 20) + 10, check.about
        assert used.ru_maxrss < (1 << 20) + (1 << 18), check.about  # KiB


class Forgetful:
    """A sound sandbox, but each program's first verdict is that of a machine too busy to judge."""

    def __init__(self, sandbox):
        self.sandbox, self.seen = sandbox, set()

    def run(self, jobs, /):
        reports = self.sandbox.run(jobs)
        for number, job in enumerate(jobs):
            if job.program not in self.seen:
                reports[number] = Report(Verdict.IE)
                self.seen.add(job.program)
        return reports

    def close(self):
        """It is closed where it was made."""


@pytest.mark.parametrize(("load", "trusted"), [(1000.0, True), (0.0, False)])
def test_a_check_counts_when_the_machine_is_not_busy(load, trusted, monkeypatch):
    monkeypatch.setattr("os.getloadavg", lambda: (load, load, load))
    with cppo_env.make_sandbox("local") as sandbox:
        if trusted:
            require_trust(Forgetful(sandbox))
        else:
            with pytest.raises(cppo_env.SandboxError, match="a right program"):
                require_trust(Forgetful(sandbox))


def test_no_limits_are_refused_on_a_busy_machine_too(monkeypatch):
    monkeypatch.setattr("os.getloadavg", lambda: (1000.0,) * 3)
    lenient = dict.fromkeys((check.program for check in CHECKS if check.load), Verdict.AC)

    class NoLimits(Forgetful):
        def run(self, jobs, /):
            known = [job for job in jobs if job.program in lenient]
            return [Report(Verdict.AC) for _ in known] or self.sandbox.run(jobs)

    with (
        cppo_env.make_sandbox("local") as sandbox,
        pytest.raises(cppo_env.SandboxError, match="sleeping"),
    ):
        require_trust(NoLimits(sandbox))
