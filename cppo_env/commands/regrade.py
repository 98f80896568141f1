"""`cppo regrade`: judge the stored programs of a run again, by other rules."""

from __future__ import annotations

import dataclasses
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cppo_env import plugins
from cppo_env.claims import claimed
from cppo_env.errors import CppoError, UsageError
from cppo_env.evaluation.comparison.loading import stored_config
from cppo_env.evaluation.folders import is_evaluation
from cppo_env.evaluation.records import RunFolder
from cppo_env.evaluation.regrade import Move, Rules, moves
from cppo_env.evaluation.regrade import regrade as judge_again
from cppo_env.evaluation.summary import latest
from cppo_env.problems import Problems
from cppo_env.problems.layouts.limits import MOST_BYTES, MOST_S
from cppo_env.provenance import RECORDED, provenance
from cppo_env.records import EpisodeRecord, read_records
from cppo_env.rendering import printable
from cppo_env.sandboxing import borrow_sandbox
from cppo_env.sources import source_of
from cppo_env.types import MIB

SHOWN = 20
"""Moved verdicts that are printed; the JSON result holds them all."""


@dataclass(frozen=True)
class RegradeConfig:
    """Options of `cppo regrade`."""

    run: Path
    """Folder of a run of `cppo eval` or `cppo train`; it stays as it is."""
    to: Path | None = None
    """Folder for the new records; repeat the command to resume. Default: RUN-regraded, beside it.
    """
    sandbox: str = "auto"
    """Where programs run: auto, docker, local, or another plug-in's name."""
    sandbox_options: dict[str, Any] = field(default_factory=dict[str, Any])
    """Options of the sandbox, such as --sandbox_options.image=NAME for another Python."""
    checker: str | None = None
    """Name of the checker of all problems. Default: each problem's own."""
    cpu_s: float | None = None
    """CPU seconds of a test. Default: each problem's own, as for the other limits."""
    wall_s: float | None = None
    """Wall-clock seconds of a test."""
    memory_mib: float | None = None
    """Memory of a process in MiB."""
    output_mib: float | None = None
    """Output of a test in MiB."""
    language: str = "python"
    """Language of the programs: python, cpp17, cpp20, java or rust."""
    stop_early: bool = True
    """Stop at the first test that fails; false runs all, so that records tell every test."""
    problems: str | None = None
    """Path or name of the problems. Default: those of the run."""
    rollouts: str | None = None
    """File of episodes under rollouts/ of a training run: before, after, step-000010, … Default:
    after."""
    cache: bool = True
    """Run equal deterministic programs on equal tests once."""
    batch: int = 64
    """Episodes judged in one sandbox call."""

    def limits(self) -> dict[str, float | int]:
        """The limits that change.

        Raises:
            UsageError: one is not positive, or more than any machine can carry.
        """
        changed: dict[str, float | int] = {}
        for name, value in (("cpu_s", self.cpu_s), ("wall_s", self.wall_s)):
            if value is not None:
                changed[name] = _within(name, value, MOST_S)
        for name, value in (("memory", self.memory_mib), ("output", self.output_mib)):
            if value is not None:
                size = _within(f"{name}_mib", value, MOST_BYTES / MIB) * MIB
                changed[f"{name}_bytes"] = max(1, int(size))
        return changed


def regrade(config: RegradeConfig) -> dict[str, Any]:
    """Judge the programs of a run again, and say which verdicts moved."""
    if config.batch < 1:
        raise UsageError(f"batch: got {config.batch}, expected 1 or more")
    rules = Rules(config.checker, config.limits(), config.language, config.stop_early)
    if config.checker is not None:
        plugins.find("checkers", config.checker)
    stored = stored_config(config.run)
    name = config.rollouts or ("after" if "algorithm" in stored else "episodes")
    old = latest(read_records(config.run / "rollouts" / f"{name}.jsonl"))
    problems = _problems(config, stored, name)
    reward = plugins.make("rewards", stored.get("reward", "gated"), {})
    folder = RunFolder(_target(config), _identity(config, stored), name)
    with (
        claimed(folder.path),
        borrow_sandbox(config.sandbox, config.sandbox_options, cache=config.cache) as sandbox,
    ):
        folder.record(provenance(problems, sandbox))
        done = {record.key for record in folder.read() if not record.void}
        left = [record for record in old if record.key not in done]
        for records in judge_again(left, problems, sandbox, rules, reward, batch=config.batch):
            folder.append(records)
    new = latest(folder.read())
    result = _result(config, old, new, moves(old, new))
    _show(result)
    return result


def _within(name: str, value: float, most: float) -> float:
    if not 0 < value <= most:
        raise UsageError(f"{name}: got {value}, expected more than 0 and at most {most:,.0f}")
    return value


def _target(config: RegradeConfig) -> Path:
    run = config.run.resolve()
    target = config.to or run.with_name(f"{run.name}-regraded")
    if target.resolve() == run:
        raise UsageError(f"to: got {target}, the run itself, which stays as it is; give another")
    return target


def _identity(config: RegradeConfig, stored: dict[str, Any]) -> dict[str, Any]:
    """The settings of the new folder: those of the run, and how its programs were judged."""
    judged = {
        one.name: getattr(config, one.name)
        for one in dataclasses.fields(config)
        if one.name not in ("run", "to", "cache", "batch", "rollouts")
    }
    kept = {name: value for name, value in stored.items() if name != RECORDED}
    return {**kept, "regraded": {"of": str(config.run.resolve()), **judged}}


def _problems(config: RegradeConfig, stored: dict[str, Any], name: str) -> Problems:
    """The problems of the episodes in a file."""
    training = "algorithm" in stored and not is_evaluation(name)
    source = source_of(stored, training=training)
    return (source if config.problems is None else replace(source, problems=config.problems)).load()


def _result(
    config: RegradeConfig,
    old: list[EpisodeRecord],
    new: list[EpisodeRecord],
    moved: list[Move],
) -> dict[str, Any]:
    judged = {record.key for record in new}
    if not old:
        raise CppoError(f"{config.run} holds no episode that can be read; play it again")
    if not new:
        raise CppoError(
            f"none of the {len(old)} episodes is of a problem of this set; give --problems"
        )
    if all(record.void for record in new):
        raise CppoError(
            f"no program could be judged; {new[-1].reason}; run the same command again, or give "
            f"other settings and another folder than {_target(config)}"
        )
    return {
        "run": str(config.run),
        "folder": str(_target(config)),
        "episodes": len(new),
        "programs": sum(len(record.verdicts) for record in new),
        "unchanged_without_programs": sum(not record.verdicts for record in new),
        "left_out": len(old) - len(judged),
        "void": sum(record.void for record in new),
        "solved_before": sum(record.correct > 0 for record in old if record.key in judged),
        "solved_after": sum(record.correct > 0 for record in new),
        "transitions": dict(Counter(f"{one.before} → {one.after}" for one in moved).most_common()),
        "moved": [dataclasses.asdict(one) for one in moved],
    }


def _show(result: dict[str, Any]) -> None:
    console = Console()
    console.print(
        f"{len(result['moved']):,} of {result['programs']:,} verdicts moved; episodes solved: "
        f"{result['solved_before']:,} before, {result['solved_after']:,} now "
        f"(of {result['episodes']:,}); new records: {result['folder']}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    if result["transitions"]:
        table = Table("verdict", "programs")
        for move, count in result["transitions"].items():
            table.add_row(move, f"{count:,}")
        console.print(table)
    for one in result["moved"][:SHOWN]:
        said = f": {printable(one['message'])}" if one["message"] else ""
        line = f"{one['problem']}, episode {one['episode']}, program {one['branch'] + 1}: "
        console.print(Text(f"  {line}{one['before']} → {one['after']}{said}"), soft_wrap=True)
    if len(result["moved"]) > SHOWN:
        console.print(f"  … {len(result['moved']) - SHOWN:,} more (all are in the --json result)")
    for name, said in (
        ("left_out", "episodes left out, because the problems lack theirs"),
        ("unchanged_without_programs", "episodes without programs stay as they were"),
        ("void", "episodes void (the sandbox failed); run the same command again to judge them"),
    ):
        if result[name]:
            console.print(f"{result[name]:,} {said}", highlight=False, soft_wrap=True)
