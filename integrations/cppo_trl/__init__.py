"""TRL's `GRPOTrainer` on this project's rewards: rows for its data set, and reward functions.

Solver: one completion is one program for the problem, or for a given method; it earns V. Planner:
one completion is a plan of K methods; an agent writes the K programs, and the plan earns the
environment's reward, J · R_out by default. What an infrastructure failure spoilt is None, which TRL
leaves out of its group.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import cppo_env
from cppo_env import parsing, prompts
from cppo_env.driver import Task, Written, drive
from cppo_env.evaluation.play import player_of
from cppo_env.solutions import program_of

Rewards = Callable[..., list[float | None]]
"""A reward function as TRL calls it, with completions and the columns of their rows."""


def solver_rows(problems: cppo_env.ProblemSet, method: str = "") -> list[dict[str, Any]]:
    """One row for each problem: the SOLVE prompt and the problem's place in the set."""
    return [
        {
            "prompt": prompts.solve_messages(prompts.observe(problems[index]), method),
            "problem": index,
        }
        for index in range(len(problems))
    ]


def planner_rows(problems: cppo_env.ProblemSet, k: int = 4) -> list[dict[str, Any]]:
    """One row for each problem: the PLAN prompt and the problem's place in the set."""
    return [
        {"prompt": prompts.plan_messages(prompts.observe(problems[index]), k), "problem": index}
        for index in range(len(problems))
    ]


def solver_reward(problems: cppo_env.ProblemSet, sandbox: cppo_env.Sandbox) -> Rewards:
    """V of each completion, judged by the sandbox: 1.0 if its program passes every test."""

    def correct(completions: Sequence[Any], problem: Sequence[int], **_: Any) -> list[float | None]:
        programs = [
            program_of(problems[index], _text(completion))
            for index, completion in zip(problem, completions, strict=True)
        ]
        jobs = [
            (problems[index], program)
            for index, program in zip(problem, programs, strict=True)
            if program is not None
        ]
        reports = iter(cppo_env.grade_batch(jobs, sandbox=sandbox) if jobs else ())
        return [0.0 if program is None else _value(next(reports)) for program in programs]

    return correct


def planner_reward(env: cppo_env.CPPOVectorEnv, solve: cppo_env.Agent) -> Rewards:
    """The environment's reward of each plan, after `solve` has written its K programs.

    Args:
        env: of `gym.make_vec`, unwrapped, with a place for each completion of a batch.
        solve: an agent that is asked for the solutions only.
    """
    k = env.assembly.engine.k

    def planned(completions: Sequence[Any], problem: Sequence[int], **_: Any) -> list[float | None]:
        plans = [parsing.read_plan(_text(completion), k) for completion in completions]
        tasks = [Task(int(index), number) for number, index in enumerate(problem)]
        played = drive(
            env,
            tasks,
            lambda places, _: [Written(plans[place]) for place in places],
            player_of(solve, env, tasks),
        )
        return [
            None if void else float(reward)
            for reward, void in zip(played.rewards_N, played.void_N, strict=True)
        ]

    return planned


def _text(completion: Any) -> str:
    """The text of a completion, conversational or plain."""
    return completion if isinstance(completion, str) else completion[-1]["content"]


def _value(report: cppo_env.Report) -> float | None:
    if report.verdict is cppo_env.Verdict.IE:
        return None
    return float(report.verdict is cppo_env.Verdict.AC)


__all__ = ["planner_reward", "planner_rows", "solver_reward", "solver_rows"]
