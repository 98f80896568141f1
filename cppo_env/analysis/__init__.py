"""Runs as tidy pandas frames, for notebooks and plots of one's own (extra `analysis`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cppo_env.evaluation.folders import AFTER, RunOverview, find_runs, metrics_of, step_of
from cppo_env.evaluation.summary import latest
from cppo_env.records import EpisodeRecord, read_records
from cppo_env.types import Verdict

if TYPE_CHECKING:
    import pandas as pd  # pyright: ignore[reportMissingTypeStubs] - it has none

VERDICTS = {verdict.value[0]: verdict.value for verdict in Verdict}
"""Letter in `EpisodeRecord.outcomes` → verdict."""


EPISODE = "run", "file", "step", "problem_id", "episode"
"""Columns that name an episode."""
OF_EPISODE = "reward", "accepted", "correct", "void", "tokens", "tests", "acting_s", "judging_s"


@dataclass(frozen=True, slots=True)
class RunFrames:
    """Some runs as frames, joined by the columns that they share.

    Attributes:
        runs: a row for each run: `run`, `status`, `step`, and every setting.
        steps: a row for each row of `metrics.jsonl`: `run`, `stage`, and its metrics
            (docs/metrics.md).
        episodes: a row for each episode: `run`, `file`, `step`, `problem_id`, `episode`, `reward`,
            `accepted`, `solved`, `correct`, `void`, `unreadable`, `tokens`, `tests`, `acting_s`,
            `judging_s`. Of a void episode that was replayed, the newest.
        attempts: a row for each of the K branches: the columns that name the episode, `branch`,
            `method`, `program`, `verdict`, `message`, `no_program`, `ran`, `passed` (tests); of the
            first failing test `failed_test` (from 0), its `cpu_s`, `memory_bytes`, `got` and
            `stderr` (excerpts, see `ProgramOutput`). None without one, and in older runs.
        tests: a row for each test that ran: the columns that name the attempt, `test`, `verdict`,
            `public`.
    """

    runs: pd.DataFrame
    steps: pd.DataFrame
    episodes: pd.DataFrame
    attempts: pd.DataFrame
    tests: pd.DataFrame


def load_runs(*places: str | Path, files: Sequence[str] | None = None) -> RunFrames:
    """The runs at and below some folders.

    Args:
        places: folders of runs, or folders that hold some.
        files: names of files of episodes to read, such as "after"; all if None.

    Raises:
        UsageError: a folder does not exist, or a line is no record.
    """
    import pandas as pd  # pyright: ignore[reportMissingTypeStubs] - it has none

    runs = find_runs([Path(place) for place in places])
    episodes: list[dict[str, Any]] = []
    attempts: list[dict[str, Any]] = []
    tests: list[dict[str, Any]] = []
    for run in runs:
        for key, record in _records(run, files):
            episodes.append(key | _episode(record))
            for branch in range(len(record.verdicts)):
                attempt = key | {"branch": branch}
                outcomes = record.outcomes[branch] if record.outcomes else ""
                attempts.append(attempt | _attempt(record, branch, outcomes))
                tests.extend(
                    attempt
                    | {
                        "test": number,
                        "verdict": VERDICTS[letter.upper()],
                        "public": letter.islower(),
                    }
                    for number, letter in enumerate(outcomes)
                )
    return RunFrames(
        runs=pd.DataFrame(
            [{"run": run.name, "status": run.status, "step": run.step} | run.config for run in runs]
        ),
        steps=pd.DataFrame(
            [{"run": run.name} | row for run in runs for row in metrics_of(run.path)]
        ),
        episodes=pd.DataFrame(episodes),
        attempts=pd.DataFrame(attempts),
        tests=pd.DataFrame(tests),
    )


def _records(
    run: RunOverview, files: Sequence[str] | None
) -> Iterator[tuple[dict[str, Any], EpisodeRecord]]:
    """The episodes of a run, each with the columns that name it."""
    found = sorted((run.path / "rollouts").glob("*.jsonl"), key=lambda file: step_of(file.stem))
    for file in found:
        if files is not None and file.stem not in files:
            continue
        step = run.step if step_of(file.stem) == AFTER else step_of(file.stem)
        for record in latest(read_records(file)):
            named = run.name, file.stem, step, record.problem_id, record.episode
            yield dict(zip(EPISODE, named, strict=True)), record


def _episode(record: EpisodeRecord) -> dict[str, Any]:
    values = {name: getattr(record, name) for name in OF_EPISODE}
    return values | {"solved": record.correct > 0, "unreadable": bool(record.unreadable)}


def _attempt(record: EpisodeRecord, branch: int, outcomes: str) -> dict[str, Any]:
    failure = record.failures[branch] if record.failures else None
    return {
        "method": record.methods[branch] if branch < len(record.methods) else None,
        "program": record.programs[branch],
        "verdict": record.verdicts[branch],
        "message": record.messages[branch],
        "no_program": record.no_program[branch] if record.no_program else "",
        "ran": len(outcomes),
        "passed": outcomes.upper().count("A"),
        "failed_test": failure and failure.test,
        "cpu_s": failure and failure.cpu_s,
        "memory_bytes": failure and failure.memory_bytes,
        "got": failure and failure.got,
        "stderr": failure and failure.stderr,
    }
