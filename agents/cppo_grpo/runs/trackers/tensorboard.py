"""TensorBoard event files in `RUN/tensorboard/STAGE`.

View them with `tensorboard --logdir RUN/tensorboard`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch.utils.tensorboard import SummaryWriter

from cppo_env.records import EpisodeRecord
from cppo_grpo.config import TrainConfig
from cppo_grpo.runs.trackers.episodes import markdown


class TensorBoardTracker:
    """Writes event files."""

    def __init__(self, folder: Path, config: TrainConfig):
        self._folder = folder / "tensorboard"
        self._writers: dict[str, Any] = {}

    def log(self, stage: str, step: int, figures: Mapping[str, float], /) -> None:
        """Write the figures at once; repeating a step hides the old figures from it on."""
        writer = self._writer(stage, step)
        for name, value in figures.items():
            writer.add_scalar(name, value, step)
        writer.flush()

    def log_episodes(self, stage: str, step: int, records: Sequence[EpisodeRecord], /) -> None:
        """Write the episodes as Markdown, under Text."""
        writer = self._writer(stage, step)
        writer.add_text("sampled_episodes", markdown(records), step)
        writer.flush()

    def _writer(self, stage: str, step: int) -> Any:
        if stage not in self._writers:
            self._writers[stage] = SummaryWriter(str(self._folder / stage), purge_step=step)
        return self._writers[stage]

    def close(self) -> None:
        """Close the files."""
        for writer in self._writers.values():
            writer.close()
