"""Weights & Biases: figures `STAGE/NAME` over `STAGE/step`, and episodes, in the project `cppo`.

Account, mode and the rest come from wandb's own settings, such as WANDB_MODE=offline or
WANDB_PROJECT.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import wandb

from cppo_env.records import EpisodeRecord
from cppo_grpo.config import TrainConfig
from cppo_grpo.runs.trackers.episodes import COLUMNS, table
from cppo_grpo.runs.trackers.identity import identity


class WandbTracker:
    """Sends figures to Weights & Biases; a resumed run continues the same run there."""

    def __init__(self, folder: Path, config: TrainConfig):
        self._run = wandb.init(
            project=os.environ.get("WANDB_PROJECT", "cppo"),
            name=folder.resolve().name,
            id=identity(folder, "wandb"),
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

    def log_episodes(self, stage: str, step: int, records: Sequence[EpisodeRecord], /) -> None:
        """Send the episodes as a table."""
        rows: list[Any] = [*table(records)]
        columns: list[Any] = [*COLUMNS]
        shown = wandb.Table(columns=columns, data=rows)
        self._run.log({f"{stage}/step": step, f"{stage}/sampled_episodes": shown})

    def close(self) -> None:
        """Wait until everything is sent."""
        self._run.finish()
