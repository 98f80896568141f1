"""Sixteen rules of two stages, whose programs are long enough to be wrong by themselves.

A rule first makes other numbers of the log, then one number of those: every pair of `CHANGES` and
`MEASURES`.
"""

from __future__ import annotations

from dataclasses import dataclass

from cppo_env.problems.strategy_rules import KnownStrategy


@dataclass(frozen=True, slots=True)
class Stage:
    """One of the two stages."""

    name: str
    action: str
    """In words."""
    expression: str
    """In Python, over `numbers`."""
    lines: str
    """The same as statements, from `numbers` to `changed` or from `changed` to `answer`."""


CHANGES = (
    Stage(
        "squares",
        "square its numbers",
        "[n * n for n in numbers]",
        "changed = []\nfor n in numbers:\n    changed.append(n * n)\n",
    ),
    Stage(
        "gaps",
        "note the distance of each two neighbours",
        "[abs(a - b) for a, b in zip(numbers, numbers[1:])]",
        "changed = []\nfor a, b in zip(numbers, numbers[1:]):\n    changed.append(abs(a - b))\n",
    ),
    Stage(
        "pairs",
        "add each two neighbours",
        "[a + b for a, b in zip(numbers, numbers[1:])]",
        "changed = []\nfor i in range(1, len(numbers)):\n"
        "    changed.append(numbers[i - 1] + numbers[i])\n",
    ),
    Stage(
        "totals",
        "write down its running totals",
        "[sum(numbers[: i + 1]) for i in range(len(numbers))]",
        "changed = []\ntotal = 0\nfor n in numbers:\n    total += n\n    changed.append(total)\n",
    ),
)
MEASURES = (
    Stage(
        "sum",
        "add up what is there",
        "sum(numbers)",
        "answer = 0\nfor n in changed:\n    answer += n\n",
    ),
    Stage(
        "largest",
        "take the largest of them",
        "max(numbers)",
        "answer = changed[0]\nfor n in changed:\n    if n > answer:\n        answer = n\n",
    ),
    Stage(
        "spread",
        "subtract the smallest of them from the largest",
        "max(numbers) - min(numbers)",
        "low = high = changed[0]\nfor n in changed:\n    low = min(low, n)\n"
        "    high = max(high, n)\nanswer = high - low\n",
    ),
    Stage(
        "median",
        "sort them and take the one in the middle",
        "sorted(numbers)[len(numbers) // 2]",
        "changed.sort()\nanswer = changed[len(changed) // 2]\n",
    ),
)


@dataclass(frozen=True, slots=True)
class StagedStrategy(KnownStrategy):
    """A rule of two stages."""

    lines: str

    @property
    def program(self) -> str:
        """The stdin program that applies the rule, statement by statement."""
        return f"numbers = list(map(int, input().split()))\n{self.lines}print(answer)\n"


STAGED = tuple(
    StagedStrategy(
        f"{measure.name} of {change.name}",
        (f"{change.action}, and {measure.action}",),
        f"(lambda numbers: {measure.expression})({change.expression})",
        change.lines + measure.lines,
    )
    for change in CHANGES
    for measure in MEASURES
)
"""All of them; the rule of change i and measure j is at i · len(MEASURES) + j."""
