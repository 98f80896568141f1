"""PlanSearch: search over observations on the problem, in words, before any plan is written.

Covered: first-order observations, subsets of at most two, second-order observations from each
subset, one plan for each subset. Not covered: the paper's pseudo-code stage and its larger pool of
plans; only the K subsets that are solved are pursued, which changes cost and not distribution,
since they are drawn without looking at what follows from them.
"""

from __future__ import annotations

import re
from itertools import combinations
from random import Random

from cppo_agents.backends import Reply
from cppo_agents.strategies.base import Planned, Sampling, Steps, single_methods
from cppo_env import parsing, prompts
from cppo_env.prompts import Messages, Prompts
from cppo_env.types import Observation

OBSERVE = """\
You study a programming problem before anyone solves it. Write up to {count} observations that \
could help: properties \
of the input, invariants, equivalent formulations, useful data structures. One observation per \
line, one sentence \
each. Write no code, no preface and no solution."""

DERIVE = """\
You study a programming problem before anyone solves it. Given some observations on it, write up \
to {count} further \
ones that follow from or combine them. One observation per line, one sentence each. Write no \
code, no preface \
and no solution."""

_BULLET = re.compile(r"^\s*(?:[-*•]|\(?\d+[.):]|[A-Z]:)\s*")


class PlanSearch(Planned):
    """Draws K subsets of observations and plans one method from each."""

    def __init__(
        self,
        k: int,
        sampling: Sampling,
        prompts: Prompts,
        *,
        observations: int = 5,
        derived: int = 3,
        seed: int = 0,
    ):
        """Numbers of first-order and of derived observations; `seed` draws the subsets."""
        super().__init__(k, sampling, prompts)
        self.observations = observations
        self.derived = derived
        self.seed = seed

    def plan(self, observation: Observation) -> Steps:
        """Three rounds: observations, derived observations per subset, a method per subset."""
        problem = prompts.problem_text(observation)
        [first] = yield [
            self.sampling.plan(_messages(OBSERVE.format(count=self.observations), problem))
        ]
        subsets = self._draw(_lines(first, self.observations), problem)
        if not subsets:
            return ("",) * self.k
        derive = DERIVE.format(count=self.derived)
        second = yield [
            self.sampling.plan(_messages(derive, _with_notes(problem, subset)))
            for subset in subsets
        ]
        plans = yield [
            self.sampling.plan(
                self._plan_messages(observation, [*subset, *_lines(completion, self.derived)]), 1
            )
            for subset, completion in zip(subsets, second, strict=True)
        ]
        return single_methods(plans)

    def _draw(self, observations: list[str], problem: str) -> list[tuple[str, ...]]:
        """K subsets of one or two observations: distinct ones as long as there are enough."""
        subsets = [subset for size in (1, 2) for subset in combinations(observations, size)]
        Random(f"{self.seed}/{problem}").shuffle(subsets)
        return [subsets[branch % len(subsets)] for branch in range(self.k)] if subsets else []

    def _plan_messages(self, observation: Observation, notes: list[str]) -> Messages:
        *system, user = self.prompts.plan(observation, 1)
        return [*system, {**user, "content": _with_notes(user["content"], notes)}]


def _messages(system: str, user: str) -> Messages:
    return [{"role": "system", "content": system}, {"role": "user", "content": user}]


def _with_notes(problem: str, notes: list[str] | tuple[str, ...]) -> str:
    return problem + "\n\nObservations:\n" + "\n".join(f"- {note}" for note in notes)


def _lines(completion: Reply, count: int) -> list[str]:
    """The first `count` observations of an answer; the last line of a truncated one is dropped."""
    text = parsing.without_thoughts(completion.text)
    lines = text.splitlines()[: -1 if completion.truncated else None]
    stripped = (_BULLET.sub("", line).strip() for line in lines)
    return list(dict.fromkeys(line for line in stripped if line))[:count]
