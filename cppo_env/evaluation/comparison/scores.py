"""The tables that all figures of a comparison are made from: seeds × problems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cppo_env.arrays import Floats
from cppo_env.errors import CppoError
from cppo_env.estimators import policy_pass_at_k
from cppo_env.evaluation.comparison.methods import Method
from cppo_env.evaluation.summary import solved_by_problem

FEW = 0.1
"""Share of problems that may be left out because they have fewer attempts than the others."""


@dataclass(frozen=True, slots=True)
class Table:
    """Which attempts of a method passed, on the shared problems."""

    label: str
    k: int
    independent: bool
    solved: list[list[NDArray[np.bool_]]]
    """Seed → problem → (T, K)."""

    @property
    def attempts(self) -> int:
        """The most attempts that every problem of every seed has."""
        return min(solved_TK.size for row in self.solved for solved_TK in row)

    def scores(self, budget: int) -> Floats:
        """pass@`budget`: seeds × problems."""
        known: dict[tuple[bytes, int], float] = {}

        def score(solved_TK: NDArray[np.bool_]) -> float:
            key = solved_TK.tobytes(), len(solved_TK)
            if key not in known:
                known[key] = policy_pass_at_k(solved_TK, budget, independent=self.independent)
            return known[key]

        return np.array([[score(one) for one in row] for row in self.solved])


def tables(methods: Sequence[Method]) -> tuple[list[str], dict[str, Table]]:
    """The problems that every run has played, and a table of each method.

    Raises:
        CppoError: no problem counts for all runs.
    """
    played = {
        method.label: [solved_by_problem(run.records, run.k) for run in method.runs]
        for method in methods
    }
    every = [by_problem for runs in played.values() for by_problem in runs]
    sizes = {
        one: min(other[one].size for other in every)
        for one in every[0]
        if all(one in other for other in every)
    }
    # A void episode costs its problem, not everyone's largest budget.
    usual = np.quantile([*sizes.values()], FEW, method="lower") if sizes else 0
    problems = [one for one, size in sizes.items() if size >= usual]
    if not problems:
        raise CppoError(
            "no problem was played by all runs; compare evaluations of the same problems"
        )
    return problems, {
        method.label: Table(
            method.label,
            method.runs[0].k,
            method.runs[0].independent,
            [[by_problem[one] for one in problems] for by_problem in played[method.label]],
        )
        for method in methods
    }
