"""How many attempts each problem of a batch gets, in the order of its tuples (docs/adaptive.md).

The next attempt goes to the problem whose prospects are best: the largest number of solved problems
per attempt that any stretch of its next attempts promises. A stretch, because the methods of a
coordinated tuple complement each other: the fourth can be worth more than the second. Where each
attempt is worth less than the one before it, the best stretch is one attempt, and the rule is the
greedy one, which is optimal there.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cppo_env.arrays import Bools, Floats
from cppo_env.errors import UsageError


@dataclass(frozen=True, slots=True)
class Prospects:
    """What attempt j on problem n is expected to bring and to cost."""

    gains_NJ: Floats
    """The chance that attempt j is made and is the first right one."""
    costs_NJ: Floats
    """The chance that attempt j is made. Without feedback: 1."""

    def rates(self) -> Floats:
        """(N, J): the best gain per attempt of a stretch that begins with attempt j."""
        n, j = self.gains_NJ.shape
        rates_NJ: Floats = np.zeros((n, j), dtype=np.float64)
        for start in range(j):
            gains = self.gains_NJ[:, start:].cumsum(axis=1)
            costs = self.costs_NJ[:, start:].cumsum(axis=1)
            shares = np.divide(gains, costs, out=np.zeros_like(gains), where=costs > 0)
            rates_NJ[:, start] = shares.max(axis=1)
        return rates_NJ


def prospects(chances_NJ: Floats, closes_NJ: Floats | None = None) -> Prospects:
    """The prospects of attempts with known chances.

    Args:
        chances_NJ: the chance that attempt j is right if none before it was; with feedback, if none
            before it closed the problem.
        closes_NJ: with feedback, the chance that attempt j closes the problem if none before it
            did, at least that of being right. Default: no feedback; all attempts are made.

    Raises:
        UsageError: these are no chances.
    """
    chances = _chances("chances_NJ", chances_NJ)
    closes = chances if closes_NJ is None else _chances("closes_NJ", closes_NJ)
    if closes.shape != chances.shape or np.any(closes < chances):
        raise UsageError(
            "closes_NJ: expected a chance for each of chances_NJ, at least as large; a right "
            "program passes the public tests too"
        )
    open_NJ = np.cumprod(1.0 - closes, axis=1)
    made_NJ: Floats = np.ones_like(chances)
    made_NJ[:, 1:] = open_NJ[:, :-1]
    costs_NJ: Floats = np.ones_like(made_NJ) if closes_NJ is None else made_NJ
    return Prospects(made_NJ * chances, costs_NJ)


def fixed(problems: int, budget: int) -> NDArray[np.int64]:
    """The same number of attempts for each problem; the first ones get what is left over."""
    each, rest = divmod(budget, problems)
    return each + (np.arange(problems) < rest)


def allocate(rates_NJ: Floats, budget: int, closed_NJ: Bools | None = None) -> NDArray[np.int64]:
    """Attempts for each problem: one after the other, where the rate is best.

    Equal rates take turns: fewer attempts first, then the order of the problems.

    Args:
        rates_NJ: `Prospects.rates`. Equal ones everywhere make rounds over all problems.
        budget: attempts for all problems together.
        closed_NJ: the feedback: which attempts close their problem. Column j of a problem is read
            only after its attempt j was made. Default: no feedback.

    Returns:
        N numbers that add up to the budget, or to less where no problem has attempts left.
    """
    n, j = rates_NJ.shape
    spent_N = np.zeros(n, dtype=np.int64)
    queue = [(-rates_NJ[one, 0], 0, one) for one in range(n)]
    heapq.heapify(queue)
    for _ in range(budget):
        if not queue:
            break
        _, made, one = heapq.heappop(queue)
        spent_N[one] = made + 1
        closed = closed_NJ is not None and closed_NJ[one, made]
        if made + 1 < j and not closed:
            heapq.heappush(queue, (-rates_NJ[one, made + 1], made + 1, one))
    return spent_N


def solved(right_NJ: Bools, spent_N: NDArray[np.int64]) -> Bools:
    """Which problems have a right attempt among those that were spent on them."""
    tried = (right_J[:spent] for right_J, spent in zip(right_NJ, spent_N, strict=True))
    return np.array([one.any() for one in tried], dtype=np.bool_)


def hindsight(right_NJ: Bools, budget: int) -> Bools:
    """What a budget could solve if the verdicts were known: the cheapest problems. No policy."""
    first_N = np.where(right_NJ.any(axis=1), right_NJ.argmax(axis=1) + 1, budget + 1)
    order = np.argsort(first_N, kind="stable")
    solved_N = np.zeros(len(right_NJ), dtype=np.bool_)
    solved_N[order] = np.cumsum(first_N[order]) <= budget
    return solved_N


def _chances(name: str, values: Floats) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or not array.size or not np.all((array >= 0) & (array <= 1)):
        raise UsageError(
            f"{name}: got shape {array.shape}, expected (problems, attempts) of values 0 to 1"
        )
    return array
