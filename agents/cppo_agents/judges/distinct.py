"""`distinct`: refuses a tuple two of whose methods are one method in two wordings."""

from __future__ import annotations

from collections.abc import Sequence

from cppo_agents.judges.embeddings import Embedder
from cppo_env.errors import UsageError
from cppo_env.judges.wording import most_alike
from cppo_env.types import Problem, Ruling


class DistinctJudge:
    """Accepts K methods of which no two are near-duplicates.

    Words are compared as `cppo_env.judges.wording` says; with a `model`, embeddings are compared as
    well, and either can refuse. Neither sees whether a method is valid, nor that two methods with
    different words lead to the same program.

    Args:
        threshold: two methods as alike in their words as this are duplicates; 0 to 1.
        model: folder or hub name of a local transformers model, whose mean last hidden state is a
            method's embedding. None compares words only.
        similarity: two methods whose embeddings have at least this cosine are duplicates.
        device: of the model; "auto" takes a GPU where there is one.
        batch_size: methods embedded side by side.

    Raises:
        UsageError: a threshold is out of range, or the model cannot be loaded.
    """

    def __init__(
        self,
        threshold: float = 0.55,
        model: str | None = None,
        similarity: float = 0.95,
        device: str = "auto",
        batch_size: int = 32,
    ):
        for name, value in (("threshold", threshold), ("similarity", similarity)):
            if not 0 < value <= 1:
                raise UsageError(f"{name}: got {value}, expected more than 0 and at most 1")
        self._threshold, self._similarity = threshold, similarity
        self._embedder = None if model is None else Embedder(model, device, batch_size)

    def rule(self, cases: Sequence[tuple[Problem, tuple[str, ...]]]) -> list[Ruling]:
        """Rule on each case by itself; the score is 1 − the largest likeness in words."""
        cosines = [(0.0, 0, 0)] * len(cases)
        if self._embedder is not None:
            cosines = self._embedder.most_alike([methods for _, methods in cases])
        rulings: list[Ruling] = []
        for (problem, methods), (cosine, i, j) in zip(cases, cosines, strict=True):
            alike, first, second = most_alike(methods, problem.statement)
            reason = ""
            if alike >= self._threshold:
                reason = f"method {second + 1} rewords method {first + 1} (likeness {alike:.2f})"
            elif cosine >= self._similarity:
                reason = f"method {j + 1} means the same as method {i + 1} (cosine {cosine:.3f})"
            rulings.append(Ruling(not reason, round(1.0 - alike, 4), reason))
        return rulings
