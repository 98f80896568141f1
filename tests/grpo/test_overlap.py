"""Rollouts played during the update, with weights that are some updates old."""

import json
from pathlib import Path
from typing import Any

import pytest
from cppo_grpo.learner.learner import Learner

from cppo_env import UsageError
from cppo_env.errors import SandboxError
from tests.support.tiny_runs import LEARNING, assert_equal_runs, carry_out, go_on, resumed_from
from tests.support.versions import hold_versions

OVERLAPPED: dict[str, Any] = LEARNING | {
    "steps": 6,
    "off_policy_steps": 1,
    "correction": "token_truncate",
    "checkpoint_every": 3,
    "keep_checkpoints": 6,
}


SEVERAL: dict[str, Any] = OVERLAPPED | {
    "steps": 8,
    "off_policy_steps": 2,
    "checkpoint_every": 4,
}


def programs(run: Path, step: int) -> list[list[str]]:
    lines = (run / "rollouts" / f"step-{step:06d}.jsonl").read_text().splitlines()
    return [json.loads(line)["programs"] for line in lines]


def problems(run: Path, step: int) -> list[str]:
    lines = (run / "rollouts" / f"step-{step:06d}.jsonl").read_text().splitlines()
    return [json.loads(line)["problem_id"] for line in lines]


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


def test_several_rollouts_are_played_at_a_time_with_weights_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_versions(monkeypatch)
    run = carry_out(tmp_path / "run", **SEVERAL)
    rows = run.log.rows("joint")
    assert [row["staleness"] for row in rows] == [0, 1, 2, 2, 0, 1, 2, 2]
    assert [row["sampler_gap_max_solve"] > 1e-4 for row in rows] == [
        row["staleness"] > 0 for row in rows
    ]

    # The fourth rollout is the first one that is played after an update.
    still = carry_out(tmp_path / "still", **SEVERAL | {"lr": 0.0, "steps": 4})
    same = [programs(run.path, step) == programs(still.path, step) for step in (1, 2, 3, 4)]
    assert same == [True, True, True, False]


@pytest.mark.parametrize(
    "settings",
    [OVERLAPPED | {"checkpoint_every": 2}, SEVERAL | {"eval_every": 3, "eval_episodes": 2}],
    ids=["one", "two"],
)
def test_a_resumed_run_equals_the_uninterrupted_one(
    tmp_path: Path, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_versions(monkeypatch)
    settings |= {"curriculum": True, "minibatches": 2}
    whole = carry_out(tmp_path / "whole", **settings)
    for step in (2, 4) if settings["checkpoint_every"] == 2 else (4,):
        assert_equal_runs(resumed_from(whole.path, step), whole.path)


def test_a_run_that_breaks_off_takes_up_the_problems_that_it_had_not_learnt_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_versions(monkeypatch)
    settings = SEVERAL | {"checkpoint_every": 50}
    whole = carry_out(tmp_path / "whole", **settings)
    real = Learner.update

    def breaks_off(self: Learner, rollout: Any, step: int) -> dict[str, float]:
        if step == 3:
            raise SandboxError("gone")
        return real(self, rollout, step)

    with monkeypatch.context() as broken, pytest.raises(SandboxError, match="gone"):
        broken.setattr(Learner, "update", breaks_off)
        carry_out(tmp_path / "run", **settings)
    run = go_on(tmp_path / "run")
    assert [row["staleness"] for row in run.log.rows("joint")] == [0, 1, 2, 0, 1, 2, 2, 2]
    assert [problems(run.path, step) for step in range(1, 9)] == [
        problems(whole.path, step) for step in range(1, 9)
    ]


def test_a_sampler_of_one_version_refuses_more_than_one_update(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="off_policy_steps=2: sampler=transformers holds") as told:
        carry_out(tmp_path / "run", **OVERLAPPED | {"off_policy_steps": 2})
    assert "\n" not in str(told.value) and "expected 0 or 1; for more use --sampler ray" in str(
        told.value
    )
    with pytest.raises(UsageError, match="off_policy_steps: got -1, expected 0 or more"):
        carry_out(tmp_path / "run", **OVERLAPPED | {"off_policy_steps": -1})


def test_old_rollouts_need_a_correction(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="add for example correction=token_truncate"):
        carry_out(tmp_path, off_policy_steps=1)
