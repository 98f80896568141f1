"""`cppo train` in two processes, launched as people launch it, is `cppo train` in one."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from cppo_grpo.metrics import MetricsLog
from safetensors.torch import load_file

from tests.learning.test_runs import wait_for_steps
from tests.learning.tiny_runs import PLANNING, carry_out, facts, killed_after, weights

pytest.importorskip("accelerate", reason="accelerate is not installed")


def launch(processes: int, *flags: str) -> subprocess.Popen[str]:
    """`cppo train` under torchrun."""
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    return subprocess.Popen(
        [sys.executable, *launcher, "-m", "--", "cppo_env", "train", *flags],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def flags(**settings: Any) -> list[str]:
    return [word for name, value in settings.items() for word in (f"--{name}", str(value))]


def finish(process: subprocess.Popen[str]) -> str:
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    return output


def assert_same_run(one: Path, other: Path) -> None:
    """Weights and metrics, to rounding: sums are added up in another order."""
    expected, found = weights(one), weights(other)
    assert found.keys() == expected.keys()
    start = load_file(one / "reference" / "model.safetensors")
    for name, weight in expected.items():
        torch.testing.assert_close(found[name], weight, atol=1e-6, rtol=0)
        assert (weight - start[name]).abs().max() > 1e-5
    for mine, theirs in zip(learning(one), learning(other), strict=True):
        assert theirs.pop("ci95", None) == mine.pop("ci95", None)
        assert theirs == pytest.approx(mine, rel=1e-4, abs=1e-5)
    assert episodes(one) == episodes(other)


def learning(run: Path) -> list[dict[str, Any]]:
    return [row for row in facts(run) if row.pop("stage") != "warm_start"]


def episodes(run: Path) -> list[tuple[Any, ...]]:
    """What was played: problems, methods, programs and verdicts of every batch."""
    rows = [json.loads(line) for file in sorted((run / "rollouts").iterdir()) for line in file.read_text().splitlines()]
    return [(row["problem_id"], row["episode"], row["methods"], row["programs"], row["verdicts"]) for row in rows]


def test_two_processes_make_the_run_of_one_and_each_goes_on_with_the_others(learnt: Path, tmp_path: Path) -> None:
    again = PLANNING | {"model": learnt / "reference", "warm_start_steps": 0}
    output = finish(launch(2, *flags(**again, run=tmp_path / "both")))
    assert output.count("report:") == 1
    assert_same_run(learnt, tmp_path / "both")
    one_by_both = killed_after(learnt, 1, tmp_path / "one by both")
    finish(launch(2, "--resume", str(one_by_both)))
    assert_same_run(learnt, one_by_both)
    both_by_one = killed_after(tmp_path / "both", 2, tmp_path / "both by one")
    assert_same_run(learnt, carry_out(both_by_one, resume=both_by_one).path)


def test_an_interrupted_launch_leaves_a_checkpoint_of_its_last_step(learnt: Path, tmp_path: Path) -> None:
    endless = PLANNING | {"model": learnt / "reference", "warm_start_steps": 0, "steps": 10_000}
    process = launch(2, *flags(**endless | {"checkpoint_every": 10_000}, run=tmp_path))
    wait_for_steps(process, tmp_path, 2)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "--resume" in output
    (checkpoint,) = (tmp_path / "checkpoints").iterdir()
    steps = json.loads((checkpoint / "state.json").read_text())["step"]
    assert steps == len(MetricsLog(tmp_path / "metrics.jsonl").rows("joint")) >= 2
