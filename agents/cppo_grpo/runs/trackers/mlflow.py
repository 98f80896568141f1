"""MLflow: figures `STAGE/NAME`, settings as parameters, episodes as Markdown artifacts.

Where it goes is MLflow's own setting, MLFLOW_TRACKING_URI; MLFLOW_EXPERIMENT_NAME names another
experiment than `cppo`.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import mlflow  # pyright: ignore[reportMissingImports] - an extra that the development environment leaves out

from cppo_env.records import EpisodeRecord
from cppo_grpo.config import TrainConfig
from cppo_grpo.runs.trackers.episodes import markdown

_MLFLOW: Any = mlflow  # untyped where it is not installed
PARAMETER = 500
"""Characters of a parameter that MLflow takes everywhere."""


class MlflowTracker:
    """Sends figures to MLflow; a resumed run continues the same run there."""

    def __init__(self, folder: Path, config: TrainConfig):
        self._client: Any = _MLFLOW.MlflowClient()
        name = folder / "mlflow-id"
        if name.exists():
            self._run = name.read_text()
            self._client.update_run(self._run, "RUNNING")
            return
        self._run = self._begin(folder.resolve().name, json.loads(config.to_json()))
        name.write_text(self._run)

    def _begin(self, title: str, settings: Mapping[str, Any]) -> str:
        experiment = os.environ.get("MLFLOW_EXPERIMENT_NAME", "cppo")
        known = self._client.get_experiment_by_name(experiment)
        place = known.experiment_id if known else self._client.create_experiment(experiment)
        run = self._client.create_run(place, run_name=title).info.run_id
        told = [
            _MLFLOW.entities.Param(name, str(value)[:PARAMETER]) for name, value in settings.items()
        ]
        self._client.log_batch(run, params=told)
        return run

    def log(self, stage: str, step: int, figures: Mapping[str, float], /) -> None:
        """Send the figures in one request."""
        now = int(time.time() * 1000)
        metrics = [
            _MLFLOW.entities.Metric(f"{stage}/{name}", value, now, step)
            for name, value in figures.items()
        ]
        self._client.log_batch(self._run, metrics=metrics)

    def log_episodes(self, stage: str, step: int, records: Sequence[EpisodeRecord], /) -> None:
        """Send the episodes as a file."""
        file = f"episodes/{stage}-{step:06d}.md"
        self._client.log_text(self._run, markdown(records), file)

    def close(self) -> None:
        """Mark the run as ended."""
        self._client.set_terminated(self._run)
