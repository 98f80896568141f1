"""A task with a known optimum: families of problems with a latent strategy.

See docs/method.md, section 7. A statement names its family and a log of numbers, never the rule
that turns the log into the answer. There are eight rules (strategies). In each family four of them
are right equally often; the agent does not know which, and each problem draws one anew. So a method
is a guess, K guesses per problem:

- K independent guesses reach at most `independent_ceiling` (.684 by default);
- K coordinated guesses reach `coordinated_optimum` (1.0 by default).

Only coordination lifts an agent above the ceiling.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from cppo_env.errors import UnknownNameError, UsageError
from cppo_env.problems.strategy_rules import STRATEGIES, WORDINGS, KnownStrategy
from cppo_env.problems.strategy_stages import CHANGES, MEASURES, STAGED
from cppo_env.problems.views import Problems, Summary, summarise
from cppo_env.types import MIB, Limits, Problem, TestCase

S = TypeVar("S")

RULES: dict[int, tuple[KnownStrategy, ...]] = {1: STRATEGIES, 2: STAGED}
"""Stages of a rule → the rules."""

FAMILIES = (
    "bakery",
    "harbour",
    "library",
    "lighthouse",
    "observatory",
    "orchard",
    "railway",
    "vineyard",
)

STATEMENT = """\
The {family} keeps logs of whole numbers and derives one number from each. This is log {number}.
The log is one line of standard input, its numbers separated by blanks. Print the number \
that the {family} derives from it. The rule is not written down."""

SIZES = {"train": 512, "test": 2048}
LOG_LENGTH = 7
LARGEST_ENTRY = 60
TESTS = 3
LIMITS = Limits(cpu_s=2.0, memory_bytes=256 * MIB)


class StrategyProblems(Problems):
    """The problems of one split, made on demand; problem `index` has family `index % families`."""

    def __init__(
        self,
        split: str,
        families: int,
        strategies: int,
        size: int,
        seed: int,
        probabilities: tuple[float, ...],
        wordings: int = 1,
        stages: int = 1,
        slips: float = 0.0,
    ):
        self.split, self.seed, self.size, self.wordings = split, seed, size, wordings
        self.stages, self.slips = stages, slips
        self._arguments = (
            split,
            families,
            strategies,
            size,
            seed,
            probabilities,
            wordings,
            stages,
            slips,
        )
        self.families = FAMILIES[:families]
        self.strategies: tuple[KnownStrategy, ...] = RULES[stages][:strategies]
        self.probabilities = probabilities
        """p_f(s) of the strategies that are right in a family; the same in every family."""
        # A batch asks for each problem many times, and an epoch comes back to all of them.
        self._problem = lru_cache(maxsize=4096)(self._make)
        self._right = dict(
            zip(
                self.families,
                deal(self.strategies, len(probabilities), Random(seed)),
                strict=False,
            )
        )
        self._uniform = len(set(probabilities)) == 1

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as its arguments; the problems are made again."""
        return StrategyProblems, self._arguments

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
        random = Random(f"{self.seed}/{self.split}/{index}")
        strategy = self._drawn(index, self._right[family], random)
        return Problem(
            id=f"strategies/{self.split}/{index}",
            statement=STATEMENT.format(family=family, number=self._number(index)),
            tests=tuple(_tests(strategy, self.strategies, random)),
            limits=LIMITS,
            references=(strategy.program,),
            wrong=tuple(other.program for other in self.strategies if other is not strategy),
            metadata={
                "split": self.split,
                "family": family,
                "strategy": strategy.name,
                "methods": (strategy.method(family),),
                "mistakes": tuple(
                    other.method(family) for other in self.strategies if other is not strategy
                ),
            },
        )

    def _number(self, index: int) -> int:
        """The number of a log; odd ones are held out, so that no statement is in both splits."""
        return 2 * index + (self.split == "test")

    def _drawn(self, index: int, hand: Sequence[KnownStrategy], random: Random) -> KnownStrategy:
        """The strategy that is right in a problem."""
        if self._uniform:
            return random.choice(hand)
        return random.choices(hand, weights=self.probabilities)[0]

    def demonstrations(self, index: int, k: int, random: Random) -> list[tuple[str, str]]:
        """K (method, program) pairs of different strategies: the form of a valid plan.

        They are drawn without regard to what is right in the family, so they teach the form and not
        the choice; each is in one of its wordings.

        Raises:
            UsageError: there are fewer than K strategies.
        """
        if k > len(self.strategies):
            raise UsageError(
                f"k: got {k}, but this set knows {len(self.strategies)} strategies; lower k"
            )
        family = self.families[index % len(self.families)]
        drawn = random.sample(self.strategies, k)
        worded = [random.randrange(self.wordings) if self.wordings > 1 else 0 for _ in drawn]
        return [
            (strategy.method(family, wording), self._shown(strategy, random).program)
            for strategy, wording in zip(drawn, worded, strict=True)
        ]

    def _shown(self, strategy: KnownStrategy, random: Random) -> KnownStrategy:
        """The rule whose program is shown for this one: of two stages, each slips now and then."""
        if not self.slips:
            return strategy
        change, measure = divmod(STAGED.index(strategy), len(MEASURES))
        if random.random() < self.slips:
            change = random.choice([i for i in range(len(CHANGES)) if i != change])
        if random.random() < self.slips:
            measure = random.choice([i for i in range(len(MEASURES)) if i != measure])
        return STAGED[change * len(MEASURES) + measure]

    def summary(self, index: int) -> Summary:
        """The summary at `index`."""
        return summarise(self[index])

    def index(self, problem_id: str | int) -> int:
        """The index of a problem id."""
        prefix, _, number = str(problem_id).rpartition("/")
        if (
            prefix != f"strategies/{self.split}"
            or not number.isdecimal()
            or int(number) >= self.size
        ):
            raise UnknownNameError(
                f"no problem {problem_id!r}; expected strategies/{self.split}/N with N from 0 to "
                f"{self.size - 1}"
            )
        return int(number)


def load(
    source: Path | None = None,
    *,
    split: str | None = None,
    families: int = len(FAMILIES),
    strategies: int | None = None,
    right: int | None = None,
    size: int | None = None,
    seed: int = 0,
    probabilities: Sequence[float] | None = None,
    wordings: int = 1,
    stages: int = 1,
    slips: float = 0.0,
) -> StrategyProblems:
    """The strategy problems of one split.

    Args:
        source: must be None; the problems are generated.
        split: "train" (also None) or "test". The splits share only what is right in a family.
        families: number of families.
        strategies: number of rules. Default: all, which are 8, or 16 of two stages.
        right: number of rules that are right, equally often, in each family; 4 by default.
        size: number of problems. Default: 512 for training, 2048 for testing.
        seed: decides what is right in a family, and every draw.
        probabilities: instead of `right`: how often each of them is right, such as (0.4, 0.3, 0.2,
            0.1); which rule has which chance differs between the families.
        wordings: number of wordings in which demonstrations name a rule, up to 4. With several, a
            tuple can repeat a rule without repeating a text. Rules of two stages have one.
        stages: 2 for the harder set: 16 rules of two stages each, with programs of about ten lines.
        slips: with two stages, how often each stage of a demonstrated program is another one than
            its method says. A model that has learnt from these follows a method with probability
            (1 − slips)² at temperature 1, and has to learn more.

    Raises:
        UsageError: an argument is out of range, or the probabilities do not add up to 1.
    """
    if source is not None:
        raise UsageError(
            f"strategies: got the source {source}, expected none, because these problems are made "
            "on demand"
        )
    if split not in (None, "train", "test"):
        raise UsageError(f"strategies: got split={split!r}, expected 'train' or 'test'")
    if right is not None and probabilities is not None:
        raise UsageError(
            f"strategies: got right={right} and probabilities={tuple(probabilities)}, expected one "
            "of them"
        )
    if stages not in RULES:
        raise UsageError(f"strategies: got stages={stages}, expected 1 or 2")
    if slips and (stages == 1 or not 0 <= slips < 1):
        raise UsageError(
            f"strategies: got slips={slips} and stages={stages}, expected slips from 0 to below 1, "
            "and stages=2 for it"
        )
    strategies = len(RULES[stages]) if strategies is None else strategies
    count = len(probabilities) if probabilities is not None else 4 if right is None else right
    for name, value, low, high in (
        ("families", families, 1, len(FAMILIES)),
        ("strategies", strategies, 1, len(RULES[stages])),
        ("right" if probabilities is None else "number of probabilities", count, 1, strategies),
        ("wordings", wordings, 1, WORDINGS if stages == 1 else 1),
    ):
        if not low <= value <= high:
            raise UsageError(f"strategies: got {name}={value}, expected {low} to {high}")
    chances = (1.0 / count,) * count if probabilities is None else _checked(probabilities)
    split = split or "train"
    return StrategyProblems(
        *(split, families, strategies, SIZES[split] if size is None else size, seed, chances),
        *(wordings, stages, slips),
    )


def _checked(probabilities: Sequence[float]) -> tuple[float, ...]:
    if min(probabilities) <= 0 or not math.isclose(sum(probabilities), 1.0, abs_tol=1e-9):
        raise UsageError(
            f"strategies: got probabilities={tuple(probabilities)}, expected positive numbers that "
            f"add up to 1, not {sum(probabilities):g}"
        )
    return tuple(map(float, probabilities))


def independent_ceiling(probabilities: Sequence[float], k: int) -> float:
    """max_q Σ_s p_s (1 − (1 − q_s)^k): the best that k independent guesses can reach.

    Exact: the objective is concave, and at its maximum 1 − q_s = min(1, t · p_s^(−1/(k−1))), where
    q sums to 1.

    Args:
        probabilities: p_s, the probability that strategy s is right.
        k: number of guesses, drawn independently from one distribution q.
    """
    positive = sorted((p for p in probabilities if p > 0), reverse=True)
    if k == 1 or not positive:
        return max(positive, default=0.0)
    scales = [p ** (-1 / (k - 1)) for p in positive]
    # The guessed strategies are the m likeliest ones, for the largest m that leaves each of them
    # some q_s > 0.
    for m in range(len(positive), 0, -1):
        t = (m - 1) / sum(scales[:m])
        if t * scales[m - 1] < 1:
            return sum(
                p * (1 - (t * scale) ** k)
                for p, scale in zip(positive[:m], scales[:m], strict=True)
            )
    raise AssertionError("m = 1 always satisfies the condition")


def coordinated_optimum(probabilities: Sequence[float], k: int) -> float:
    """The sum of the k largest p_s: the best that k coordinated guesses can reach."""
    return sum(sorted(probabilities, reverse=True)[:k])


def deal(strategies: Sequence[S], right: int, random: Random) -> Iterator[Sequence[S]]:
    """Hands of `right` strategies, dealt from shuffled decks.

    Each strategy is right in about equally many families, so a plan that ignores the family gains
    nothing.
    """
    while True:
        deck = random.sample(strategies, len(strategies))
        for start in range(0, len(deck) - right + 1, right):
            yield deck[start : start + right]


def _tests(
    right: KnownStrategy, strategies: Sequence[KnownStrategy], random: Random
) -> list[TestCase]:
    """Tests on which all strategies disagree, so the first test already tells them apart."""
    tests: list[TestCase] = []
    while len(tests) < TESTS:
        numbers = [random.randint(1, LARGEST_ENTRY) for _ in range(LOG_LENGTH)]
        if len({strategy.answer(numbers) for strategy in strategies}) == len(strategies):
            tests.append(TestCase(" ".join(map(str, numbers)) + "\n", f"{right.answer(numbers)}\n"))
    return tests
