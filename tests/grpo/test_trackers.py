"""TensorBoard and Weights & Biases show what metrics.jsonl says."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cppo_grpo.runs.log import MetricsLog

from cppo_env import UnknownNameError
from tests.support.cli import cppo, flags
from tests.support.tiny_runs import LEARNING, SMALL, carry_out, resumed_from


def figures(run: Path, stages: tuple[str, ...]) -> list[tuple[str, int, float]]:
    """(name, step, value) of the numbers in metrics.jsonl."""
    return [
        (name, row["step"], value)
        for row in MetricsLog(run / "metrics.jsonl").rows()
        if row["stage"] in stages
        for name, value in row.items()
        if name not in ("stage", "step") and isinstance(value, int | float)
    ]


def shown_by_tensorboard(run: Path, stage: str) -> list[tuple[str, int, float]]:
    """The same as TensorBoard reads it."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(
        str(run / "tensorboard" / stage), size_guidance={"scalars": 0}
    ).Reload()
    return [
        (name, event.step, event.value)
        for name in events.Tags()["scalars"]
        for event in events.Scalars(name)
    ]


def assert_shown(
    found: list[tuple[str, int, float]], expected: list[tuple[str, int, float]]
) -> None:
    found, expected = sorted(found), sorted(expected)
    assert [one[:2] for one in found] == [one[:2] for one in expected]
    assert [one[2] for one in found] == pytest.approx([one[2] for one in expected], rel=1e-6)


def test_tensorboard_shows_every_figure_also_of_a_run_that_was_killed(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="tensorboard is not installed")
    whole = carry_out(
        tmp_path / "run", log_to=("tensorboard",), eval_episodes=4, keep_checkpoints=9, **LEARNING
    ).path
    resumed = resumed_from(whole, 2)
    assert len(list((resumed / "tensorboard" / "joint").iterdir())) == 2, (
        "two processes have written"
    )
    for run in (whole, resumed):
        assert_shown(shown_by_tensorboard(run, "joint"), figures(run, ("joint",)))
        assert_shown(shown_by_tensorboard(run, "warm_start"), figures(run, ("warm_start",)))
        assert_shown(shown_by_tensorboard(run, "evaluation"), figures(run, ("before", "after")))


def test_wandb_gets_every_figure(tmp_path: Path) -> None:
    pytest.importorskip("wandb", reason="wandb is not installed")
    settings: dict[str, Any] = SMALL | {
        "steps": 2,
        "warm_start_steps": 1,
        "run": tmp_path,
        "log_to": "[wandb]",
    }
    offline = {"WANDB_MODE": "offline", "WANDB_SILENT": "true"}
    done = cppo("train", *flags(**settings), env=offline)
    assert done.returncode == 0, done.stderr
    (file,) = tmp_path.glob("wandb/offline-run-*/run-*.wandb")
    assert_shown(sent_to_wandb(file, "joint"), figures(tmp_path, ("joint",)))


def sent_to_wandb(file: Path, stage: str) -> list[tuple[str, int, float]]:
    """The figures of a stage in wandb's own record of a run."""
    from wandb.proto.wandb_internal_pb2 import Record

    found: list[tuple[str, int, float]] = []
    for data in log_records(file.read_bytes()):
        items = Record.FromString(data).history.item
        row = {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in items}
        step = row.pop(f"{stage}/step", None)
        found += [
            (k.removeprefix(f"{stage}/"), step, v)
            for k, v in row.items()
            if k.startswith(f"{stage}/")
        ]
    return found


def log_records(data: bytes, block: int = 1 << 15) -> Iterator[bytes]:
    """Records of the LevelDB log behind wandb's header of 7 bytes.

    Blocks of chunks (crc 4, size 2, kind 1).
    """
    position, record = 7, b""
    while position < len(data):
        if block - position % block < 7:  # no chunk starts in the last bytes of a block
            position += block - position % block
            continue
        size, kind = int.from_bytes(data[position + 4 : position + 6], "little"), data[position + 6]
        position += 7 + size
        record += data[position - size : position]
        if kind in (1, 4):  # a whole record, or the last chunk of one
            yield record
            record = b""


def test_a_tracker_that_nobody_has_installed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'tensorboard'"):
        carry_out(tmp_path, log_to=("tensorbord",))
