"""What all strategies share: their shape, sampling in both regions, and solving each branch."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from cppo_agents.backends import Reply, Request
from cppo_env.prompts import Messages, Prompts
from cppo_env.types import Observation

Steps = Generator[list[Request], list[Reply], tuple[str, ...]]
"""Yields the requests of one round, is sent their answers, and returns K texts."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the two regions are sampled; the defaults are the paper's (docs/method.md, section 1)."""

    plan_temperature: float = 0.9
    plan_tokens: int = 512
    solve_temperature: float = 0.7
    solve_tokens: int = 2048
    plan_thoughts: int = 0
    solve_thoughts: int = 0

    def plan(self, messages: Messages, methods: int = 0) -> Request:
        """A request of the planner's region, for that many methods; 0: observations."""
        return Request(
            messages,
            self.plan_temperature,
            self.plan_tokens,
            methods=methods,
            region="plan",
            thoughts=self.plan_thoughts,
        )

    def solve(self, messages: Messages) -> Request:
        """A request of the solver's region."""
        return Request(
            messages, self.solve_temperature, self.solve_tokens, thoughts=self.solve_thoughts
        )


class Strategy(Protocol):
    """One way to spend K solutions on a problem."""

    independent_attempts: ClassVar[bool]
    """Whether the K attempts are independent draws of one distribution, or one draw of a tuple."""
    writes_plans: ClassVar[bool]
    """Whether it asks the model for plans; otherwise the gate J is not applicable."""
    k: int
    """Solutions of an episode."""
    prompts: Prompts
    """The words of its PLAN and SOLVE prompts."""

    def plan(self, observation: Observation, /) -> Steps:
        """Phase 0: returns K methods; an unusable plan is K empty texts."""
        ...

    def solve(self, observation: Observation, /) -> Steps:
        """Phase 1: returns K solutions."""
        ...


class Planned:
    """A strategy that solves each branch with its method. Default: the methods form one tuple."""

    independent_attempts: ClassVar[bool] = False

    writes_plans: ClassVar[bool] = True

    def __init__(self, k: int, sampling: Sampling, prompts: Prompts):
        self.k = k
        self.sampling = sampling
        self.prompts = prompts

    def solve(self, observation: Observation) -> Steps:
        """One solution per method. A branch without a method spends its attempt on nothing."""
        solutions = [""] * self.k
        branches = [branch for branch, method in enumerate(observation["methods"]) if method]
        if branches:
            completions = yield [
                self.sampling.solve(self.prompts.solve(observation, observation["methods"][branch]))
                for branch in branches
            ]
            for branch, completion in zip(branches, completions, strict=True):
                solutions[branch] = completion.solution
        return tuple(solutions)


def single_methods(completions: Sequence[Reply]) -> tuple[str, ...]:
    """The method of each plan that was asked for one; an empty text where there is no such plan."""
    return tuple("".join(completion.methods(1)) for completion in completions)
