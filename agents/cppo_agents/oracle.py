"""An agent that replays reference solutions: an upper bound, and a check of the problems."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from cppo_env.protocols import ProblemSet
from cppo_env.types import Observation, Problem


class OracleAgent:
    """Plays the first K reference solutions of a problem as its K branches.

    It knows the problems from its construction and recognises them by statement and starter code,
    since an observation carries no id. Problems that share both are told apart by nothing, so the
    first one's references are played. A problem with fewer than K references repeats them.
    """

    replays_references = True
    """Its failures are failures of the records or of the sandbox, so `cppo eval` lists them."""

    def __init__(self, problems: ProblemSet, k: int = 4):
        self.k = k
        self._problems = problems
        self._indices: dict[tuple[str, str], list[int]] = defaultdict(list)
        for index in range(len(problems)):
            problem = problems[index]
            self._indices[problem.statement, problem.starter_code].append(index)

    def act(self, observations: Sequence[Observation]) -> list[tuple[str, ...]]:
        """Names of the references' methods, then the references; empty for unknown problems."""
        return [self._play(observation) for observation in observations]

    def declines(self, problem: Problem) -> str | None:
        """Why this agent cannot play the problem, or None if it can."""
        return None if problem.references else "the record holds no reference solutions"

    def _play(self, observation: Observation) -> tuple[str, ...]:
        indices = self._indices.get((observation["problem"], observation["starter_code"]), [])
        problem = next(
            (self._problems[index] for index in indices if self._problems[index].references), None
        )
        if problem is None:
            return ("",) * self.k
        branches = range(self.k)
        if observation["phase"] == 0:
            return tuple(_method(problem, branch) for branch in branches)
        return tuple(
            f"~~~~~~python\n{problem.references[i % len(problem.references)]}\n~~~~~~"
            for i in branches
        )


def _method(problem: Problem, branch: int) -> str:
    """The recorded name of a method, or a unique one, so that no gate refuses it."""
    count = len(problem.references)
    names: Sequence[str] = problem.metadata.get("methods", ())
    name = (
        names[branch % count]
        if len(names) == count
        else f"Replay reference solution {branch % count + 1}."
    )
    return name if branch < count else f"{name} (repeated, attempt {branch + 1})"
