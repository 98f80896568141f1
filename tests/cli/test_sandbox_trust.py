"""An untrustworthy sandbox: the self-test says so, and nothing trains on it by default."""

import contextlib
import json
import resource
import subprocess
import sys
import time

import pytest
from cppo_sandboxes.selftest import CHECKS, require_trust, run_checks

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
    """An environment with the plug-in `gullible`, a sandbox that accepts every program."""
    site = tmp_path / "site"
    info = site / "gullible-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "gullible.py").write_text(SANDBOX)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: gullible\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[cppo_env.sandboxes]\ngullible = gullible:Gullible\n")
    return {"PYTHONPATH": str(site)}


def test_a_failed_self_test_still_writes_its_result(gullible, tmp_path):
    out = tmp_path / "out.json"
    done = cppo("sandbox", "selftest", "--sandbox", "gullible", "--json", out, env=gullible)
    assert "Gullible cannot be trusted here; failed: a wrong program," in fault(done, 1)
    result = json.loads(out.read_text())
    assert "a wrong program" in result["failed"]
    [wrong] = [check for check in result["checks"] if check["check"] == "a wrong program"]
    assert wrong == {
        "check": "a wrong program",
        "vital": True,
        "ok": False,
        "verdict": "AC",
        "message": "",
    }


def test_training_refuses_a_sandbox_that_fails_the_vital_checks_unless_told_otherwise(
    gullible, tmp_path
):
    options = ("--sandbox", "gullible", "--steps", 1, "--eval_episodes", 4)
    done = cppo("run", *options, "--run", tmp_path / "refused", env=gullible)
    assert "--allow_untrusted_sandbox" in fault(done, 1)
    train = (
        "train",
        "--sandbox",
        "gullible",
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
    assert cppo(*train, *told, env=gullible).returncode == 0


@pytest.mark.parametrize("name", BACK_ENDS)
def test_our_own_sandboxes_are_trusted(name):
    with cppo_env.make_sandbox(name) as sandbox:
        require_trust(sandbox)


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
        started = time.monotonic()
        done = run_bare(check.program)
        assert time.monotonic() - started < 30, check.about  # 5 s, if there is nothing else to do
        assert done.returncode == 0 and len(done.stdout) <= (64 << 20) + 10, check.about
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < (1 << 20) + (1 << 18)  # KiB
