"""Read the folders of finished runs: of `cppo eval`, and of `cppo train` with an evaluation."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from cppo_env.errors import CppoError, UsageError
from cppo_env.evaluation.summary import latest
from cppo_env.protocols import ProblemSet
from cppo_env.provenance import CONTENTS, HELD_OUT, PROBLEMS, RECORDED
from cppo_env.records import EpisodeRecord, read_records
from cppo_env.sources import ProblemSource, source_of

OF_ONE_RUN = frozenset(
    {
        *("seed", "run", "resume", "given", "threads", "sandbox", "sampler", "sampler_options"),
        *("log_to", "log_episodes_every", "tokens_every", "checkpoint_every", "keep_checkpoints"),
        *("allow_untrusted_sandbox", "share_sandbox", "eval_episodes", "eval_seed", RECORDED),
        *("sandbox_options", "dry_run", "assume", "assume_prompt_tokens"),
        *("env", "problems", "split", "filters", "k", "eval_env", "eval_problems", "eval_split"),
        *("allow_overlap", "micro_batch_tokens", "independent_attempts", "regraded"),
    }
)
"""Settings that do not make it another method."""

KINDS = {"env": str, "k": int, "seed": int, "steps": int, "filters": dict, RECORDED: list}
"""The types of stored settings; each may be missing or null."""


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """The episodes of one evaluation, and what decides whether they can be compared."""

    path: Path
    method: Mapping[str, Any]
    """The settings that make it this method."""
    problem_set: tuple[str, str | None, str]
    """Environment or source of the problems, split, and filters as JSON."""
    source: ProblemSource
    """Where the problems come from."""
    k: int
    seed: int
    independent: bool
    """Whether attempts are independent draws; otherwise a tuple is one draw."""
    records: tuple[EpisodeRecord, ...]
    """The episodes that count, the latest of each; none of a run without its evaluation."""
    void: int
    judged: Mapping[str, str]
    """Sandbox, image and language of the judge, as far as recorded."""
    fingerprint: str | None
    """Of the problem set; None if it was not recorded."""

    @property
    def set_name(self) -> str:
        """A short name of the problem set."""
        source, split, filters = self.problem_set
        return ", ".join(filter(None, (source, split, "" if filters == "{}" else filters)))

    def problems(self) -> ProblemSet:
        """The problems that were played.

        Raises:
            CppoError: they are not here.
        """
        return self.source.load()


PIPELINE, JOINT = "pipeline.json", "joint"
"""The record of a pipeline, by which its folder is known, and the stage that stands for it."""


def is_run(path: Path) -> bool:
    """Whether a folder holds a run."""
    return (path / "config.json").is_file()


def load_run(path: Path, evaluation: str = "after", *, unfinished: bool = False) -> FinishedRun:
    """The finished run in a folder.

    Args:
        path: the folder.
        evaluation: of a training run: before, after, or eval-000010 during it.
        unfinished: also a run without the evaluation, which then has no records.

    Raises:
        UsageError: the folder holds none, or one without an evaluation.
        CppoError: no episode counts.
    """
    config = stored_config(path)
    if not {"env", "k"} <= config.keys() or not config.keys() & {"algorithm", "agent"}:
        raise UsageError(
            f"{path} holds no run of cppo train or cppo eval (its config.json is of something else)"
        )
    trained = "algorithm" in config
    played = path / "rollouts" / f"{evaluation if trained else 'episodes'}.jsonl"
    if not played.exists() and not unfinished:
        remedy = (
            "train it to its end with --eval_episodes N"
            if trained
            else "run the cppo eval that made it again"
        )
        raise UsageError(f"{path} holds no finished evaluation (no {played.name}); {remedy}")
    records = latest(read_records(played)) if played.exists() else []
    counted = tuple(record for record in records if not record.void)
    if not counted and (records or not unfinished):
        raise CppoError(f"{path}: none of its {len(records)} episodes counts; play it again")
    source = source_of(config)
    recorded = cast(list[dict[str, Any]], config.get(RECORDED) or [{}])[-1]
    sandbox = cast(dict[str, str], recorded.get("sandbox", {}))
    return FinishedRun(
        path=path,
        method={name: value for name, value in config.items() if name not in OF_ONE_RUN},
        problem_set=source.key,
        source=source,
        k=int(config["k"]),
        seed=int(config.get("seed", 0)),
        independent=independent_in(config),
        records=counted,
        void=len(records) - len(counted),
        judged={
            name: str(sandbox[name])
            for name in ("name", "image_id", "language")
            if sandbox.get(name) is not None
        },
        fingerprint=_contents(recorded, HELD_OUT if trained else PROBLEMS),
    )


def independent_in(config: Mapping[str, Any]) -> bool:
    """Whether the attempts of a stored run are independent draws; otherwise a tuple is one draw."""
    if "algorithm" in config:
        return config.get("planner") == "none"
    return bool(config.get("independent_attempts", False))


def _contents(recorded: Mapping[str, Any], name: str) -> str | None:
    """The fingerprint of these problems' contents; older runs recorded another kind, or none."""
    found = recorded.get(name, {}).get("fingerprint") or ""
    return found if found.startswith(CONTENTS) else None


def stored_config(path: Path) -> dict[str, Any]:
    """The settings of the run in a folder, of `cppo eval` or of `cppo train`.

    Raises:
        UsageError: the folder holds none.
    """
    file = path / "config.json"
    try:
        found: object = json.loads(file.read_text("utf-8"))
        if not isinstance(found, dict):
            raise ValueError(f"got {type(found).__name__}")
        settings = cast(dict[str, Any], found)
        for name, kind in KINDS.items():
            if not isinstance(settings.get(name), kind | None):
                raise ValueError(f"{name} is {str(settings[name])[:40]!r}")
        if not all(isinstance(one, dict) for one in settings.get(RECORDED) or ()):
            raise ValueError(f"{RECORDED} holds more than objects")
        return settings
    except FileNotFoundError:
        raise UsageError(
            f"{path} holds no run (no config.json); expected a folder of cppo eval --run or of "
            "cppo train"
        ) from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{file}: {error}; expected the settings of a run") from error


def require_comparable(runs: Sequence[FinishedRun]) -> None:
    """Refuse runs of one problem set that were judged or sampled by different rules.

    Raises:
        UsageError: they differ in K, sandbox, image, language, problem set, checker, limits or
            number of tests; the message names each difference, with two runs that have it.
    """
    found: list[str] = []

    def compare(what: str, values: Mapping[Path, object]) -> None:
        known = {path: value for path, value in values.items() if value is not None}
        (first, value), *others = [*known.items()] or [(Path(), None)]
        other = next(((path, one) for path, one in others if one != value), None)
        if other is not None:
            found.append(f"{what}: {first} has {value}, {other[0]} has {other[1]}")

    compare("k", {run.path: run.k for run in runs})
    for name, what in (("name", "sandbox"), ("image_id", "image"), ("language", "language")):
        compare(what, {run.path: run.judged.get(name) for run in runs})
    compare("problem set", {run.path: run.fingerprint for run in runs})
    rules = [
        (run.path, {one.problem_id: one.rules for one in run.records if one.rules}) for run in runs
    ]
    for problem in {problem: None for _, by_problem in rules for problem in by_problem}:
        before = len(found)
        compare(
            f"rules of problem {problem}",
            {path: by_problem.get(problem) for path, by_problem in rules},
        )
        if len(found) > before:
            break  # one problem tells; the others differ in the same way
    if found:
        raise UsageError(
            f"the runs differ in more than their method: {'; '.join(found)}; compare runs with the "
            "same settings, or judge one again (cppo regrade)"
        )
