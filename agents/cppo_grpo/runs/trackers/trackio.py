"""trackio: figures `STAGE/NAME` and episodes as Markdown, in a local database.

`trackio show --project cppo` opens its dashboard. TRACKIO_DIR says where the database is, and
TRACKIO_PROJECT names another project.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import trackio  # pyright: ignore[reportMissingImports] - an extra that the development environment leaves out

from cppo_env.records import EpisodeRecord
from cppo_grpo.config import TrainConfig
from cppo_grpo.runs.trackers.episodes import markdown
from cppo_grpo.runs.trackers.identity import identity

_TRACKIO: Any = trackio  # untyped


class TrackioTracker:
    """Writes to trackio; a resumed run continues the same run there."""

    def __init__(self, folder: Path, config: TrainConfig):
        self._run: Any = _TRACKIO.init(
            project=os.environ.get("TRACKIO_PROJECT", "cppo"),
            name=f"{folder.resolve().name}-{identity(folder, 'trackio')}",
            config=json.loads(config.to_json()),
            resume="allow",
            embed=False,
            auto_log_cpu=False,
            auto_log_gpu=False,
        )

    def log(self, stage: str, step: int, figures: Mapping[str, float], /) -> None:
        """Write the figures."""
        self._run.log({f"{stage}/{name}": value for name, value in figures.items()}, step=step)

    def log_episodes(self, stage: str, step: int, records: Sequence[EpisodeRecord], /) -> None:
        """Write the episodes as Markdown."""
        self._run.log(
            {f"{stage}/sampled_episodes": _TRACKIO.Markdown(markdown(records))}, step=step
        )

    def close(self) -> None:
        """Wait until everything is written."""
        self._run.finish()
