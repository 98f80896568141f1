"""What a policy's programs are like: how many differ, what they cost, and signs of cheating."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cppo_env.evaluation.comparison.hard_coded import hard_coded
from cppo_env.evaluation.summary import mean
from cppo_env.judges import repeats_a_method
from cppo_env.records import EpisodeRecord
from cppo_env.types import Problem


def behaviour(records: Sequence[EpisodeRecord], problems: Mapping[str, Problem]) -> dict[str, Any]:
    """Diversity, cost and signs of reward hacking of the episodes of one method.

    Args:
        records: episodes that count.
        problems: those that could be loaded, by id.
    """
    successes = sum(record.correct > 0 for record in records)
    tokens = sum(record.tokens for record in records)
    seconds = sum(record.acting_s + record.judging_s for record in records)
    return {
        "episodes": len(records),
        "successes": successes,
        "distinct_programs": mean(
            len({_text(program) for program in record.programs if program is not None})
            for record in records
            if record.programs
        ),
        "distinct_behaviours": mean(
            len({*zip(record.verdicts, record.outcomes, strict=True)})
            for record in records
            if record.outcomes
        ),
        "duplicate_plans": mean(
            repeats_a_method(record.methods)
            for record in records
            if record.accepted is not None and not record.unreadable
        ),
        "tokens": tokens,
        "tokens_per_success": tokens / successes if tokens and successes else None,
        "seconds": seconds,
        "seconds_per_success": seconds / successes if successes else None,
        "public_pass_hidden_fail": _public_only(records),
        "hard_coded": _hard_coded(records, problems),
    }


def _public_only(records: Iterable[EpisodeRecord]) -> dict[str, int] | None:
    """Programs that passed all public tests and failed a hidden one, among those that ran both.

    None where no program ran a public test, or the records are too old to tell.
    """
    told = [
        outcome
        for record in records
        for outcome in record.outcomes
        if any(letter.islower() for letter in outcome)
    ]
    passed = [one for one in told if all(letter == "a" for letter in one if letter.islower())]
    failed = sum(any(letter.isupper() and letter != "A" for letter in one) for one in passed)
    return {"count": failed, "of": len(told)} if told else None


def _hard_coded(
    records: Iterable[EpisodeRecord], problems: Mapping[str, Problem]
) -> dict[str, Any]:
    """Programs with a sign of written-down outputs: how many, why, and on which problems."""
    count, reasons, where = 0, dict[str, int](), dict[str, int]()
    for record in records:
        for program in record.programs:
            if program is None:
                continue
            count += 1
            if reason := hard_coded(program, problems.get(record.problem_id)):
                reasons[reason] = reasons.get(reason, 0) + 1
                where[record.problem_id] = where.get(record.problem_id, 0) + 1
    return {"count": sum(reasons.values()), "of": count, "reasons": reasons, "problems": where}


def _text(program: str) -> str:
    """A program without blank lines and blanks at the end of lines."""
    return "\n".join(line.rstrip() for line in program.splitlines() if line.strip())
