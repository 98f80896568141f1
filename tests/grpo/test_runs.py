"""Runs that are killed, interrupted, damaged and resumed."""

import json
import os
import random
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from cppo_grpo.config import TrainConfig
from cppo_grpo.runs.checkpoints import load_checkpoint, newest_checkpoint, save_checkpoint
from cppo_grpo.runs.folder import Run
from cppo_grpo.runs.log import MetricsLog
from cppo_grpo.stages.training import train
from cppo_sandboxes.cached import CachedSandbox
from rich.console import Console

from cppo_env import SandboxError, UsageError, make_sandbox
from tests.support.cli import cppo, flags
from tests.support.forked import Forked
from tests.support.tiny_runs import (
    LEARNING,
    SMALL,
    assert_equal_runs,
    carry_out,
    go_on,
    killed_after,
    resumed_from,
    wait_for_steps,
)


def start(folder: Path, **settings: Any) -> Forked:
    """A small run."""
    settings = SMALL | {"eval_episodes": 4, "run": folder} | settings
    return Forked(["train", *flags(**settings)], together=True)


def test_a_killed_run_that_is_resumed_equals_one_that_was_not(tmp_path: Path) -> None:
    whole = carry_out(tmp_path / "whole", steps=6, eval_episodes=4, **LEARNING)
    process = start(tmp_path / "killed", steps=6, **LEARNING)
    wait_for_steps(process, tmp_path / "killed", 3)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert not (tmp_path / "killed" / "model").exists()

    resumed = cppo("train", "--resume", tmp_path / "killed")
    assert resumed.returncode == 0, resumed.stderr
    assert_equal_runs(tmp_path / "killed", whole.path)
    assert sum(row["grad_norm"] > 0 for row in whole.log.rows("joint")) > 3, "it has learnt"


def three_problems(folder: Path) -> str:
    """Few enough that two steps are more than an epoch."""
    path = folder / "train.jsonl"
    tests = json.dumps({"inputs": ["1\n"], "outputs": ["2\n"]})
    rows = [
        {"problem_id": i, "question": f"Add {i}.", "solutions": "[]", "input_output": tests}
        for i in range(3)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


@pytest.mark.parametrize(
    "order", [{"curriculum": True}, {"replacement": True}], ids=lambda order: next(iter(order))
)
def test_a_resumed_run_meets_the_problems_that_the_uninterrupted_one_met(
    tmp_path: Path, order: dict[str, bool]
) -> None:
    few = {"env": "CPPO-APPS-v0", "problems": three_problems(tmp_path), "warm_start_steps": 0}
    whole = carry_out(tmp_path / "whole", steps=6, keep_checkpoints=6, **few, **order)
    for step in (2, 5):
        resumed = resumed_from(whole.path, step)
        assert problems_met(resumed) == problems_met(whole.path)
        assert_equal_runs(resumed, whole.path)
    plain = carry_out(tmp_path / "plain", steps=6, **few)
    assert problems_met(plain.path) != problems_met(whole.path)


def problems_met(run: Path) -> list[str]:
    files = sorted((run / "rollouts").glob("step-*.jsonl"))
    return [
        json.loads(line)["problem_id"] for file in files for line in file.read_text().splitlines()
    ]


@pytest.mark.parametrize(
    "overlap", [{}, {"off_policy_steps": 1, "correction": "token_mask"}], ids=["", "overlapped"]
)
def test_ctrl_c_keeps_what_was_learnt_and_says_how_to_go_on(
    tmp_path: Path, overlap: dict[str, Any]
) -> None:
    folder = tmp_path / "run"
    process = start(folder, steps=10_000, checkpoint_every=10_000, **overlap)
    wait_for_steps(process, folder, 2)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 130, output
    assert f"--resume {folder}" in output.replace("\n", " ")
    assert "Traceback" not in output
    newest = newest_checkpoint(folder / "checkpoints")
    assert newest is not None
    assert json.loads((newest / "state.json").read_text())["step"] == len(
        MetricsLog(folder / "metrics.jsonl").rows("joint")
    )


def test_a_sandbox_that_dies_ends_the_run_and_what_was_learnt_is_kept(tmp_path: Path) -> None:
    run = Run.open(TrainConfig(run=tmp_path, **SMALL | LEARNING | {"checkpoint_every": 100}))
    sandbox = make_sandbox("local")
    run.log.listeners.append(
        lambda row: sandbox.close() if row.get("step") == 2 and row["stage"] == "joint" else None
    )
    with pytest.raises(
        SandboxError, match=r"step 3: every episode is void \(.*closed.*resume the run"
    ):
        train(run, CachedSandbox(sandbox), Console(quiet=True))
    newest = newest_checkpoint(run.checkpoints)
    assert newest is not None and newest.name == "step-000002"
    assert len(go_on(tmp_path).log.rows("joint")) == SMALL["steps"]


def make_trained() -> tuple[torch.nn.Linear, torch.optim.Optimizer]:
    model = torch.nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    model(torch.ones(3)).sum().backward()
    optimizer.step()
    return model, optimizer


def test_a_damaged_checkpoint_is_passed_over_with_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model, optimizer = make_trained()
    for step in (1, 2, 3):
        save_checkpoint(tmp_path, step, model, optimizer, {}, keep=3)
    (tmp_path / "step-000003" / "weights.safetensors").write_bytes(b"half of it")
    (tmp_path / "step-000002" / "state.json").unlink()
    newest = newest_checkpoint(tmp_path)
    assert newest is not None
    assert newest.name == "step-000001"
    assert "step-000003 is damaged" in caplog.text


def test_old_checkpoints_are_deleted_and_weights_of_another_shape_refused(tmp_path: Path) -> None:
    model, optimizer = make_trained()
    for step in (1, 2, 3):
        save_checkpoint(tmp_path, step, model, optimizer, {}, keep=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-000002", "step-000003"]
    (tmp_path / "step-000100").mkdir()  # damaged, so the run went back to an earlier one
    save_checkpoint(tmp_path, 4, model, optimizer, {}, keep=1)
    assert [path.name for path in tmp_path.iterdir()] == ["step-000004"]
    other = torch.nn.Linear(4, 2)
    with pytest.raises(UsageError, match="same model"):
        load_checkpoint(tmp_path / "step-000004", other, torch.optim.AdamW(other.parameters()))


def test_a_checkpoint_without_a_data_cursor_is_refused_before_any_weight_changes(
    tmp_path: Path,
) -> None:
    save_checkpoint(tmp_path, 1, *make_trained(), {}, keep=1)
    state = tmp_path / "step-000001" / "state.json"
    state.write_text(
        json.dumps(
            {
                name: value
                for name, value in json.loads(state.read_text()).items()
                if name != "cursor"
            }
        )
    )
    model, optimizer = make_trained()
    before = model.weight.clone()
    with pytest.raises(UsageError, match="step-000001: it holds no cursor"):
        load_checkpoint(tmp_path / "step-000001", model, optimizer)
    assert torch.equal(model.weight, before)


def test_a_checkpoint_holds_the_settings_and_every_generator(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    checkpoint = carry_out(tmp_path / "run", steps=1).checkpoints / "step-000001"
    state = json.loads((checkpoint / "state.json").read_text())
    stored = json.loads((tmp_path / "run" / "config.json").read_text())
    [recorded] = stored.pop("recorded")
    assert state["config"] == stored
    assert recorded["sandbox"]["name"] == "local"
    assert recorded["problems"]["count"] == 512

    def draws() -> tuple[float, ...]:
        return (
            random.random(),
            float(np.random.random()),
            np.random.standard_normal(),
            float(torch.rand(1)),
        )

    model, optimizer = make_trained()
    np.random.standard_normal()  # the second of a pair is kept for later
    save_checkpoint(tmp_path, 1, model, optimizer, {}, keep=1)
    expected = draws()
    caplog.clear()  # the run has said that its plans of a few tokens were cut
    load_checkpoint(tmp_path / "step-000001", model, optimizer)
    assert draws() == expected
    assert not caplog.text
    file = tmp_path / "step-000001" / "state.json"
    file.write_text(file.read_text().replace(f'"torch": "{torch.__version__}"', '"torch": "1.0"'))
    load_checkpoint(tmp_path / "step-000001", model, optimizer)
    assert f"torch 1.0 → {torch.__version__}" in caplog.text


def test_a_folder_holds_one_run(tmp_path: Path) -> None:
    carry_out(tmp_path, steps=1)
    with pytest.raises(UsageError, match="already holds a run"):
        carry_out(tmp_path, steps=1)
    with pytest.raises(UsageError, match="holds no run"):
        go_on(tmp_path / "nothing")


def test_a_resumed_run_keeps_its_settings(tmp_path: Path) -> None:
    run = carry_out(tmp_path, steps=2)
    with pytest.raises(UsageError, match=r"lr: got 0.5, but .* runs with 0.001"):
        Run.open(TrainConfig(resume=tmp_path, lr=0.5))
    same = Run.open(TrainConfig(resume=tmp_path, lr=1e-3, steps=2, allow_untrusted_sandbox=True))
    assert same.config == replace(run.config, run=None)


def test_a_run_that_never_began_may_begin_with_other_settings(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match="model: got 'no/such/model/', expected a folder or hub name"
    ):
        carry_out(tmp_path, model="no/such/model/")
    assert carry_out(tmp_path, steps=1).log.rows("joint")


def test_steps_without_a_checkpoint_are_taken_again_with_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole = carry_out(tmp_path / "whole", steps=3)
    killed = killed_after(whole.path, 0, tmp_path / "killed")
    go_on(killed)
    assert "3 steps after step 0 have no intact checkpoint" in caplog.text
    assert_equal_runs(killed, whole.path)


def test_an_intact_checkpoint_of_the_step_is_not_written_again(tmp_path: Path) -> None:
    trained = make_trained()
    save_checkpoint(tmp_path, 1, *trained, {}, keep=1)
    weights = tmp_path / "step-000001" / "weights.safetensors"
    inode = weights.stat().st_ino
    save_checkpoint(tmp_path, 1, *trained, {}, keep=1)
    assert weights.stat().st_ino == inode
    weights.write_bytes(b"half of it")
    save_checkpoint(tmp_path, 1, *trained, {}, keep=1)
    assert newest_checkpoint(tmp_path) == tmp_path / "step-000001"
