"""`cppo train` in two processes, launched by torchrun, equals `cppo train` in one."""

import copy
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from cppo_grpo.launcher import rendezvous
from cppo_grpo.runs.log import MetricsLog
from cppo_grpo.samplers.vllm import VllmSampler
from cppo_grpo.samplers.vllm_server import VllmServerSampler
from safetensors.torch import load_file

from cppo_env import UsageError
from tests.support.cli import flags
from tests.support.forked import Forked
from tests.support.models import tiny_qwen3
from tests.support.tiny_runs import (
    PLANNING,
    carry_out,
    facts,
    go_on,
    killed_after,
    wait_for_steps,
    weights,
)

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


def finish_both(*words: str) -> None:
    """`cppo train` in two processes that torchrun would have started."""
    together = os.environ | rendezvous(2)
    both = [
        Forked(["train", *words], env=together | {"RANK": rank, "LOCAL_RANK": rank})
        for rank in ("0", "1")
    ]
    for process in both:
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors


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


def test_two_processes_make_the_run_of_one(learnt: Path, tmp_path: Path) -> None:
    again = PLANNING | {"model": learnt / "reference", "warm_start_steps": 0}
    # The evaluation after the last step is the one after training: both must know that.
    evaluating = {"eval_every": PLANNING["steps"], "final_weights": "best"}
    output = finish(launch(2, *flags(**again | evaluating, run=tmp_path / "both")))
    assert output.count("report:") == 1
    assert len(MetricsLog(tmp_path / "both" / "metrics.jsonl").rows("eval")) == 1
    assert_same_run(learnt, tmp_path / "both")


def test_shards_go_on_with_a_run_of_one_process_and_one_process_with_theirs(
    learnt: Path, tmp_path: Path
) -> None:
    # So little in a pass that the process with two problems has more of them.
    sharded = change(
        killed_after(learnt, 1, tmp_path / "sharded"), parallel="fsdp2", micro_batch_tokens=256
    )
    finish_both("--resume", str(sharded))
    assert_same_run(learnt, sharded)
    alone = killed_after(sharded, 2, tmp_path / "alone")
    assert_same_run(learnt, go_on(alone).path)


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
def test_an_adapter_in_shards_is_the_adapter_of_one_process(learnt: Path, tmp_path: Path) -> None:
    lora = PLANNING | {
        "model": str(learnt / "reference"),
        "warm_start_steps": 0,
        "lora_rank": 4,
        "steps": 2,
    }
    alone = carry_out(tmp_path / "alone", **lora)
    finish_both(*flags(**lora, parallel="fsdp2", run=tmp_path / "sharded"))
    found, expected = weights(tmp_path / "sharded"), weights(alone.path)
    assert all(
        torch.allclose(found[name], weight, atol=1e-6, rtol=0) for name, weight in expected.items()
    )
    adapters = [
        load_file(run / "adapter" / "adapter_model.safetensors")
        for run in (tmp_path / "sharded", alone.path)
    ]
    torch.testing.assert_close(adapters[0], adapters[1], atol=1e-6, rtol=0)
    assert episodes(tmp_path / "sharded") == episodes(alone.path)


def test_what_programs_say_about_skills_is_shared_out_like_the_rest(
    learnt: Path, tmp_path: Path
) -> None:
    skills = PLANNING | {"model": str(learnt / "reference"), "warm_start_steps": 0, "steps": 2}
    skills |= {"algorithm": "upskill", "tuples": 1, "micro_batch_tokens": 256}
    alone = carry_out(tmp_path / "alone", **skills)
    finish_both(*flags(**skills, parallel="fsdp2", run=tmp_path / "sharded"))
    assert_same_run(alone.path, tmp_path / "sharded")


def test_an_interrupted_launch_leaves_a_checkpoint_of_its_last_step(
    learnt: Path, tmp_path: Path
) -> None:
    endless = PLANNING | {"model": learnt / "reference", "warm_start_steps": 0, "steps": 10_000}
    process = launch(2, *flags(**endless | {"checkpoint_every": 10_000}, run=tmp_path))
    wait_for_steps(process, tmp_path, 2)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=300)
    assert process.returncode != 0
    assert "--resume" in output
    (checkpoint,) = (tmp_path / "checkpoints").iterdir()
    steps = json.loads((checkpoint / "state.json").read_text())["step"]
    assert steps == len(MetricsLog(tmp_path / "metrics.jsonl").rows("joint")) >= 2


def test_engines_that_cannot_serve_several_processes_refuse_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    model = tiny_qwen3()
    with pytest.raises(UsageError, match="2; use --sampler transformers"):
        VllmServerSampler(model, url="http://127.0.0.1:1")
    with pytest.raises(UsageError, match=r"2 processes on GPUs .* use --sampler transformers"):
        VllmSampler(copy.deepcopy(model).to("meta"))  # stands for any device that is not the CPU
