"""Audit before the joint stage: is the planner's reward dense enough?

Forward passes only (docs/method.md, section 4). `density` measures and `decide` compares with the
thresholds: "go" if every figure reaches its threshold, "no-go" if one is hopeless, "unclear"
otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from cppo_env.estimators import policy_pass_at_k
from cppo_grpo.rollouts.values import Rollout, require_some

Decision = Literal["go", "unclear", "no-go"]


@dataclass(frozen=True, slots=True)
class Threshold:
    """The accepted range of a figure: at least `least`, and at most any upper limit."""

    means: str
    least: float
    most: float | None = None
    hopeless: float = 0.0
    """Below this there is nothing to learn from."""

    def judge(self, value: float) -> Decision:
        """The verdict on one figure."""
        if value < self.hopeless:
            return "no-go"
        reached = value >= self.least if self.most is None else self.least < value < self.most
        return "go" if reached else "unclear"


LINES = {
    "nonzero_tuples": Threshold("tuples with R_plan > 0", least=0.05, hopeless=0.03),
    "nonzero_problems": Threshold("problems with such a tuple", least=0.25, hopeless=0.10),
    "varied_problems": Threshold(
        "problems whose tuples differ in R_plan", least=0.10, hopeless=0.05
    ),
    "acceptance": Threshold("plans that the judge accepted", least=0.02, most=0.98),
    "parse_rate": Threshold("plans that could be read", least=0.95),
}
"""The shares of the audit and their thresholds (docs/method.md, section 4)."""


def density(
    rewards_PM: NDArray[np.float64],
    accepted_PM: NDArray[np.bool_],
    read_PM: NDArray[np.bool_],
    void_PM: NDArray[np.bool_],
) -> dict[str, float]:
    """The shares of `LINES`; void episodes are excluded.

    Args:
        rewards_PM: R_plan of M tuples of P problems.
        accepted_PM: whether the judge accepted the plan.
        read_PM: whether the plan could be read.
        void_PM: episodes that an infrastructure failure voided.
    """
    counted_PM = ~void_PM
    least_P = np.where(counted_PM, rewards_PM, np.inf).min(-1)
    most_P = np.where(counted_PM, rewards_PM, -np.inf).max(-1)
    tuples, problems = max(int(counted_PM.sum()), 1), max(int(counted_PM.any(-1).sum()), 1)
    return {
        "nonzero_tuples": int((rewards_PM[counted_PM] > 0).sum()) / tuples,
        "nonzero_problems": int((most_P > 0).sum()) / problems,
        "varied_problems": int((most_P > least_P).sum()) / problems,
        "acceptance": int(accepted_PM[counted_PM].sum()) / tuples,
        "parse_rate": int(read_PM[counted_PM].sum()) / tuples,
    }


def decide(shares: Mapping[str, float]) -> Decision:
    """The overall verdict: the worst of the single ones."""
    said = {LINES[name].judge(value) for name, value in shares.items()}
    return "no-go" if "no-go" in said else "unclear" if "unclear" in said else "go"


def audit(rollouts: Sequence[Rollout], tuples: int) -> dict[str, float]:
    """The figures of some rollouts with `tuples` tuples per problem.

    Raises:
        SandboxError: every episode is void, so nothing can be measured.
    """
    require_some(rollouts, "audit")
    facts = zip(
        *((one.rewards_N, one.validity_N > 0, one.read_N, one.void_N) for one in rollouts),
        strict=True,
    )
    return density(*(np.concatenate(fact).reshape(-1, tuples) for fact in facts))


def solver_ladder(solved_PMK: NDArray[np.bool_], void_PM: NDArray[np.bool_]) -> dict[int, float]:
    """Budget → pass@k of the solver on these plans, a mean over problems; void tuples left out.

    Budgets below K take some branches of a tuple, those above it whole tuples.
    """
    m, k = solved_PMK.shape[1:]
    below = [2**power for power in range(k.bit_length()) if 2**power < k]
    budgets = [*below, *(k * 2**power for power in range(m.bit_length()) if 2**power <= m)]
    problems = [solved[~void] for solved, void in zip(solved_PMK, void_PM, strict=True)]
    found: dict[int, float] = {}
    for budget in budgets:
        known = [one for one in problems if len(one) * k >= max(budget, k)]
        if known:
            figures = [policy_pass_at_k(one, budget, independent=False) for one in known]
            found[budget] = float(np.mean(figures))
    return found


def quadrants(
    accepted_N: NDArray[np.bool_], solved_N: NDArray[np.bool_], void_N: NDArray[np.bool_]
) -> dict[str, float]:
    """J x R_out: the shares of plans by what the judge said and what their programs did."""
    counted_N = ~void_N
    total = max(int(counted_N.sum()), 1)
    return {
        f"{said}_{did}": int((counted_N & judged_N & passed_N).sum()) / total
        for said, judged_N in (("accepted", accepted_N), ("refused", ~accepted_N))
        for did, passed_N in (("solved", solved_N), ("failed", ~solved_N))
    }


def surroundings(rollouts: Sequence[Rollout], tuples: int, programs: bool) -> dict[str, Any]:
    """What the decision is to be read with: thresholds, and with programs ladder and quadrants."""
    thresholds = {name: asdict(threshold) for name, threshold in LINES.items()}
    if not programs:
        return {"thresholds": thresholds}
    solved_NK, void_N, accepted_N = (
        np.concatenate(values)
        for values in zip(
            *((one.solver_rewards_NK > 0, one.void_N, one.validity_N > 0) for one in rollouts),
            strict=True,
        )
    )
    return {
        "solver_pass_at_k": solver_ladder(
            solved_NK.reshape(-1, tuples, solved_NK.shape[1]), void_N.reshape(-1, tuples)
        ),
        "quadrants": quadrants(accepted_N, np.asarray(solved_NK.any(-1)), void_N),
        "thresholds": thresholds,
    }


def table(shares: Mapping[str, float]) -> Table:
    """The figures as a table."""
    shown = Table("share of", "value", "go", "no-go", "says", title="audit of the reward's density")
    for name, value in shares.items():
        line = LINES[name]
        go = f"≥ {line.least:.2f}" if line.most is None else f"{line.least:.2f} to {line.most:.2f}"
        hopeless = f"< {line.hopeless:.2f}" if line.hopeless else ""
        shown.add_row(line.means, f"{value:.3f}", go, hopeless, line.judge(value))
    return shown
