"""Weights & Biases: figures `STAGE/NAME` over `STAGE/step` in the project `cppo`.

Account, mode and the rest come from wandb's own settings, such as WANDB_MODE=offline or
WANDB_PROJECT.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

import wandb

from cppo_grpo.config import TrainConfig


class WandbTracker:
    """Sends figures to Weights & Biases; a resumed run continues the same run there."""

    def __init__(self, folder: Path, config: TrainConfig):
        name = folder / "wandb-id"
        if not name.exists():
            name.write_text(secrets.token_hex(4))
        self._run = wandb.init(
            project=os.environ.get("WANDB_PROJECT", "cppo"),
            name=folder.resolve().name,
            id=name.read_text(),
            resume="allow",
            dir=str(folder),
            config=json.loads(config.to_json()),
        )
        for stage in ("warm_start", "joint", "evaluation"):
            self._run.define_metric(f"{stage}/*", step_metric=f"{stage}/step")

    def log(self, stage: str, step: int, figures: Mapping[str, float], /) -> None:
        """Send the figures."""
        self._run.log(
            {f"{stage}/step": step} | {f"{stage}/{name}": value for name, value in figures.items()}
        )

    def close(self) -> None:
        """Wait until everything is sent."""
        self._run.finish()
