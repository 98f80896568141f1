"""`cppo export`."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class ExportConfig:
    """Settings of `cppo export`."""

    run: Path
    """The run folder."""
    output: Path | None = None
    """New folder for the model. Default: `export/` in the run folder."""


def export(config: ExportConfig) -> dict[str, Any]:
    """Write a run's model for transformers and vLLM: merged weights, tokenizer and a model card."""
    from rich.console import Console

    from cppo_grpo.runs.folder import Run
    from cppo_grpo.stages.export import export_model

    run = Run.find(config.run, writable=False)
    exported = export_model(run, config.output or run.path / "export")
    Console().print(
        f"{exported.output}: {exported.parameters:,} parameters after {exported.step} steps, "
        f"licence {exported.license or 'unknown'}",
        highlight=False,
        soft_wrap=True,
    )
    return dataclasses.asdict(exported) | {"output": str(exported.output)}
