"""A gate of your own: refuse a plan when two of its methods share most of their words."""

from collections.abc import Sequence
from itertools import combinations

import gymnasium as gym

from cppo_env import Problem, Ruling


class WordOverlapJudge:
    """Accepts a tuple of methods whose pairwise Jaccard similarity of words stays below `limit`."""

    def __init__(self, limit: float = 0.6):
        self.limit = limit

    def rule(self, cases: Sequence[tuple[Problem, tuple[str, ...]]]) -> list[Ruling]:
        """One ruling for each (problem, methods)."""
        return [self._rule(methods) for _, methods in cases]

    def _rule(self, methods: tuple[str, ...]) -> Ruling:
        words = [set(method.lower().split()) for method in methods]
        overlap = max(
            (len(a & b) / max(len(a | b), 1) for a, b in combinations(words, 2)), default=0.0
        )
        if overlap >= self.limit:
            return Ruling(
                accepted=False,
                score=1 - overlap,
                reason=f"two methods share {overlap:.0%} of their words",
            )
        return Ruling(accepted=True, score=1 - overlap)


if __name__ == "__main__":
    with gym.make("CPPO-Samples-v0", judge=WordOverlapJudge(), k=2) as env:
        for plan in [
            ("hash map of values", "sort and close in"),
            ("hash map of values", "hash map of the values"),
        ]:
            env.reset(options={"problem_id": "two-sum"})
            *_, info = env.step(plan)
            print(plan, "→ J =", info["validity"], info["ruling"].reason)
