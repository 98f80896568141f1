"""`cppo train` with an engine of vLLM, as a user starts it."""

import json
from pathlib import Path
from typing import Any

from tests.cli.support import cppo

SETTINGS: dict[str, Any] = {
    "sandbox": "local",
    "judge": "accept",
    "steps": 3,
    "problems_per_step": 2,
    "tuples": 3,
    "max_tokens_plan": 64,
    "max_tokens_solve": 64,
    "lr": 1e-3,
    "lr_warmup_steps": 1,
}


def require_training(folder: Path, run: Path, sampler: str, **options: Any) -> None:
    """Assert that a run learns and that its sampler always had the weights that were being trained."""
    settings = SETTINGS | {"model": folder, "run": run, "sampler": sampler}
    settings |= {f"sampler_options.{name}": value for name, value in options.items()}
    done = cppo("train", *(f"--{name}={value}" for name, value in settings.items()), env={"OMP_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stderr[-2000:]
    rows = [row for row in map(json.loads, (run / "metrics.jsonl").read_text().splitlines()) if row["stage"] == "joint"]
    assert len(rows) == SETTINGS["steps"]
    assert any(row["grad_norm"] > 0 for row in rows)
    for row in rows:
        for region in ("plan", "solve"):
            assert row[f"sampler_gap_max_{region}"] < 1e-4
