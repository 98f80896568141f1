"""Adaptive allocation against the same number of attempts for each problem, at equal totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from cppo_env.arrays import Bools, Floats
from cppo_env.errors import UsageError
from cppo_env.evaluation.allocation.attempts import Attempts, attempts_of
from cppo_env.evaluation.allocation.chances import learn
from cppo_env.evaluation.allocation.rule import allocate, fixed, hindsight, prospects, solved
from cppo_env.evaluation.comparison.loading import FinishedRun, require_comparable
from cppo_env.evaluation.summary import budgets
from cppo_env.intervals import Interval, over_seeds

FIXED = "fixed"
ROUNDS = "rounds"
MARGINAL = "marginal"
HINDSIGHT = "hindsight"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a policy reaches at one budget, on one run."""

    solved_N: Floats
    """Share of the orders of attempts in which a problem is solved."""
    spent: float
    """Attempts for each problem, on average."""
    counts: Counter[int]
    """Attempts → how many problems got that many, over all orders."""


def compare_allocations(
    pairs: Sequence[tuple[FinishedRun, FinishedRun]],
    *,
    by: Sequence[str] = (),
    public: bool = False,
    attempts: Sequence[int] = (),
    seed: int = 0,
) -> dict[str, Any]:
    """The machine-readable comparison.

    Args:
        pairs: for each seed a run on held-out problems, and one of the same agent on others, from
            which chances are learnt.
        by: further things that are known of an attempt; see `attempts_of`.
        public: stop at a program that passes the public tests.
        attempts: the budgets, as means over problems. Default: 1 … K, then whole tuples.
        seed: decides the resamples.

    Raises:
        UsageError: the runs do not fit each other, or a budget is more than was played.
    """
    _require_fit(pairs)
    k = pairs[0][0].k
    read = [
        (attempts_of(held_out, by, public=public), attempts_of(other, by, public=public))
        for held_out, other in pairs
    ]
    most = min(one.right_RNJ.shape[2] for one, _ in read)
    chosen = sorted(set(attempts)) or sorted({*range(1, k), *budgets(most, k)})
    if not 1 <= chosen[0] <= chosen[-1] <= most:
        raise UsageError(
            f"attempts: got {', '.join(map(str, chosen))}, expected 1 to {most}, the attempts that "
            "were made on each problem; play more with cppo eval --attempts"
        )
    problems = _shared([one for one, _ in read])
    ways = [_Ways(held_out, other, problems, public=public) for held_out, other in read]
    return {
        "k": k,
        "seeds": [held_out.seed for held_out, _ in pairs],
        "n_problems": len(problems),
        "n_learnt_from": [len(other.problems) for _, other in read],
        "left_out": [one.left_out + len(one.problems) - len(problems) for one, _ in read],
        "known": ["place", "repeated, refused or unreadable plan", *by],
        "public": public,
        "budgets": {str(one): _at(one, ways, public=public, seed=seed) for one in chosen},
    }


class _Ways:
    """The policies on some problems of one held-out run."""

    def __init__(
        self, held_out: Attempts, other: Attempts, problems: Sequence[str], *, public: bool
    ):
        place = {one: n for n, one in enumerate(held_out.problems)}
        self.places_N = np.array([place[one] for one in problems])
        self.attempts = held_out
        self.public = public
        learnt = learn(other, public=public)
        self.rates_RNJ: list[Floats] = []
        for known_NJ in held_out.known_RNJ:
            right_NJ, closed_NJ = learnt.of(known_NJ)
            self.rates_RNJ.append(prospects(right_NJ, closed_NJ if public else None).rates())

    def play(self, policy: str, each: int) -> Outcome:
        """A policy with `each` attempts on average."""
        places_N = self.places_N
        solved_RN: list[Bools] = []
        spent = Counter[int]()
        for r, rates_NJ in enumerate(self.rates_RNJ):
            right_NJ = self.attempts.right_RNJ[r, places_N]
            budget = each * len(places_N)
            if policy == HINDSIGHT:
                solved_RN.append(hindsight(right_NJ, budget))
                continue
            closed_NJ = self.attempts.public_RNJ[r, places_N] if self.public else None
            if policy == FIXED:
                spent_N = fixed(len(places_N), budget)
            elif policy == ROUNDS:
                spent_N = allocate(np.zeros_like(rates_NJ[places_N]), budget, closed_NJ)
            else:
                spent_N = allocate(rates_NJ[places_N], budget, closed_NJ)
            solved_RN.append(solved(right_NJ, spent_N))
            spent.update(spent_N.tolist())
        total = sum(one * count for one, count in spent.items())
        return Outcome(
            np.mean(solved_RN, axis=0), total / max(1, sum(spent.values())), Counter(spent)
        )


def _at(each: int, ways: Sequence[_Ways], *, public: bool, seed: int) -> dict[str, Any]:
    """All policies at one budget, and their paired differences from `fixed`."""
    policies = (FIXED, *((ROUNDS,) if public else ()), MARGINAL, HINDSIGHT)
    played = {policy: [way.play(policy, each) for way in ways] for policy in policies}
    values = {
        policy: np.array([one.solved_N for one in outcomes]) for policy, outcomes in played.items()
    }

    def difference(policy: str, other: str) -> dict[str, float]:
        change_SN = values[policy] - values[other]
        return asdict(over_seeds(change_SN, bounds=(-1.0, 1.0), seed=seed))

    result: dict[str, Any] = {}
    for policy in policies:
        found: Interval = over_seeds(values[policy], seed=seed)
        result[policy] = {"solved": asdict(found), "by_seed": values[policy].mean(axis=1).tolist()}
        if policy == HINDSIGHT:
            continue
        spent = sum((one.counts for one in played[policy]), Counter[int]())
        result[policy]["spent"] = float(np.mean([one.spent for one in played[policy]]))
        result[policy]["attempts"] = {
            str(one): spent[one] / sum(spent.values()) for one in sorted(spent)
        }
    result["difference"] = {
        f"{policy} - {other}": difference(policy, other)
        for policy, other in ((MARGINAL, FIXED), *(((MARGINAL, ROUNDS),) if public else ()))
    }
    return result


def _shared(read: Sequence[Attempts]) -> list[str]:
    problems = [one for one in read[0].problems if all(one in other.problems for other in read)]
    if not problems:
        raise UsageError("no problem was played in all held-out runs; give seeds of one evaluation")
    return problems


def _require_fit(pairs: Sequence[tuple[FinishedRun, FinishedRun]]) -> None:
    """Refuse statistics of the held-out problems themselves, or of another agent."""
    require_comparable([held_out for held_out, _ in pairs])
    for held_out, other in pairs:
        if other.k != held_out.k:
            raise UsageError(
                f"learn: {other.path} has K={other.k}, {held_out.path} has K={held_out.k}; "
                "expected the same"
            )
        if held_out.method != other.method:
            names = sorted({*held_out.method, *other.method})
            differing = [one for one in names if held_out.method.get(one) != other.method.get(one)]
            raise UsageError(
                f"learn: {other.path} and {held_out.path} differ in {', '.join(differing)}; "
                "expected the same agent on other problems"
            )
        both = {one.problem_id for one in other.records} & {
            one.problem_id for one in held_out.records
        }
        if both:
            raise UsageError(
                f"learn: {other.path} and {held_out.path} share {len(both)} problems, such as "
                f"{min(both)}; statistics of the held-out problems themselves would be hidden "
                "verdicts"
            )
