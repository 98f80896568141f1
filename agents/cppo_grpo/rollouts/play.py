"""Problems → plans → rulings → programs → rewards: one batch of episodes, played by the policy in the environment.

Shapes: `_N` episodes (P problems × M tuples, a problem's tuples side by side), `_K` branches, `_B`
programs that were sampled. Groups are index arrays: episode n belongs to problem n // M. Token ids
and log-probs are those of the sampler.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppo_env import parsing, prompts
from cppo_env.evaluation.records import EpisodeRecord
from cppo_env.vector import CPPOVectorEnv, unbatch
from cppo_grpo.rollouts.agent import (
    PolicyAgent,
)
from cppo_grpo.rollouts.values import Rollout


def play(
    env: CPPOVectorEnv,
    agent: PolicyAgent,
    indices_N: NDArray[np.int64],
    seeds: tuple[int, int],
    first: int = 0,
) -> Rollout:
    """Play one episode on each problem.

    Args:
        env: a vector environment of N places.
        agent: writes plans and solutions.
        indices_N: problem of each place.
        seeds: decide the draws of the plans and of the solutions.
        first: number of the first episode, where these are a part of a larger batch; each draws as
            it would there.
    """
    seconds = {"plan": 0.0, "solve": 0.0, "judge": 0.0}
    tests_before, busy_before = _work(env)

    @contextmanager
    def timed(part: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        seconds[part] += time.perf_counter() - started

    k = env.assembly.engine.k
    with timed("judge"):
        batch, identities = env.reset(options={"problems": indices_N})
    observations = unbatch(batch)
    with timed("plan"):
        plans, methods = agent.plan(observations, k, seeds[0], first)
    with timed("judge"):
        _, rewards_N, terminated_N, truncated_N, infos = env.step(
            [plan or ("",) * k for plan in methods]
        )
    validity_N, rulings = infos["validity"].copy(), infos["ruling"]
    void_N = _fact(infos, "void", np.zeros(len(methods), dtype=np.bool_))

    # A plan that cannot be read has no branches, nor has any in the planner's warm-up. Where the
    # episode goes on all the same, its solutions are empty: there is no program to run.
    running_N = ~(terminated_N | truncated_N)
    solved_N = running_N & (not agent.plan_only)
    branches = [(n, i) for n in np.flatnonzero(solved_N) if methods[n] for i in range(k)]
    with timed("solve"):
        conversations = [
            prompts.solve_messages(observations[n], methods[n][i]) for n, i in branches
        ]
        streams = tuple((first + n) * k + i for n, i in branches)
        programs = agent.write(
            conversations,
            replace(agent.regions.solve, seed=seeds[1], streams=streams),
            lambda texts: env.prefetch([(branches[i][0], text) for i, text in texts.items()]),
        )
    solutions = [[""] * k for _ in methods]
    for (n, i), text, cut in zip(branches, programs.texts, programs.truncated, strict=True):
        # What is left of a truncated answer earns nothing, even if it holds a program.
        solutions[n][i] = "" if cut else text
    solver_rewards_NK = np.zeros((len(methods), k))
    r_out_N = np.zeros(len(methods))
    reports: list[Any] = [()] * len(methods)
    if running_N.any():
        with timed("judge"):
            _, last_rewards_N, _, _, infos = env.step([tuple(texts) for texts in solutions])
        rewards_N = np.where(running_N, last_rewards_N, rewards_N)
        r_out_N = _fact(infos, "r_out", r_out_N)
        solver_rewards_NK = _fact(infos, "solver_rewards", solver_rewards_NK)
        void_N = _fact(infos, "void", void_N)
        reports = [tuple(infos["reports"][n]) if running_N[n] else () for n in range(len(methods))]

    tests_after, busy_after = _work(env)
    seconds["sandbox"] = busy_after - busy_before

    tokens_N = plans.tokens if plans.texts else np.zeros(len(methods), dtype=np.int64)
    for (n, _), tokens in zip(branches, programs.tokens, strict=True):
        tokens_N[n] += tokens
    records = [
        EpisodeRecord(
            problem_id=identities["problem_id"][n],
            episode=first + n,
            methods=methods[n] or (plans.texts[n],),
            accepted=rulings[n].accepted,
            reason=rulings[n].reason,
            programs=tuple(parsing.read_program(text) for text in solutions[n])
            if reports[n]
            else (),
            verdicts=tuple(report.verdict.value for report in reports[n]),
            messages=tuple(report.message for report in reports[n]),
            reward=float(rewards_N[n]),
            void=bool(void_N[n]),
            tests=sum(len(report.tests) for report in reports[n]),
            tokens=int(tokens_N[n]),
            acting_s=(seconds["plan"] + seconds["solve"]) / len(methods),
            judging_s=seconds["judge"] / len(methods),
        )
        for n in range(len(methods))
    ]
    return Rollout(
        plans=plans,
        programs=programs,
        branches=np.array(branches, dtype=np.int64).reshape(-1, 2),
        problems_N=indices_N,
        rewards_N=rewards_N,
        r_out_N=r_out_N,
        validity_N=validity_N,
        solver_rewards_NK=solver_rewards_NK,
        void_N=void_N,
        records=records,
        seconds=seconds,
        tests_run=tests_after - tests_before,
    )


def _work(env: CPPOVectorEnv) -> tuple[int, float]:
    """Tests that the sandbox has run and the seconds it took, if it counts them."""
    sandbox = env.assembly.engine.sandbox
    return getattr(sandbox, "tests", 0), getattr(sandbox, "busy_s", 0.0)


def _fact(infos: dict[str, Any], name: str, otherwise: NDArray[Any]) -> NDArray[Any]:
    """An info where the environment gave it, else the value that stood before."""
    if name not in infos:
        return otherwise
    given = infos["_" + name].reshape(-1, *(1,) * (otherwise.ndim - 1))
    return np.where(given, infos[name], otherwise)
