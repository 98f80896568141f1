"""`cppo report`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cppo_env.errors import UsageError

FILE = "report.html"


@dataclass(frozen=True, slots=True)
class ReportConfig:
    """Settings of `cppo report`."""

    runs: tuple[str, ...] = field(default=(), metadata={"positional": "many"})
    """A run folder; or several (of cppo train, eval, pipeline), folders of such folders, or
    LABEL=FOLDER, for one page of all; runs with one label are seeds of one method."""
    html: Path | None = None
    """File of the page. Default: report.html in the folder of a single run, else here."""
    seed: int = 0
    """Decides the resamples of the intervals."""


def report(config: ReportConfig) -> dict[str, Any]:
    """Write the report of a run again, or one page that compares several runs."""
    from rich.console import Console

    from cppo_env.atomic import write_atomically
    from cppo_env.evaluation.comparison.loading import is_run, stored_config

    if not config.runs:
        raise UsageError("got no run, expected the folder of one or more, such as: runs/NAME")
    alone = Path(config.runs[0]) if len(config.runs) == 1 and is_run(Path(config.runs[0])) else None
    result: dict[str, Any] = {}
    if alone and "algorithm" in stored_config(alone):
        from cppo_grpo.reports.run import report_page
        from cppo_grpo.runs.folder import Run

        page = report_page(Run.find(alone))
    else:
        from cppo_grpo.reports.several import several_runs

        page, result = several_runs(config.runs, seed=config.seed)
    path = config.html or (alone or Path()) / FILE
    write_atomically(path, page)
    for name in ("interrupted", "damaged"):
        for one in result.get(name, ()):
            Console(stderr=True).print(
                f"{name}: {one['run']}: {one['why']}", highlight=False, soft_wrap=True, markup=False
            )
    Console().print(f"report: {path}", highlight=False, soft_wrap=True, markup=False)
    return {"report": str(path), **result}
