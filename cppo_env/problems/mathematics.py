"""Problems whose answer is a value, with a known optimum.

As in `cppo_env.problems.strategies`, a statement names its family and two fractions, never the rule
that turns them into the answer. There are eight rules; in each family four of them are right
equally often. Answers are numbers, fractions, sets and expressions, which the checker "math"
compares. A solution states its answer in words, or is a program that reads the fractions and prints
it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

from cppo_env.checkers.mathematics import same_answer
from cppo_env.errors import UnknownNameError, UsageError
from cppo_env.problems.strategies import FAMILIES, LIMITS, deal
from cppo_env.problems.views import Problems, Summary, summarise
from cppo_env.solutions import STATED
from cppo_env.types import Problem, TestCase


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that turns two fractions into a value."""

    name: str
    action: str
    """The rule in words."""
    expression: str
    """The text of the answer in Python, over the fractions p and q."""
    answer: Callable[[Fraction, Fraction], str]

    def method(self, family: str) -> str:
        """How a planner would describe it."""
        return f"Read the {family} pair, then {self.action}."

    @property
    def program(self) -> str:
        """The stdin program that applies the rule."""
        return (
            "from fractions import Fraction\n"
            "p, q = map(Fraction, input().split())\n"
            f"print({self.expression})\n"
        )


RULES = (
    Rule("sum", "add both", "p + q", lambda p, q: f"{p + q}"),
    Rule("difference", "subtract the second from the first", "p - q", lambda p, q: f"{p - q}"),
    Rule("product", "multiply both", "p * q", lambda p, q: f"{p * q}"),
    Rule("quotient", "divide the first by the second", "p / q", lambda p, q: f"{p / q}"),
    Rule("mean", "take the middle between them", "(p + q) / 2", lambda p, q: f"{(p + q) / 2}"),
    Rule("squares", "add up their squares", "p * p + q * q", lambda p, q: f"{p * p + q * q}"),
    Rule("set", "put both into a set", 'f"{{{p}, {q}}}"', lambda p, q: f"{{{p}, {q}}}"),
    Rule(
        "polynomial",
        "write the monic polynomial in x with both as roots",
        'f"(x - ({p}))*(x - ({q}))"',
        lambda p, q: f"x^2 - ({p + q})*x + ({p * q})",
    ),
)  # fmt: skip

STATEMENT = """\
The {family} keeps pairs of fractions and derives one answer from each. This is pair {number}: \
p = {p} and q = {q}.
The answer is a number, a set or an expression in x. The rule is not written down."""

SIZES = {"train": 512, "test": 2048}
LARGEST = 12
RIGHT = 4


class MathProblems(Problems):
    """The problems of one split, made on demand; problem `index` has family `index % families`."""

    def __init__(self, split: str, families: int, right: int, size: int, seed: int):
        self._arguments = split, families, right, size, seed
        self.split, self.size, self.seed = split, size, seed
        self.families = FAMILIES[:families]
        self.probabilities = (1.0 / right,) * right
        """p_f(s) of the rules that are right in a family; the same in every family."""
        self._problem = lru_cache(maxsize=4096)(self._make)
        self._right = dict(zip(self.families, deal(RULES, right, Random(seed)), strict=False))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as its arguments; the problems are made again."""
        return MathProblems, self._arguments

    def __len__(self) -> int:
        """Number of problems."""
        return self.size

    def __getitem__(self, index: int) -> Problem:
        """The problem at `index`; the same one every time."""
        if not 0 <= index < self.size:
            raise IndexError(f"problem {index} of {self.size}")
        return self._problem(int(index))

    def _make(self, index: int) -> Problem:
        family = self.families[index % len(self.families)]
        random = Random(f"{self.seed}/math/{self.split}/{index}")
        rule = random.choice(self._right[family])
        p, q = _pair(random)
        others = [other for other in RULES if other is not rule]
        return Problem(
            id=f"math/{self.split}/{index}",
            # Odd pairs are held out, so that no statement of one split occurs in the other.
            statement=STATEMENT.format(
                family=family, number=2 * index + (self.split == "test"), p=p, q=q
            ),
            tests=(TestCase(f"{p} {q}\n", rule.answer(p, q)),),
            limits=LIMITS,
            checker=STATED,
            references=(rule.program,),
            wrong=tuple(other.program for other in others),
            metadata={
                "split": self.split,
                "family": family,
                "strategy": rule.name,
                "methods": (rule.method(family),),
                "mistakes": tuple(other.method(family) for other in others),
            },
        )

    def demonstrations(self, index: int, k: int, random: Random) -> list[tuple[str, str]]:
        """K (method, program) pairs of different rules: the form of a valid plan.

        Raises:
            UsageError: there are fewer than K rules.
        """
        if k > len(RULES):
            raise UsageError(f"k: got {k}, but this set knows {len(RULES)} rules; lower k")
        family = self.families[index % len(self.families)]
        return [(rule.method(family), rule.program) for rule in random.sample(RULES, k)]

    def summary(self, index: int) -> Summary:
        """The summary at `index`."""
        return summarise(self[index])

    def index(self, problem_id: str | int) -> int:
        """The index of a problem id."""
        prefix, _, number = str(problem_id).rpartition("/")
        if prefix != f"math/{self.split}" or not number.isdecimal() or int(number) >= self.size:
            raise UnknownNameError(
                f"no problem {problem_id!r}; expected math/{self.split}/N with N from 0 to "
                f"{self.size - 1}"
            )
        return int(number)


def _pair(random: Random) -> tuple[Fraction, Fraction]:
    """Two fractions for which all rules give different answers."""
    while True:
        p, q = (Fraction(random.randint(1, LARGEST), random.randint(1, LARGEST)) for _ in range(2))
        answers = [rule.answer(p, q) for rule in RULES]
        if p != q and not any(
            same_answer(one, other) for n, one in enumerate(answers) for other in answers[:n]
        ):
            return p, q


def load(
    source: Path | None = None,
    *,
    split: str | None = None,
    families: int = len(FAMILIES),
    right: int = RIGHT,
    size: int | None = None,
    seed: int = 0,
) -> MathProblems:
    """The generated math problems of one split.

    Args:
        source: must be None; the problems are generated. GSM8K and MATH have layouts of their own.
        split: "train" (also None) or "test". The splits share only what is right in a family.
        families: number of families.
        right: number of rules that are right, equally often, in each family.
        size: number of problems. Default: 512 for training, 2048 for testing.
        seed: decides what is right in a family, and every draw.

    Raises:
        UsageError: an argument is out of range.
    """
    if source is not None:
        raise UsageError(
            f"math: got the source {source}, expected none, because these problems are made on "
            "demand"
        )
    if split not in (None, "train", "test"):
        raise UsageError(f"math: got split={split!r}, expected 'train' or 'test'")
    for name, value, high in (("families", families, len(FAMILIES)), ("right", right, len(RULES))):
        if not 1 <= value <= high:
            raise UsageError(f"math: got {name}={value}, expected 1 to {high}")
    split = split or "train"
    return MathProblems(split, families, right, SIZES[split] if size is None else size, seed)
