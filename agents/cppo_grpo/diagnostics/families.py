"""Five generated families; each has a known optimum and isolates one ability.

All are tasks of rules over a log of numbers (`cppo_env.problems.strategies`) with one kind of
statement and K = 2. They differ in what is right, in what the start has been shown, and in the
gate:

    coordination  2 of 4 rules are right equally often. Two independent attempts reach .75 at most,
                  two coordinated ones 1.
    obedience     Both of 2 rules are right equally often, so any valid plan is a perfect one. But
                  half of the programs shown ignore their method and are never right.
    gate          Any plan of 2 different rules solves its problem. But the gate refuses plans with
                  a long-winded method, and 4 of 10 methods shown are long-winded.
    sparse        One rule of 4 is always right, and 1 of 20 plans shown holds it.
    noise         As coordination, but in training the verdicts of one problem in five are those of
                  a rule that is never right in the test.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any

from cppo_env import plugins
from cppo_env.errors import UnknownNameError, UsageError
from cppo_env.problems.strategies import (
    KnownStrategy,
    StrategyProblems,
    coordinated_optimum,
    independent_ceiling,
)

K = 2
SIZES = {"train": 10, "test": 128}
"""Problems of each split. A training step plays all of one: then every rule is right in each step
as often as the family says, and no algorithm is judged by the luck of the draw."""
SLIPS = 0.5
"""Share of the programs shown that ignore their method, in `obedience`."""
LENGTHY = 0.4
"""Share of the methods shown that are long-winded, in `gate`."""
SHOWN = 0.05
"""Share of plans shown that hold the right rule, in `sparse`."""
MOST_WORDS = 14
"""Words that the gate lets a method have, in `gate`; those of the rules have at most as many."""
LONG_WINDED = " Do so with care, and do not hurry."
NEVER_RIGHT = "print(-1)\n"

Pair = tuple[str, str]
"""A method and a program."""
Show = Callable[["DiagnosticProblems", str, Random], list[Pair]]
"""What the warm start is shown of a problem whose statement names this family."""


@dataclass(frozen=True, slots=True)
class Family:
    """A task that isolates one ability."""

    name: str
    ability: str
    train: tuple[float, ...]
    """How often each rule is right in training; the others never are."""
    test: tuple[float, ...]
    show: Show
    start: float
    """The score of a policy that plays exactly as it was shown."""
    rules: int = 4
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Settings of training that belong to the task."""

    @property
    def zero(self) -> float:
        """Skill 0: the best score of K independent attempts, or the start where that is 1."""
        ceiling = independent_ceiling(self.test, K)
        return ceiling if ceiling < self.optimum else self.start

    @property
    def optimum(self) -> float:
        """Skill 1: the best score of K coordinated attempts whose plan passes the gate."""
        return coordinated_optimum(self.test, K)

    def skill(self, score: float) -> float:
        """Where a score lies between `zero` (0) and `optimum` (1); negative below."""
        return (score - self.zero) / (self.optimum - self.zero)


class DiagnosticProblems(StrategyProblems):
    """The problems of one split of a family."""

    def __init__(self, family: Family, split: str):
        self.family = family
        chances = family.test if split == "test" else family.train
        super().__init__(split, 1, family.rules, SIZES[split], 0, chances)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled by the family's name; the problems are made again."""
        return _of, (self.family.name, self.split)

    def _drawn(self, index: int, hand: Sequence[KnownStrategy], random: Random) -> KnownStrategy:
        """The strategy that is right in a problem: each as often as it should be, exactly."""
        place = (index % SIZES["train"] + 0.5) / SIZES["train"]
        return hand[bisect(list(accumulate(self.probabilities)), place)]

    def _number(self, index: int) -> int:
        """One for each split: nobody can learn by heart which rule is right in which log."""
        return int(self.split == "test")

    @property
    def likeliest(self) -> KnownStrategy:
        """The first of the rules that are right."""
        return self._right[self.families[0]][0]

    def demonstrations(self, index: int, k: int, random: Random) -> list[Pair]:
        """K (method, program) pairs, as the family shows them.

        Raises:
            UsageError: k is not that of the families.
        """
        if k != K:
            raise UsageError(f"k: got {k}, expected {K}, for which the diagnostics are made")
        return self.family.show(self, self.families[0], random)


def _plain(problems: DiagnosticProblems, family: str, random: Random) -> list[Pair]:
    chosen = random.sample(problems.strategies, K)
    return [(rule.method(family), rule.program) for rule in chosen]


def _slipping(problems: DiagnosticProblems, family: str, random: Random) -> list[Pair]:
    return [
        (method, NEVER_RIGHT if random.random() < SLIPS else program)
        for method, program in _plain(problems, family, random)
    ]


def _long_winded(problems: DiagnosticProblems, family: str, random: Random) -> list[Pair]:
    return [
        (method + LONG_WINDED if random.random() < LENGTHY else method, program)
        for method, program in _plain(problems, family, random)
    ]


def _sparse(problems: DiagnosticProblems, family: str, random: Random) -> list[Pair]:
    right = problems.likeliest
    chosen = random.sample([rule for rule in problems.strategies if rule is not right], K)
    if random.random() < SHOWN:
        chosen[random.randrange(K)] = right
    return [(rule.method(family), rule.program) for rule in chosen]


_HALVES = (0.5, 0.5)

FAMILIES = {
    one.name: one
    for one in (
        Family("coordination", "cover what is right", _HALVES, _HALVES, _plain, 0.5),
        Family("obedience", "carry out the method", _HALVES, _HALVES, _slipping, 1 - SLIPS, 2),
        Family(
            "gate",
            "write plans that pass",
            _HALVES,
            _HALVES,
            _long_winded,
            (1 - LENGTHY) ** K,
            2,
            {"judge_options": {"max_words": MOST_WORDS}},
        ),
        Family("sparse", "learn from rare success", (1.0,), (1.0,), _sparse, SHOWN),
        Family("noise", "see through wrong verdicts", (0.4, 0.4, 0.1, 0.1), _HALVES, _plain, 0.5),
    )
}


def by_name(name: str) -> Family:
    """The family of that name.

    Raises:
        UnknownNameError: there is none.
    """
    if name not in FAMILIES:
        raise UnknownNameError(f"no family {name!r}; {plugins.suggest(name, list(FAMILIES))}")
    return FAMILIES[name]


def _of(family: str, split: str) -> DiagnosticProblems:
    return DiagnosticProblems(by_name(family), split)


def load(
    source: Path | None = None, *, split: str | None = None, family: str = "coordination"
) -> DiagnosticProblems:
    """The problems of a diagnostic family.

    Args:
        source: must be None; the problems are generated.
        split: "train" (also None) or "test".
        family: one of `FAMILIES`.

    Raises:
        UsageError: an argument is out of range.
    """
    if source is not None:
        raise UsageError(
            f"diagnostics: got the source {source}, expected none, because these problems are made "
            "on demand"
        )
    if split not in (None, "train", "test"):
        raise UsageError(f"diagnostics: got split={split!r}, expected 'train' or 'test'")
    return _of(family, split or "train")
