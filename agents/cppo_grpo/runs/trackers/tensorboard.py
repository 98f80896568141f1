"""TensorBoard event files in `RUN/tensorboard/STAGE`.

View them with `tensorboard --logdir RUN/tensorboard`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch.utils.tensorboard import SummaryWriter

from cppo_grpo.config import TrainConfig


class TensorBoardTracker:
    """Writes event files."""

    def __init__(self, folder: Path, config: TrainConfig):
        self._folder = folder / "tensorboard"
        self._writers: dict[str, Any] = {}

    def log(self, stage: str, step: int, figures: Mapping[str, float], /) -> None:
        """Write the figures at once; repeating a step hides the old figures from it on."""
        if stage not in self._writers:
            self._writers[stage] = SummaryWriter(str(self._folder / stage), purge_step=step)
        for name, value in figures.items():
            self._writers[stage].add_scalar(name, value, step)
        self._writers[stage].flush()

    def close(self) -> None:
        """Close the files."""
        for writer in self._writers.values():
            writer.close()
