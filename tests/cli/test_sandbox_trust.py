"""A sandbox that cannot be trusted: the self-test says so, and nothing trains on it unless told to."""

import json

import pytest
from cppo_sandboxes.selftest import require_trust

import cppo_env
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
    """An environment in which the plug-in `gullible`, a sandbox that accepts every program, is installed."""
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
