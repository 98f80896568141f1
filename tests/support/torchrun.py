"""`cppo train` in several processes, and what equal runs have in common."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from tests.support.tiny_runs import facts, weights


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


def finish(process: subprocess.Popen[str]) -> str:
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    return output


def assert_same_run(one: Path, other: Path) -> None:
    """Equal weights and metrics up to rounding: sums are added in another order."""
    expected, found = weights(one), weights(other)
    assert found.keys() == expected.keys()
    start = load_file(one / "reference" / "model.safetensors")
    for name, weight in expected.items():
        torch.testing.assert_close(found[name], weight, atol=1e-6, rtol=0)
        assert (weight - start[name]).abs().max() > 1e-5
    for mine, theirs in zip(learning(one), learning(other), strict=True):
        for key in [key for key, value in mine.items() if not isinstance(value, int | float)]:
            assert theirs.pop(key) == mine.pop(key)
        assert theirs == pytest.approx(mine, rel=1e-4, abs=1e-5)
    assert episodes(one) == episodes(other)


def learning(run: Path) -> list[dict[str, Any]]:
    return [row for row in facts(run) if row.pop("stage") not in ("warm_start", "eval")]


def episodes(run: Path) -> list[tuple[Any, ...]]:
    """What was played: problems, methods, programs and verdicts of every batch."""
    rows = [
        json.loads(line)
        for file in sorted((run / "rollouts").iterdir())
        if not file.name.startswith("eval-")
        for line in file.read_text().splitlines()
    ]
    return [
        (row["problem_id"], row["episode"], row["methods"], row["programs"], row["verdicts"])
        for row in rows
    ]


def change(run: Path, **settings: Any) -> Path:
    """A run with other settings."""
    file = run / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | settings))
    return run
