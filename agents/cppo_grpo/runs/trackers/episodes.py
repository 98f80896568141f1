"""Episodes as trackers show them: a sample that has some of each group, as text or as a table."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cppo_env.records import EpisodeRecord
from cppo_env.rendering import cut
from cppo_grpo.stratified import stratified

SAMPLE = 8
"""Episodes of a step that are shown."""
LONGEST = 4000
"""Characters of a program that are shown."""

COLUMNS = [
    *("problem", "episode", "reward", "plan", "branch", "method", "verdict", "program", "message")
]


def sampled(records: Sequence[EpisodeRecord], seed: int) -> list[EpisodeRecord]:
    """Some episodes of each problem, solved ones and others in turn."""
    groups = [record.problem_id for record in records]
    solved = [record.correct > 0 for record in records]
    return [records[n] for n in stratified(groups, solved, SAMPLE, seed)]


def table(records: Sequence[EpisodeRecord]) -> list[list[str | int | float]]:
    """A row for each branch, in the order of `COLUMNS`."""
    rows: list[list[str | int | float]] = []
    for record in records:
        for branch in range(max(len(record.methods), len(record.programs), 1)):
            rows.append(
                [
                    *(record.problem_id, record.episode, record.reward, _ruling(record)),
                    branch,
                    _at(record.methods, branch),
                    _at(record.verdicts, branch),
                    cut(_at(record.programs, branch), LONGEST),
                    _at(record.messages, branch),
                ]
            )
    return rows


def markdown(records: Sequence[EpisodeRecord]) -> str:
    """The same as text; what a model wrote stands in fences that it cannot close."""
    parts: list[str] = []
    for record in records:
        parts.append(
            f"### `{record.problem_id}`, episode {record.episode}: "
            f"reward {record.reward:g}, {_ruling(record)}"
        )
        for branch in range(max(len(record.methods), len(record.programs), 1)):
            verdict = _at(record.verdicts, branch) or "no verdict"
            parts.append(f"**{chr(ord('A') + branch)}: {verdict}**")
            parts.append(_fenced(_at(record.methods, branch) or "no method", "text"))
            if program := cut(_at(record.programs, branch), LONGEST):
                parts.append(_fenced(program, "python"))
    return "\n\n".join(parts) + "\n"


def _ruling(record: EpisodeRecord) -> str:
    if record.void:
        return "void"
    if record.accepted is None:
        return "nobody planned"
    return "accepted" if record.accepted else f"refused: {record.unreadable or record.reason}"


def _fenced(text: str, language: str) -> str:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _at(values: Sequence[str | None], number: int) -> str:
    return (values[number] if number < len(values) else None) or ""
