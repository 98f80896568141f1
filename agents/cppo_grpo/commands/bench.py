"""`cppo bench algorithms`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cppo_env.errors import UsageError


@dataclass(frozen=True, slots=True)
class BenchConfig:
    """Settings of `cppo bench algorithms`."""

    algorithm: tuple[str, ...] = field(default=("cppo",), metadata={"positional": "many"})
    """Names of algorithms, or module:FUNCTION or ./FILE.py:FUNCTION."""
    families: tuple[str, ...] = ("coordination", "obedience", "gate", "sparse", "noise")
    """Families to train on."""
    seeds: int = 3
    """Runs of each algorithm on each family, with the seeds 0, 1, …; each determines the weights,
    the order of the problems and every draw."""
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    """Settings of `cppo train` that replace the bench's for these algorithms, such as
    --settings.planner=none. They become part of the algorithm's label."""
    label: str | None = None
    """Label of the algorithm in table and plot, if one is given. Default: its name and settings."""
    run: Path = Path("runs/diagnostics")
    """Folder of the runs. Finished ones are not repeated, and all algorithms there are shown."""
    sandbox: str = "auto"
    """Where programs run: "auto", "docker", "local", or the name of a plug-in."""
    show: bool = False
    """Train nothing; show what is in the folder."""


def algorithms(config: BenchConfig) -> dict[str, Any]:
    """Train algorithms on five small tasks that each isolate one ability, and compare them."""
    from cppo_grpo.diagnostics import fingerprint
    from cppo_grpo.diagnostics.families import by_name
    from cppo_grpo.runs.progress import main_console

    console = main_console()
    for name in config.families:
        by_name(name)
    if not config.show:
        _train(config, console)
    results = fingerprint.found(config.run)
    if not results:
        raise UsageError(f"run: {config.run} holds no finished run; leave out --show")
    fingerprint.show(results, console)
    page = fingerprint.write(results, config.run)
    console.print(f"plot: {page}", highlight=False, soft_wrap=True)
    return results


def _train(config: BenchConfig, console: Any) -> None:
    from cppo_env.sandboxing import borrow_sandbox
    from cppo_grpo.diagnostics import fingerprint
    from cppo_grpo.runs.progress import stage

    if not config.algorithm or config.seeds < 1:
        raise UsageError(
            f"got {len(config.algorithm)} algorithms and seeds={config.seeds}, expected one or more"
        )
    if config.label is not None and len(config.algorithm) > 1:
        raise UsageError(
            f"label: got one for {len(config.algorithm)} algorithms; give one of them, or no label"
        )
    with borrow_sandbox(config.sandbox) as box:
        for algorithm in config.algorithm:
            label = config.label or _label(algorithm, config.settings)
            work = [(name, seed) for name in config.families for seed in range(config.seeds)]
            with stage(console, label, len(work)) as shown:
                for done, (family, seed) in enumerate(work, start=1):
                    folder = config.run / label / family / f"seed-{seed}"
                    settings = config.settings | {"seed": seed}
                    starts = config.run / "starts"
                    run = fingerprint.open_run(algorithm, family, folder, settings, starts)
                    fingerprint.carry_out(run, box)
                    after = fingerprint.scores(run, "after").values()
                    shown.show(done, {family: sum(after) / len(after)})


def _label(algorithm: str, settings: dict[str, Any]) -> str:
    """A folder's name that says what was run."""
    words = [algorithm.rpartition(":")[2], *(f"{name}={value}" for name, value in settings.items())]
    return re.sub(r"[^\w.=+-]+", "-", " ".join(words))
