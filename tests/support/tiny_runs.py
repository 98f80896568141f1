"""Small runs that tests share."""

import atexit
import functools
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import torch
from cppo_grpo.config import TrainConfig
from cppo_grpo.runs.folder import Run
from cppo_grpo.runs.log import MetricsLog
from cppo_grpo.stages.training import train
from cppo_sandboxes.cached import CachedSandbox
from rich.console import Console
from safetensors.torch import load_file

from cppo_env import make_sandbox
from cppo_env.protocols import Sandbox
from tests.support.forked import Forked

SMALL: dict[str, Any] = {
    "sandbox": "local",
    "hidden": 32,
    "layers": 1,
    "warm_start_steps": 4,
    "steps": 4,
    "problems_per_step": 2,
    "tuples": 3,
    "max_tokens_plan": 24,
    "max_tokens_solve": 24,
    "lr": 1e-3,
    "checkpoint_every": 1,
}
"""A run of seconds that learns next to nothing."""

LEARNING: dict[str, Any] = {
    "planner": "none",  # solutions alone learn within fewer steps
    "warm_start_steps": 30,
    "warm_start_lr": 1e-2,
    "max_tokens_solve": 40,
}
"""What makes it a run whose steps have a gradient."""

PLANNING: dict[str, Any] = {
    **SMALL,
    "hidden": 64,
    "warm_start_steps": 60,
    "max_tokens_plan": 40,
    "max_tokens_solve": 40,
    "problems_per_step": 3,  # one process has one of them, the other two
    "tuples": 4,
    "steps": 3,
    "eval_episodes": 5,
    "lr": 1e-4,
    "lr_warmup_steps": 1,
    "keep_checkpoints": 3,
}
"""A run whose plans and programs are good enough to learn from."""


def carry_out(folder: Path, **settings: Any) -> Run:
    """A small run, from start to end."""
    return _carry_out(TrainConfig(run=folder, **SMALL | settings))


def go_on(folder: Path) -> Run:
    """A run that was broken off, to its end."""
    return _carry_out(TrainConfig(resume=folder))


def _carry_out(config: TrainConfig) -> Run:
    run = Run.open(config)
    with CachedSandbox(_lasting_sandbox()) as sandbox:
        train(run, sandbox, Console(quiet=True))
    return run


@functools.cache
def _lasting_sandbox() -> Sandbox:
    """One for all runs of a session: its start costs more than the programs of a run."""
    sandbox = make_sandbox("local")
    atexit.register(sandbox.close)
    sandbox.close = lambda: None
    return sandbox


def weights(run: Path) -> dict[str, torch.Tensor]:
    return load_file(run / "model" / "model.safetensors")


def killed_after(run: Path, steps: int, folder: Path) -> Path:
    """What would be on the disk if a run had been killed after this many steps."""
    shutil.copytree(run, folder)
    shutil.rmtree(folder / "model")
    for checkpoint in (folder / "checkpoints").iterdir():
        if checkpoint.name > f"step-{steps:06d}":
            shutil.rmtree(checkpoint)
    return folder


def resumed_from(run: Path, step: int) -> Path:
    """The run as if killed after the checkpoint of a step, then carried out to its end."""
    killed = killed_after(run, step, run.with_name(f"killed-{step}"))
    go_on(killed)
    return killed


def facts(folder: Path) -> list[dict[str, Any]]:
    """The metrics without what the clock decides."""
    return [
        {
            name: value
            for name, value in row.items()
            if "second" not in name and not name.endswith("_per_s")
        }
        for row in MetricsLog(folder / "metrics.jsonl").rows()
    ]


def assert_equal_runs(found: Path, expected: Path) -> None:
    """Bitwise equal weights, equal metrics."""
    other = weights(expected)
    assert weights(found).keys() == other.keys()
    assert all(torch.equal(weight, other[name]) for name, weight in weights(found).items())
    assert facts(found) == facts(expected)


def wait_for_steps(process: subprocess.Popen[str] | Forked, folder: Path, steps: int) -> None:
    """Wait until a `cppo train` has logged a number of steps."""
    log = MetricsLog(folder / "metrics.jsonl")
    deadline = time.monotonic() + 300
    while len(log.rows("joint")) < steps:
        assert process.poll() is None, process.stdout and process.stdout.read()
        assert time.monotonic() < deadline
        time.sleep(0.02)
