"""The rules of `CPPO-Strategies-v0`, in words and as programs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class KnownStrategy:
    """A rule that turns a log of numbers into one number."""

    name: str
    actions: tuple[str, ...]
    """The rule in words, in several wordings."""
    expression: str
    """The rule in Python, over `numbers`."""

    @property
    def action(self) -> str:
        """The rule in its first wording."""
        return self.actions[0]

    def method(self, family: str, wording: int = 0) -> str:
        """How a planner would describe it."""
        return f"Read the {family} log, then {self.actions[wording]}."

    @property
    def program(self) -> str:
        """The stdin program that applies the rule."""
        return f"numbers = list(map(int, input().split()))\nprint({self.expression})\n"

    def answer(self, numbers: Sequence[int]) -> int:
        """The program's output for a log."""
        return int(_rule(self.expression)(numbers))


@cache
def _rule(expression: str) -> Callable[[Sequence[int]], int]:
    return eval(f"lambda numbers: {expression}")


STRATEGIES = (
    KnownStrategy(
        "sum",
        (
            "add up all its numbers",
            "compute the total of its entries",
            "sum the whole line",
            "accumulate every value into one figure",
        ),
        "sum(numbers)",
    ),
    KnownStrategy(
        "largest",
        (
            "take its largest number",
            "report the maximum entry",
            "find the peak of the line",
            "keep whichever value exceeds the others",
        ),
        "max(numbers)",
    ),
    KnownStrategy(
        "smallest",
        (
            "take its smallest number",
            "report the minimum entry",
            "find the lowest point of the line",
            "keep whichever value lies below the others",
        ),
        "min(numbers)",
    ),
    KnownStrategy(
        "spread",
        (
            "subtract the smallest number from the largest",
            "report the range of its entries",
            "measure the gap between both extremes",
            "compute how far its values lie apart",
        ),
        "max(numbers) - min(numbers)",
    ),
    KnownStrategy(
        "median",
        (
            "sort it and take the number in the middle",
            "report the median entry",
            "order the line and pick its centre",
            "find the value with as many above as below",
        ),
        "sorted(numbers)[len(numbers) // 2]",
    ),
    KnownStrategy(
        "ends",
        (
            "multiply its first number by its last",
            "report the product of both end entries",
            "combine opening and closing value by multiplication",
            "form the outermost pair and multiply it",
        ),
        "numbers[0] * numbers[-1]",
    ),
    KnownStrategy(
        "even",
        (
            "count its even numbers",
            "report how many entries are divisible by two",
            "tally the values without remainder modulo two",
            "determine the amount of even values",
        ),
        "len([n for n in numbers if n % 2 == 0])",
    ),
    KnownStrategy(
        "climbs",
        (
            "count how often the next number is larger",
            "report the number of rises between neighbours",
            "tally each ascent along the line",
            "determine how many steps go upwards",
        ),
        "sum(a < b for a, b in zip(numbers, numbers[1:]))",
    ),
)
WORDINGS = 4
"""Wordings of each rule."""


def rule_of(method: str) -> str | None:
    """The name of the rule that a method describes, in any wording; None if it is none of them."""
    return next(
        (one.name for one in STRATEGIES for action in one.actions if action in method), None
    )
