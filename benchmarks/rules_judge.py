"""The gate of benchmarks/ablations.py: it sees a repeated rule in whatever words."""

from __future__ import annotations

from collections.abc import Sequence

from cppo_env.problems.strategy_rules import rule_of
from cppo_env.types import Problem, Ruling


class RulesJudge:
    """Accepts K methods that describe K different rules of `CPPO-Strategies-v0`, in any wordings.

    It does not know which rules are right. It stands for a gate that reads meaning without fault,
    as the fine-tuned judge of the paper nearly does: `format` compares texts here, and `distinct`
    words, of which two wordings of a rule have hardly one in common.
    """

    def rule(self, cases: Sequence[tuple[Problem, tuple[str, ...]]]) -> list[Ruling]:
        """Rule on each case by itself."""
        return [_rule(methods) for _, methods in cases]


def _rule(methods: tuple[str, ...]) -> Ruling:
    first_use: dict[str, int] = {}
    for number, method in enumerate(methods, start=1):
        rule = rule_of(method)
        if rule is None:
            return Ruling(False, 0.0, f"method {number} describes no rule")
        if (same_as := first_use.setdefault(rule, number)) != number:
            return Ruling(False, 0.0, f"method {number} is method {same_as} in other words")
    return Ruling(True, 1.0)
