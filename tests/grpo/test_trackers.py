"""Trackers show what metrics.jsonl says, and a sample of the episodes."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cppo_grpo.runs.log import MetricsLog
from cppo_grpo.runs.trackers.episodes import markdown

from cppo_env import UnknownNameError
from tests.grpo.test_report import played
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
        tmp_path / "run",
        log_to=("tensorboard",),
        eval_episodes=4,
        keep_checkpoints=9,
        log_episodes_every=2,
        **LEARNING,
    ).path
    resumed = resumed_from(whole, 2)
    assert len(list((resumed / "tensorboard" / "joint").iterdir())) == 2, (
        "two processes have written"
    )
    for run in (whole, resumed):
        assert_shown(shown_by_tensorboard(run, "joint"), figures(run, ("joint",)))
        assert_shown(shown_by_tensorboard(run, "warm_start"), figures(run, ("warm_start",)))
        assert_shown(shown_by_tensorboard(run, "evaluation"), figures(run, ("before", "after")))
    texts = texts_in_tensorboard(whole, "joint")
    assert [step for step, _ in texts] == [2, 4]
    assert all(text.count("### `strategies/train/") == 6 for _, text in texts)
    assert [step for step, _ in texts_in_tensorboard(whole, "evaluation")] == [0, 4]


def texts_in_tensorboard(run: Path, stage: str) -> list[tuple[int, str]]:
    """Step and Markdown of the episodes."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(run / "tensorboard" / stage)).Reload()
    [tag] = events.Tags()["tensors"]
    return [(one.step, one.tensor_proto.string_val[0].decode()) for one in events.Tensors(tag)]


def test_wandb_gets_every_figure(tmp_path: Path) -> None:
    pytest.importorskip("wandb", reason="wandb is not installed")
    settings: dict[str, Any] = SMALL | {
        "steps": 2,
        "warm_start_steps": 1,
        "run": tmp_path,
        "log_to": "[wandb]",
        "log_episodes_every": 1,
    }
    offline = {"WANDB_MODE": "offline", "WANDB_SILENT": "true"}
    done = cppo("train", *flags(**settings), env=offline)
    assert done.returncode == 0, done.stderr
    (file,) = tmp_path.glob("wandb/offline-run-*/run-*.wandb")
    assert_shown(sent_to_wandb(file, "joint"), figures(tmp_path, ("joint",)))
    tables = [*tmp_path.glob("wandb/offline-run-*/files/media/table/joint/*.json")]
    assert len(tables) == 2
    shown = json.loads(tables[0].read_text())
    assert shown["columns"][:2] == ["problem", "episode"] and len(shown["data"]) >= 6


def test_trackio_and_mlflow_get_figures_and_episodes_and_go_on_when_a_run_is_resumed(
    tmp_path: Path,
) -> None:
    pytest.importorskip("trackio", reason="trackio is not installed")
    pytest.importorskip("mlflow", reason="mlflow-skinny is not installed")
    run = tmp_path / "run"
    places = {
        "TRACKIO_DIR": str(tmp_path / "trackio"),
        "MLFLOW_TRACKING_URI": f"file:{tmp_path / 'mlruns'}",
        "MLFLOW_ALLOW_FILE_STORE": "true",
    }
    settings: dict[str, Any] = SMALL | {
        "steps": 1,
        "warm_start_steps": 1,
        "run": run,
        "log_to": "[trackio,mlflow]",
        "log_episodes_every": 1,
    }
    for options in (flags(**settings), ["--resume", str(run), "--steps", "2"]):
        done = cppo("train", *options, env=places)
        assert done.returncode == 0, done.stderr
    expected = {(name, step): value for name, step, value in figures(run, ("joint",))}
    with sqlite3.connect(tmp_path / "trackio" / "cppo.db") as db:
        rows = db.execute("SELECT run_name, step, metrics FROM metrics").fetchall()
    assert len({name for name, _, _ in rows}) == 1
    sent = [(step, json.loads(metrics)) for _, step, metrics in rows]
    shown = {
        (name.removeprefix("joint/"), step): value
        for step, values in sent
        for name, value in values.items()
        if name.startswith("joint/") and name != "joint/sampled_episodes"
    }
    assert shown == pytest.approx(expected)
    episodes = [
        values["joint/sampled_episodes"] for _, values in sent if "joint/sampled_episodes" in values
    ]
    assert len(episodes) == 2 and "### `strategies/train/" in episodes[0]["_value"]
    [at_mlflow] = (tmp_path / "mlruns").glob("*/*/metrics/joint")
    lines = (at_mlflow / "pass_at_k").read_text().splitlines()
    assert [int(line.split()[2]) for line in lines] == [1, 2]
    found = sorted(file.name for file in at_mlflow.parents[1].glob("artifacts/episodes/*"))
    assert found == ["joint-000001.md", "joint-000002.md"]


def test_no_text_of_a_model_leaves_its_fence() -> None:
    text = markdown([played("p", "WA", methods=("```\n# Title",), programs=("````",))])
    assert "````text\n```\n# Title\n````" in text and "`````python\n````\n`````" in text


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
            if k.startswith(f"{stage}/") and "/sampled_episodes" not in k
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
