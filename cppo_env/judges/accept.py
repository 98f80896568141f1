"""The gate that is always open."""

from __future__ import annotations

from collections.abc import Sequence

from cppo_env.types import Problem, Ruling


class AcceptJudge:
    """Accepts every plan: the ablation without a gate."""

    def rule(self, cases: Sequence[tuple[Problem, tuple[str, ...]]]) -> list[Ruling]:
        """Accept each case."""
        return [Ruling(accepted=True, score=1.0) for _ in cases]
