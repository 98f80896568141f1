"""Products of judges, and judges by name: `format`, `format*distinct`, `format*verbaliser`, …."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from cppo_env import plugins
from cppo_env.errors import UsageError
from cppo_env.protocols import Judge
from cppo_env.roles import rule
from cppo_env.types import Problem, Ruling

TIMES = "*"


class ProductJudge:
    """Accepts what all its judges accept; its score is the product of theirs.

    Judges are asked in order, and only about what those before them accepted: put the cheap ones
    first. A refusal decides, whatever a later judge would have said or failed to say; a judge that
    fails on a case that is still open makes it void.

    Args:
        judges: their names and the judges, in order.
    """

    def __init__(self, judges: Sequence[tuple[str, Judge]]):
        self._judges = tuple(judges)

    def rule(self, cases: Sequence[tuple[Problem, tuple[str, ...]]]) -> list[Ruling]:
        """One ruling for each case; its reason names the judge that refused."""
        scores = [1.0] * len(cases)
        closed: dict[int, Ruling] = {}
        for name, judge in self._judges:
            still_open = [place for place in range(len(cases)) if place not in closed]
            rulings = rule(judge, [cases[place] for place in still_open])
            for place, ruling in zip(still_open, rulings, strict=True):
                scores[place] *= ruling.score
                if ruling.void or not ruling.accepted:
                    reason = f"{name}: {ruling.reason}"
                    closed[place] = Ruling(False, scores[place], reason, void=ruling.void)
        return [
            closed.get(place, Ruling(accepted=True, score=score))
            for place, score in enumerate(scores)
        ]


def make_judge(name: str, options: Mapping[str, Any]) -> Judge:
    """The judge of that name; options of a product name the factor first.

    Raises:
        UnknownNameError: there is no such judge.
        UsageError: a judge does not take its options, or an option belongs to no factor.
    """
    if TIMES not in name:
        return plugins.make("judges", name, options)
    return ProductJudge(
        [(one, plugins.make("judges", one, o)) for one, o in factors(name, options)]
    )


def check_judge(name: str, options: Mapping[str, Any]) -> None:
    """Refuse what `make_judge` would refuse, without making a judge."""
    for one, own in factors(name, options):
        plugins.check("judges", one, own)


def factors(name: str, options: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """The judges that a name multiplies, each with its options.

    Raises:
        UsageError: a factor is missing or stands twice, or an option belongs to none.
    """
    if TIMES not in name:
        return [(name, options)]
    names = [one.strip() for one in name.split(TIMES)]
    if not all(names) or len(set(names)) < len(names):
        raise UsageError(
            f"judge: got {name!r}, expected different names with {TIMES} between them, such as "
            "format*distinct"
        )
    for key, own in options.items():
        if key not in names or not isinstance(own, Mapping):
            raise UsageError(
                f"judge_options: got {key!r} for the product {name!r}, expected an option of one "
                f"of its judges, such as --judge_options.{names[-1]}.NAME=VALUE"
            )
    return [(one, _values(options.get(one, {}))) for one in names]


def _values(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options with what a command line left as text read as it reads other options."""
    return {name: _value(value) for name, value in options.items()}


def _value(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
