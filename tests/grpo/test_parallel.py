"""`cppo train` in two processes, launched by torchrun, equals `cppo train` in one."""

import copy
import json
import os
import signal
from pathlib import Path

import pytest
import torch
from cppo_grpo.launcher import rendezvous
from cppo_grpo.runs.log import MetricsLog
from cppo_grpo.samplers.vllm import VllmSampler
from cppo_grpo.samplers.vllm_server import servers_of
from safetensors.torch import load_file

from cppo_env import UsageError
from tests.support.cli import flags
from tests.support.forked import Forked
from tests.support.models import tiny_qwen3
from tests.support.tiny_runs import (
    PLANNING,
    carry_out,
    go_on,
    killed_after,
    wait_for_steps,
    weights,
)
from tests.support.torchrun import assert_same_run, change, episodes, finish, launch

pytest.importorskip("accelerate", reason="accelerate is not installed")


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


def test_vllm_in_the_processes_refuses_several_of_them_on_gpus(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(UsageError, match=r"2 processes on GPUs .* use --sampler vllm_server"):
        # "meta" stands for any device that is not the CPU.
        VllmSampler(copy.deepcopy(tiny_qwen3()).to("meta"))


@pytest.mark.parametrize(
    ("servers", "processes", "of_each"),
    [
        ("A", 2, ["A", "A"]),
        ("AB", 2, ["A", "B"]),
        ("AB", 3, ["A", "B", "A"]),
        ("ABC", 2, ["AC", "B"]),
        ("ABC", 1, ["ABC"]),
    ],
)
def test_processes_share_out_the_servers(servers: str, processes: int, of_each: list[str]) -> None:
    own = [servers_of([*servers], rank, processes) for rank in range(processes)]
    assert ["".join(one) for one in own] == of_each
