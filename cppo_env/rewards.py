"""The planner's reward of a finished episode (docs/method.md, section 2)."""

from __future__ import annotations

from typing import ClassVar

from cppo_env.protocols import Reward
from cppo_env.types import Episode, Problem, Report, Verdict


def gated(episode: Episode) -> float:
    """R_plan = J · R_out: the judge accepted the plan and a program passed. The paper's reward."""
    return episode.validity * episode.r_out


def outcome(episode: Episode) -> float:
    """R_out: some program passed, whatever the judge said. The ablation without a gate."""
    return episode.r_out


def validity(episode: Episode) -> float:
    """R_warm = J: the warm-up reward of the planner, blind to the programs."""
    return episode.validity


def additive(episode: Episode) -> float:
    """(J + R_out) / 2: pays half for either. The ablation of the product."""
    return (episode.validity + episode.r_out) / 2


class PassRate:
    """J · max_i (share of tests that program i passes): a denser variant of `gated`.

    It reads the verdict of every test, so programs are not stopped at their first failing one.
    """

    stop_early: ClassVar[bool] = False

    def __call__(self, episode: Episode) -> float:
        """The reward of one episode."""
        shares = [passed_share(episode.problem, report) for report in episode.reports]
        return episode.validity * max(shares, default=0.0)


def passed_share(problem: Problem, report: Report) -> float:
    """Share of the problem's tests that passed; meaningful only with `stop_early=False`."""
    passed = sum(test.verdict is Verdict.AC for test in report.tests)
    return passed / max(len(problem.tests), 1)


class AllTests:
    """A reward as it is, of programs that run on all tests: for learners that count them."""

    stop_early: ClassVar[bool] = False

    def __init__(self, reward: Reward):
        self._reward = reward
        self.__name__: str = getattr(reward, "__name__", type(reward).__name__)

    def __call__(self, episode: Episode) -> float:
        """The reward of one episode."""
        return self._reward(episode)
