"""Rollouts played during the update, one step off-policy."""

import json
from pathlib import Path
from typing import Any

import pytest

from cppo_env import UsageError
from tests.support.tiny_runs import LEARNING, assert_equal_runs, carry_out, resumed_from

OVERLAPPED: dict[str, Any] = LEARNING | {
    "steps": 6,
    "off_policy_steps": 1,
    "correction": "token_truncate",
    "checkpoint_every": 3,
    "keep_checkpoints": 6,
}


def programs(run: Path, step: int) -> list[list[str]]:
    lines = (run / "rollouts" / f"step-{step:06d}.jsonl").read_text().splitlines()
    return [json.loads(line)["programs"] for line in lines]


def test_a_rollout_is_of_the_weights_before_the_update_it_is_played_beside(tmp_path: Path) -> None:
    run = carry_out(tmp_path / "run", **OVERLAPPED)
    rows = run.log.rows("joint")
    assert all(row["grad_norm"] > 0 for row in rows)
    old = [row["sampler_gap_max_solve"] > 1e-4 for row in rows]
    assert old == [False, True, True, False, True, True], (
        "the rollout after a checkpoint waits for the update"
    )
    assert [row["staleness"] for row in rows] == [0, 1, 1, 0, 1, 1]
    assert all(row["sampler_ratio_max_solve"] > 1 for row in rows if row["step"] in (2, 3, 5, 6))
    assert sum(row["seconds_overlapped"] for row in rows) > 0

    # The second rollout is the one of a policy that has not learnt yet.
    still = carry_out(tmp_path / "still", **OVERLAPPED | {"lr": 0.0, "steps": 3})
    assert programs(run.path, 2) == programs(still.path, 2)
    assert programs(run.path, 3) != programs(still.path, 3)


def test_a_resumed_run_equals_the_uninterrupted_one(tmp_path: Path) -> None:
    settings = OVERLAPPED | {"checkpoint_every": 2, "curriculum": True, "minibatches": 2}
    whole = carry_out(tmp_path / "whole", **settings)
    for step in (2, 4):
        assert_equal_runs(resumed_from(whole.path, step), whole.path)


def test_old_rollouts_need_a_correction(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="add for example correction=token_truncate"):
        carry_out(tmp_path, off_policy_steps=1)
