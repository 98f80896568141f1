"""The flow, once, over a batch: `observe` and `advance`. A single environment is a batch of one."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from cppo_env import parsing, roles
from cppo_env.errors import ActionError, UsageError
from cppo_env.prompts import observe
from cppo_env.protocols import ChoosesStop, Judge, Prefetches, Reward, Sandbox
from cppo_env.solutions import program_of
from cppo_env.types import Episode, Job, Observation, Report, Ruling, Verdict

NO_PROGRAM = "no program: "
"""Prefix of the report message on a solution without a program; the reason follows."""


@dataclass(frozen=True, slots=True)
class Transition:
    """What one step made of one episode."""

    episode: Episode
    reward: float
    terminated: bool
    truncated: bool

    @property
    def ended(self) -> bool:
        """Whether the episode takes no further step."""
        return self.terminated or self.truncated


@dataclass(frozen=True, slots=True)
class Engine:
    """The rules of the episode and the roles that play in it."""

    judge: Judge
    sandbox: Sandbox
    reward: Reward
    k: int = 4
    end_on_refusal: bool = False
    """End an episode at a refused plan, with reward 0; saves running its programs."""

    def observe(self, episode: Episode) -> Observation:
        """What the agent may see of an episode: never hidden tests, references or metadata."""
        return observe(episode.problem, episode.methods or ("",) * self.k, episode.phase)

    def advance(self, episodes: Sequence[Episode], actions: Sequence[Any]) -> list[Transition]:
        """Take one step in every episode; they may be in different phases.

        Args:
            episodes: N episodes that have not ended.
            actions: N tuples of K texts: methods for an episode in phase 0, solutions for one in
                phase 1.

        Returns:
            N transitions. At most one call of the judge and one of the sandbox.

        Raises:
            ActionError: an action is not K texts. Nothing has been run and no episode has moved.
        """
        if len(actions) != len(episodes):
            raise ActionError(
                f"actions: got {len(actions)}, expected {len(episodes)}, one for each episode"
            )
        checked = [check_action(action, self.k) for action in actions]
        planned = self._rule(
            [(e, a) for e, a in zip(episodes, checked, strict=True) if e.phase == 0]
        )
        solved = self._judge(
            [(e, a) for e, a in zip(episodes, checked, strict=True) if e.phase == 1]
        )
        after_plan, after_solve = iter(planned), iter(solved)
        return [next(after_plan if episode.phase == 0 else after_solve) for episode in episodes]

    def prefetch(self, solutions: Sequence[tuple[Episode, str]]) -> None:
        """Start running single solutions before their step, if the sandbox can."""
        if not isinstance(self.sandbox, Prefetches):
            return
        programs = [(episode, program_of(episode.problem, text)) for episode, text in solutions]
        self.sandbox.prefetch(
            [self._job(episode, program) for episode, program in programs if program is not None]
        )

    def _job(self, episode: Episode, program: str) -> Job:
        stop_early = self.reward.stop_early if isinstance(self.reward, ChoosesStop) else True
        return Job(episode.problem, program, stop_early=stop_early)

    def _rule(self, plans: Sequence[tuple[Episode, tuple[str, ...]]]) -> list[Transition]:
        """Phase 0: methods → rulings. A plan that is not K methods has J = 0; no judge is asked."""
        if not plans:
            return []
        faults = [missing_methods(methods) for _, methods in plans]
        cases = [
            (episode.problem, methods)
            for (episode, methods), fault in zip(plans, faults, strict=True)
            if fault is None
        ]
        judged = iter(roles.rule(self.judge, cases))
        rulings = [next(judged) if fault is None else Ruling(False, 0.0, fault) for fault in faults]
        transitions: list[Transition] = []
        for (episode, methods), ruling in zip(plans, rulings, strict=True):
            refused = self.end_on_refusal and not ruling.accepted and not ruling.void
            after = replace(episode, methods=methods, ruling=ruling)
            transitions.append(
                Transition(after, reward=0.0, terminated=refused, truncated=ruling.void)
            )
        return transitions

    def _judge(self, answers: Sequence[tuple[Episode, tuple[str, ...]]]) -> list[Transition]:
        """Phase 1: solutions → reports → rewards."""
        if not answers:
            return []
        programs = [
            [program_of(episode.problem, solution) for solution in solutions]
            for episode, solutions in answers
        ]
        jobs = [
            self._job(episode, program)
            for (episode, _), branches in zip(answers, programs, strict=True)
            for program in branches
            if program is not None
        ]
        reports = iter(roles.run_jobs(self.sandbox, jobs))
        transitions: list[Transition] = []
        for (episode, solutions), branches in zip(answers, programs, strict=True):
            graded = tuple(
                no_program(solution) if program is None else next(reports)
                for solution, program in zip(solutions, branches, strict=True)
            )
            after = replace(episode, solutions=solutions, reports=graded)
            reward = 0.0 if after.void else roles.pay(self.reward, after)
            transitions.append(
                Transition(after, reward, terminated=not after.void, truncated=after.void)
            )
        return transitions


def no_program(solution: str) -> Report:
    """The report on a solution that holds no program."""
    return Report(Verdict.CE, message=NO_PROGRAM + parsing.explain_program(solution))


def check_action(action: Any, k: int) -> tuple[str, ...]:
    """The action as a tuple of K texts; an array of them will do, as it does for the space.

    Raises:
        ActionError: it is anything else.
    """
    if isinstance(action, np.ndarray):
        action = cast(NDArray[Any], action).tolist()
    if isinstance(action, str) or not isinstance(action, Sequence):
        raise ActionError(f"action: got {type(action).__name__}, expected a tuple of {k} texts")
    texts = cast(Sequence[Any], action)
    if len(texts) != k:
        raise ActionError(f"action: got {len(texts)} texts, expected {k}, one for each branch")
    for number, text in enumerate(texts, start=1):
        if not isinstance(text, str):
            raise ActionError(
                f"action: text {number} of {k} is {type(text).__name__}, expected str"
            )
    return tuple(texts)


def missing_methods(methods: Sequence[str]) -> str | None:
    """Why K texts are no plan of K methods, or None if they are one."""
    empty = [number for number, method in enumerate(methods, start=1) if not method.strip()]
    if len(empty) == len(methods):
        return "no plan: every method is empty"
    return f"method {empty[0]} is empty" if empty else None


def check_k(k: int) -> int:
    """The number of branches, if a plan can have that many labels."""
    try:
        number = operator.index(k)
    except TypeError:
        raise UsageError(f"k: got {k!r}, expected a whole number, 1 to {parsing.MAX_K}") from None
    if not 1 <= number <= parsing.MAX_K:
        raise UsageError(f"k: got {k}, expected 1 to {parsing.MAX_K}")
    return number


def facts(transition: Transition) -> dict[str, Any]:
    """The `info` of a step: what researchers log, and what learners learn from."""
    episode = transition.episode
    info: dict[str, Any] = {
        "problem_id": episode.problem.id,
        "validity": episode.validity,
        "ruling": episode.ruling,
    }
    if transition.ended:
        info["void"] = episode.void
    if episode.reports:
        info["r_out"] = episode.r_out
        info["solver_rewards"] = episode.solver_rewards
        info["verdicts"] = tuple(report.verdict.value for report in episode.reports)
        info["reports"] = episode.reports
    return info
