"""`cppo problems import`: any layout into one indexed Parquet store."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from cppo_env.problems import load_problems
from cppo_env.problems.files import sources
from cppo_env.problems.store.writer import write_store
from cppo_env.problems.views import indexed
from cppo_env.progress import live
from cppo_env.types import MIB


@dataclass(frozen=True)
class ImportConfig:
    """Options of `cppo problems import`."""

    source: str
    """Path of the problems (any published layout) or name of a downloaded set."""
    output: Path | None = None
    """Folder of the new store. Default: in the data folder, as the data of the set's name."""
    split: str | None = None
    """Part of the set. Default: all."""
    filters: dict[str, Any] = field(default_factory=dict[str, Any])
    """Further filters, such as --filters.version=v6 --filters.start_date=2025-01-01."""


def import_problems(config: ImportConfig) -> dict[str, Any]:
    """Write a problem set as one indexed Parquet store, which opens at once at any size."""
    start = time.perf_counter()
    console = Console()
    problems = indexed(load_problems(config.source, **{"split": config.split, **config.filters}))
    name = Path(config.source).stem
    output = config.output or sources.imported(name)
    with Progress(console=console, transient=True, disable=not live(console)) as progress:
        task = progress.add_task("writing", total=len(problems))
        size = write_store(
            problems, output, progress=lambda done: progress.update(task, completed=done)
        )
    seconds = time.perf_counter() - start
    console.print(
        f"{len(problems)} problems, {size / MIB:.1f} MiB, {seconds:.1f} s → {output}",
        soft_wrap=True,
    )
    if config.output is None:
        console.print(f"open it by its name: --problems {name}", highlight=False)
    for refusal in problems.refused[:20]:
        console.print(f"refused: {refusal}", markup=False, highlight=False, soft_wrap=True)
    return {
        "store": str(output),
        "problems": len(problems),
        "bytes": size,
        "seconds": seconds,
        "refused": [asdict(refusal) for refusal in problems.refused],
    }
