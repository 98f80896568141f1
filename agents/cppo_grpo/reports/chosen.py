"""Which episodes of a run are worth a look: first solved, lost again, refused, void, and usual."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from cppo_env.evaluation.folders import is_evaluation, step_of, title_of
from cppo_env.evaluation.histories import History, histories
from cppo_env.records import EpisodeRecord
from cppo_grpo.runs.folder import Run

OF_A_KIND = 2
"""Episodes shown of each kind."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """An episode, and what is remarkable about it."""

    file: str
    """Of its record, without `.jsonl`."""
    why: str
    record: EpisodeRecord


@dataclass(slots=True)
class _Kept:
    """Episodes of a problem: its first success, its latest success and its latest failure."""

    first: Chosen | None = None
    solved: EpisodeRecord | None = None
    failed: Chosen | None = None


@dataclass(slots=True)
class Choice:
    """The episodes of a run that its report shows, by kind."""

    kinds: dict[str, list[Chosen]]
    damaged: int = 0
    """Lines that are no records."""
    verdicts: dict[str, dict[str, int]] = field(default_factory=dict[str, dict[str, int]])
    """Evaluation → verdict → number of its programs."""
    lost: list[History] = field(default_factory=list[History])
    """The problems that were lost again; those that failed in most steps since come first."""


def choose(run: Run) -> Choice:
    """Read all episodes of a run once, and choose."""
    choice = Choice({})
    played: list[tuple[str, str, bool]] = []
    kept: defaultdict[tuple[str, bool], _Kept] = defaultdict(_Kept)
    refused: dict[str, Chosen] = {}
    void: list[Chosen] = []
    usual: list[Chosen] = []
    for file, record in _records(run, choice):
        if record.void:
            if len(void) < OF_A_KIND:
                void.append(Chosen(file, record.why, record))
            continue
        if record.accepted is False:
            refused[record.why] = Chosen(file, record.why, record)  # the latest of each reason
        evaluated = is_evaluation(file)
        if evaluated:
            counts = choice.verdicts.setdefault(file, {})
            for verdict in record.verdicts:
                counts[verdict] = counts.get(verdict, 0) + 1
        played.append((record.problem_id, file, record.correct > 0))
        _keep(kept[record.problem_id, evaluated], Chosen(file, "", record))
        if usual and usual[0].file != file:
            usual = []
        if len(usual) < OF_A_KIND:
            usual.append(Chosen(file, "", record))
    found = histories(played)
    choice.lost = sorted((one for one in found if one.lost), key=lambda one: -one.failed_since)
    learnt = sorted(
        (one for one in found if one.first and one.failed_first), key=lambda one: -one.failed_first
    )
    kinds = {
        "First solved in training": _first(learnt, kept, held_out=False),
        "Solved by evaluations after training, not before": _first(learnt, kept, held_out=True),
        "Lost again on held-out problems": _lost(choice.lost, kept, held_out=True),
        "Lost again in training": _lost(choice.lost, kept, held_out=False),
        "Plans that the gate refused": sorted(refused.values(), key=_when)[-OF_A_KIND:],
        "Void episodes": void,
        "The last episodes, as they come": usual,
    }
    choice.kinds = {kind: chosen for kind, chosen in kinds.items() if chosen}
    return choice


def _keep(kept: _Kept, one: Chosen) -> None:
    """Remember an episode if it is among those of its problem that may be shown."""
    if not one.record.correct:
        kept.failed = one
        return
    kept.first = kept.first or one
    kept.solved = one.record


Episodes = Mapping[tuple[str, bool], _Kept]


def _first(learnt: Sequence[History], kept: Episodes, *, held_out: bool) -> list[Chosen]:
    """The first successes that took the most failures."""
    found: list[Chosen] = []
    for one in [one for one in learnt if one.held_out == held_out][:OF_A_KIND]:
        first = kept[one.problem, held_out].first
        if first:
            found.append(replace(first, why=f"after {_failures(one.failed_first, held_out)}"))
    return found


def _lost(lost: Sequence[History], kept: Episodes, *, held_out: bool) -> list[Chosen]:
    """The newest failures of the problems that failed most often since they were solved."""
    found: list[Chosen] = []
    for one in [one for one in lost if one.held_out == held_out][:OF_A_KIND]:
        episodes = kept[one.problem, held_out]
        if episodes.failed:
            found.append(replace(episodes.failed, why=_once(one, episodes.solved)))
    return found


def _once(one: History, solved: EpisodeRecord | None) -> str:
    """When a problem was last solved, and by which method."""
    said = f"last solved in {title_of(one.last or '')}"
    if solved and solved.methods:
        number = solved.verdicts.index("AC")
        said += f", by “{solved.methods[number]}”" if number < len(solved.methods) else ""
    return f"{said}; {_failures(one.failed_since, one.held_out)} since"


def _failures(count: int, held_out: bool) -> str:
    what = "evaluation" if held_out else "step"
    return f"{count:,} {what}{'' if count == 1 else 's'} without success"


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
