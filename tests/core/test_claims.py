"""A run folder has one writer at a time, whatever becomes of the process that claimed it."""

import subprocess
import sys

import pytest

from cppo_env.claims import claimed
from cppo_env.errors import UsageError
from tests.support.cli import cppo, fault
from tests.support.finished_runs import finished

TRAIN = ("--sandbox=local", "--allow_untrusted_sandbox=true", "--steps=1")
HOLD = """
import sys
from pathlib import Path
from cppo_env.claims import claimed
with claimed(Path(sys.argv[1])):
    print("claimed", flush=True)
    sys.stdin.read()
"""


def test_a_folder_has_one_writer_until_its_process_is_gone(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "claimed\n"
        with pytest.raises(UsageError, match="is in use: another process"), claimed(tmp_path):
            pass
        other.kill()
    with claimed(tmp_path):
        pass
    assert not list(tmp_path.iterdir())


def test_evaluations_and_trainings_leave_a_claimed_folder_as_it_is(tmp_path):
    tmp_path.joinpath("train").mkdir()
    with claimed(tmp_path / "train"):
        done = cppo("train", *TRAIN, "--run", str(tmp_path / "train"))
        assert "is in use" in fault(done, 2)
    assert not (tmp_path / "train" / "metrics.jsonl").exists()

    folder = finished(tmp_path / "eval", lambda problem, episode: (True,) * 4)
    before = (folder / "rollouts" / "episodes.jsonl").read_bytes()
    with claimed(folder), pytest.raises(UsageError, match="is in use"):
        finished(folder, lambda problem, episode: (True,) * 4, attempts=8)
    assert (folder / "rollouts" / "episodes.jsonl").read_bytes() == before
