"""Which episodes of a run are worth a look: first solved, lost again, refused, void, and usual."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from cppo_env.evaluation.folders import step_of
from cppo_env.records import EpisodeRecord
from cppo_grpo.runs.folder import Run

OF_A_KIND = 2
"""Episodes shown of each kind."""
HELD_OUT = "before", "eval-", "after"
"""Beginnings of the names of files with evaluations."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """An episode, and what is remarkable about it."""

    file: str
    """Of its record, without `.jsonl`."""
    why: str
    record: EpisodeRecord


@dataclass(slots=True)
class _Story:
    """What became of a problem in the order of the files."""

    failed: int = 0
    """Episodes without success until the first one with it."""
    first: Chosen | None = None
    """The first success, if failures went before it."""
    solved: EpisodeRecord | None = None
    """The latest success."""
    failed_since: int = 0
    last: EpisodeRecord | None = None
    """The latest failure."""
    file: str = ""
    """Of the latest failure."""


@dataclass(slots=True)
class Choice:
    """The episodes of a run that its report shows, by kind."""

    kinds: dict[str, list[Chosen]]
    damaged: int = 0
    """Lines that are no records."""
    verdicts: dict[str, dict[str, int]] = field(default_factory=dict[str, dict[str, int]])
    """Evaluation → verdict → number of its programs."""


def choose(run: Run) -> Choice:
    """Read all episodes of a run once, and choose."""
    choice = Choice({})
    held_out: dict[str, _Story] = {}
    training: dict[str, _Story] = {}
    refused: dict[str, Chosen] = {}
    void: list[Chosen] = []
    usual: list[Chosen] = []
    for file, record in _records(run, choice):
        if record.void:
            if len(void) < OF_A_KIND:
                void.append(Chosen(file, record.reason, record))
            continue
        if record.accepted is False:
            why = record.unreadable or record.reason
            refused[why] = Chosen(file, why, record)  # the latest of each reason
        evaluated = file.startswith(HELD_OUT)
        if evaluated:
            counts = choice.verdicts.setdefault(file, {})
            for verdict in record.verdicts:
                counts[verdict] = counts.get(verdict, 0) + 1
        stories = held_out if evaluated else training
        _tell(stories.setdefault(record.problem_id, _Story()), file, record)
        if usual and usual[0].file != file:
            usual = []
        if len(usual) < OF_A_KIND:
            usual.append(Chosen(file, "", record))
    kinds = {
        "First solved in training": _first(training),
        "Solved by evaluations after training, not before": _first(held_out),
        "Lost again on held-out problems": _lost(held_out),
        "Lost again in training": _lost(training),
        "Plans that the gate refused": sorted(refused.values(), key=_when)[-OF_A_KIND:],
        "Void episodes": void,
        "The last episodes, as they come": usual,
    }
    choice.kinds = {kind: chosen for kind, chosen in kinds.items() if chosen}
    return choice


def _tell(story: _Story, file: str, record: EpisodeRecord) -> None:
    """Add an episode to the story of its problem."""
    if not record.correct:
        story.failed += story.solved is None
        story.failed_since += 1
        story.last, story.file = record, file
        return
    if story.solved is None and story.failed:
        story.first = Chosen(file, f"after {_failures(story.failed)}", record)
    story.solved, story.failed_since = record, 0


def _first(stories: dict[str, _Story]) -> list[Chosen]:
    """Those that took the most failures."""
    found = [story for story in stories.values() if story.first]
    found.sort(key=lambda story: -story.failed)
    return [story.first for story in found[:OF_A_KIND] if story.first]


def _lost(stories: dict[str, _Story]) -> list[Chosen]:
    """Those that failed most often since they were last solved."""
    found = [story for story in stories.values() if story.solved and story.failed_since]
    found.sort(key=lambda story: -story.failed_since)
    return [
        Chosen(story.file, _once(story), story.last) for story in found[:OF_A_KIND] if story.last
    ]


def _once(story: _Story) -> str:
    """How often a problem failed since it was solved, and by which method it had been."""
    said = f"{_failures(story.failed_since)} since it was last solved"
    solved = story.solved
    if solved and solved.methods:
        number = solved.verdicts.index("AC")
        said += f", by “{solved.methods[number]}”" if number < len(solved.methods) else ""
    return said


def _failures(count: int) -> str:
    return f"{count:,} episode{'' if count == 1 else 's'} without success"


def _when(one: Chosen) -> int:
    return step_of(one.file)


def _records(run: Run, choice: Choice) -> Iterator[tuple[str, EpisodeRecord]]:
    """File and record of each episode, in the order in which they were played."""
    files = sorted(
        (run.path / "rollouts").glob("*.jsonl"), key=lambda file: (step_of(file.stem), file)
    )
    for file in files:
        if file.stem == "audit":
            continue
        with file.open("rb") as lines:
            for line in lines:
                try:
                    record = EpisodeRecord.from_json(line.decode())
                except (ValueError, TypeError):
                    choice.damaged += 1
                    continue
                yield file.stem, record
