"""An agent that plays given texts: for tests, demonstrations, and programs written by hand."""

from __future__ import annotations

from collections.abc import Sequence

from cppo_env.types import Observation


class ScriptedAgent:
    """Plays the same K methods and the same K solutions in every episode."""

    def __init__(self, methods: Sequence[str], solutions: Sequence[str]):
        """K methods for phase 0, K solutions (model texts, with their code fences) for phase 1."""
        self.methods = tuple(methods)
        self.solutions = tuple(solutions)

    def act(self, observations: Sequence[Observation]) -> list[tuple[str, ...]]:
        """The methods or the solutions, by the phase of each observation."""
        return [
            self.solutions if observation["phase"] else self.methods for observation in observations
        ]
