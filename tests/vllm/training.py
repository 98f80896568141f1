"""`cppo train` with an engine of vLLM, as a user starts it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support.cli import cppo
from tests.support.tiny_runs import assert_equal_runs, killed_after
from tests.vllm import ENGINE

SETTINGS: dict[str, Any] = {
    "sandbox": "local",
    "judge": "accept",
    "steps": 3,
    "problems_per_step": 2,
    "tuples": 3,
    "checkpoint_every": 1,
    "max_tokens_plan": 64,
    "max_tokens_solve": 64,
    "lr": 1e-3,
    "lr_warmup_steps": 1,
}
ADAPTER = {"lora_rank": 4}


def require_training(
    folder: Path, run: Path, sampler: str, changed: Mapping[str, Any] = {}, **options: Any
) -> None:
    """Assert that a run learns and that its sampler always had the trained weights."""
    settings = SETTINGS | {"model": folder, "run": run, "sampler": sampler} | changed
    settings |= {f"sampler_options.{name}": value for name, value in options.items()}
    words = (f"--{name}={value}" for name, value in settings.items())
    done = cppo("train", *words, imports=ENGINE)
    assert done.returncode == 0, done.stderr[-2000:]
    rows = [
        row
        for row in map(json.loads, (run / "metrics.jsonl").read_text().splitlines())
        if row["stage"] == "joint"
    ]
    assert len(rows) == SETTINGS["steps"]
    assert any(row["grad_norm"] > 0 for row in rows)
    for row in rows:
        for region in ("plan", "solve"):
            assert row[f"sampler_gap_max_{region}"] < 1e-4


def require_resumption(run: Path) -> None:
    """Assert that the run would have ended as it did, had it been killed after its second step."""
    killed = killed_after(run, 2, run.with_name(f"{run.name}-killed"))
    done = cppo("train", f"--resume={killed}", imports=ENGINE)
    assert done.returncode == 0, done.stderr[-2000:]
    assert_equal_runs(killed, run)
