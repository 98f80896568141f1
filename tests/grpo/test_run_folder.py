"""A run's folder after a failure, an interruption, or an extension."""

import json
import os
import signal
import stat
import time
from pathlib import Path
from typing import Any

import pytest
from cppo_grpo.config import TrainConfig
from cppo_grpo.model.tiny import make_model, train_tokenizer
from cppo_grpo.runs.checkpoints import newest_checkpoint
from cppo_grpo.runs.folder import Run
from cppo_grpo.runs.log import MetricsLog
from cppo_grpo.stages.training import train
from cppo_sandboxes.cached import CachedSandbox
from rich.console import Console

from cppo_env import CppoError, UsageError, make_sandbox
from cppo_env.evaluation.comparison.summary import compare_runs
from tests.grpo.test_runs import start
from tests.support.cli import cppo, fault, flags
from tests.support.disks import small_disk
from tests.support.tiny_runs import LEARNING, SMALL, assert_equal_runs, carry_out, go_on


def test_a_resumed_run_keeps_its_prompts_whatever_became_of_the_originals(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    text = '{% set version = "3" %}{% block user %}Mine: {{ task }}{% endblock %}'
    (own / "plan.jinja").write_text(text)
    run = Run.open(TrainConfig(run=tmp_path / "run", prompts=str(own)))
    words = run.prompts.identity
    assert words["plan"].startswith("own/plan.jinja 3 ")
    (own / "plan.jinja").unlink()
    resumed = Run.open(TrainConfig(resume=run.path, given=frozenset({"resume"})))
    assert resumed.prompts.identity == words
    with pytest.raises(UsageError, match="prompts: got 'plain', but"):
        Run.open(TrainConfig(resume=run.path, given=frozenset({"resume", "prompts"})))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"env": "CPPO-Samples-v0", "split": "valid"}, "none of 41 problems fulfils split='valid'"),
        ({"eval_episodes": 4, "eval_split": "dev", "allow_overlap": "true"}, "split='dev'"),
        ({"env": "CPPO-Samples-v0", "eval_episodes": 4}, "expected --split train"),
        ({"sampler": "vllm"}, "vllm"),
        ({"sampler": "vllm_server", "sampler_options.url": "http://127.0.0.1:9"}, "127.0.0.1:9"),
        ({"sandbox": "nowhere"}, "no sandboxes named 'nowhere'"),
        ({"model": "MISMATCHED"}, "the embedding only"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_a_run_that_cannot_start_leaves_no_folder(
    tmp_path: Path, settings: dict[str, Any], message: str
) -> None:
    if "model" in settings:
        tokenizer = train_tokenizer(["a text"])
        make_model(tokenizer, hidden=32, layers=1).save_pretrained(tmp_path / "model")
        tokenizer.add_tokens(["one more"])
        tokenizer.save_pretrained(tmp_path / "model")
        settings = {"model": tmp_path / "model"}
    folder = tmp_path / "run"
    done = cppo("train", *flags(**SMALL | {"run": folder} | settings))
    # The trust check announces before it what it will try.
    assert message in done.stderr.splitlines()[-1]
    assert done.returncode in (1, 2)
    assert not folder.exists()


def test_a_folder_with_other_files_keeps_them_when_a_run_cannot_start(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    cppo("train", *flags(**SMALL | {"run": tmp_path, "split": "dev"}))
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_finished_run_goes_on_with_more_steps(tmp_path: Path) -> None:
    whole = carry_out(tmp_path / "whole", steps=4, eval_episodes=4, **LEARNING)
    short = carry_out(tmp_path / "short", steps=2, eval_episodes=4, **LEARNING)
    done = cppo("train", "--resume", short.path, "--steps", 4)
    assert done.returncode == 0, done.stderr
    assert_equal_runs(short.path, whole.path)
    assert json.loads((short.path / "config.json").read_text())["steps"] == 4
    assert "has taken 4" in fault(cppo("train", "--resume", short.path, "--steps", 3), 2)


def test_a_run_goes_on_with_the_same_problems_only(tmp_path: Path) -> None:
    run = carry_out(tmp_path, steps=1)
    [recorded] = run.recorded
    run.record(recorded)
    changed = recorded | {"problems": recorded["problems"] | {"fingerprint": "sha256:0"}}
    with pytest.raises(UsageError, match="the problems have changed") as caught:
        run.record(changed)
    assert "\n" not in str(caught.value)
    assert run.recorded == [recorded]


def test_evaluations_of_a_run_are_on_the_same_problems_only(tmp_path: Path) -> None:
    """A training run goes on with its held-out problems, and is compared on the same ones only."""
    one, other = (carry_out(tmp_path / name, steps=1, eval_episodes=4) for name in ("a", "b"))
    compare_runs([str(one.path), f"other={other.path}"])
    config = json.loads((other.path / "config.json").read_text())
    config["recorded"][-1]["held_out"]["fingerprint"] = "sha256:0"
    (other.path / "config.json").write_text(json.dumps(config))
    with pytest.raises(UsageError, match="problem set: "):
        compare_runs([str(one.path), f"other={other.path}"])
    with pytest.raises(UsageError, match="the held-out problems have changed"):
        go_on(other.path)


def test_a_setting_that_is_given_counts_even_if_it_is_the_default(tmp_path: Path) -> None:
    run = carry_out(tmp_path, steps=1)
    given = TrainConfig(resume=tmp_path, given=frozenset({"resume", "steps", "stop_at"}))
    assert Run.open(given).config.steps == TrainConfig().steps == 200
    assert Run.find(run.path).config.steps == 200
    with pytest.raises(UsageError, match=r"lr: got 1e-06, but .* runs with 0.001"):
        Run.open(TrainConfig(resume=tmp_path, given=frozenset({"resume", "lr"})))
    message = fault(cppo("train", "--resume", tmp_path, "--tuples", TrainConfig().tuples), 2)
    assert "tuples: got 8" in message


def test_whatever_ends_a_run_its_steps_are_in_a_checkpoint(tmp_path: Path) -> None:
    whole = carry_out(tmp_path / "whole", **LEARNING)
    settings = SMALL | LEARNING | {"checkpoint_every": 100}
    run = Run.open(TrainConfig(run=tmp_path / "run", **settings))

    def break_down(row: dict[str, Any]) -> None:
        if row["stage"] == "joint" and row["step"] == 2:
            raise RuntimeError("the tracker is down")

    run.log.listeners.append(break_down)
    with (
        CachedSandbox(make_sandbox("local")) as sandbox,
        pytest.raises(RuntimeError, match="the tracker is down"),
    ):
        train(run, sandbox, Console(quiet=True))
    newest = newest_checkpoint(run.checkpoints)
    assert newest is not None and newest.name == "step-000002"
    go_on(run.path)
    assert_equal_runs(run.path, whole.path)


def test_ctrl_c_in_the_warm_start_says_that_it_begins_anew(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    process = start(folder, warm_start_steps=10_000)
    log = MetricsLog(folder / "metrics.jsonl")
    deadline = time.monotonic() + 300
    while not log.rows("warm_start") and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 130
    assert (
        f"the warm start had not ended and begins anew; go on with: cppo train --resume {folder}"
        in output
    )
    assert "Traceback" not in output
    assert Run.open(TrainConfig(run=folder, **SMALL)).config.warm_start_steps == 4, "or with others"


def test_weights_are_as_readable_as_other_files(tmp_path: Path) -> None:
    run = carry_out(tmp_path, steps=1)
    expected = stat.S_IMODE((run.path / "config.json").stat().st_mode)
    written = [*run.path.rglob("*.safetensors")]
    assert len(written) == 4
    assert {stat.S_IMODE(file.stat().st_mode) for file in written} == {expected}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts a small disk")
def test_a_full_disk_is_one_line_and_the_run_goes_on_later(tmp_path: Path) -> None:
    whole = carry_out(tmp_path / "whole", steps=2)
    small = tmp_path / "small"
    with small_disk(small, "700k") as resize:
        with pytest.raises(CppoError, match=r"cannot write .*No space left.*free some space"):
            carry_out(small / "run", steps=2)
        assert not [*small.rglob("*.partial")]
        resize("100m")
        if (small / "run" / "reference").exists():
            go_on(small / "run")
        else:
            carry_out(small / "run", steps=2)
        assert_equal_runs(small / "run", whole.path)
