"""Playing a batch of episodes in a vector environment."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppo_env import parsing
from cppo_env.errors import AgentError
from cppo_env.evaluation.records import EpisodeRecord
from cppo_env.protocols import Agent
from cppo_env.types import Report, Ruling
from cppo_env.vector import Batch, CPPOVectorEnv, unbatch


@dataclass(frozen=True, slots=True)
class Task:
    """One episode to play."""

    index: int
    """Position of the problem in its set."""
    episode: int
    """Counts the episodes of this problem from 0."""


@dataclass(frozen=True, slots=True)
class _Answers:
    """What the agent said in one phase, for every place of the environment."""

    texts: list[tuple[str, ...]]
    tokens: list[int]
    faults: dict[int, str]
    """Place → why the agent has no answer there."""


def play(env: CPPOVectorEnv, agent: Agent, tasks: Sequence[Task]) -> list[EpisodeRecord]:
    """One record for each task, in order. An agent's fault voids the episodes that it concerns.

    Args:
        env: has at least as many places as there are tasks. Its first use must fill all places.
        agent: plays K methods and K solutions, with the environment's K.
        tasks: episodes to play.
    """
    chosen = np.arange(env.num_envs) < len(tasks)
    options = {"problems": [task.index for task in tasks], "reset_mask": chosen}
    observations, identities = env.reset(options=options)

    started = time.perf_counter()
    plans = _ask(agent, observations, chosen)
    planned = time.perf_counter()
    observations, _, terminated, truncated, rulings = env.step(plans.texts)
    running = chosen & ~(terminated | truncated)
    ruled = time.perf_counter()
    answered = running.copy()
    answered[list(plans.faults)] = False
    solutions = _ask(agent, observations, answered)
    solved = time.perf_counter()
    rewards, outcomes = np.zeros(env.num_envs), rulings
    if running.any():
        _, rewards, _, _, outcomes = env.step(solutions.texts)
    ended = time.perf_counter()

    acting_s = (planned - started) + (solved - ruled)
    judging_s = (ruled - planned) + (ended - solved)
    faults = plans.faults | solutions.faults
    records: list[EpisodeRecord] = []
    for place, task in enumerate(tasks):
        ruling: Ruling = rulings["ruling"][place]
        reports: tuple[Report, ...] = tuple(outcomes["reports"][place]) if running[place] else ()
        records.append(
            EpisodeRecord(
                problem_id=identities["problem_id"][place],
                episode=task.episode,
                methods=plans.texts[place],
                accepted=ruling.accepted,
                reason=faults.get(place, ruling.reason),
                programs=tuple(parsing.read_program(text) for text in solutions.texts[place]),
                verdicts=tuple(report.verdict.value for report in reports),
                messages=tuple(report.message for report in reports),
                reward=float(rewards[place]),
                void=place in faults or _is_void(rulings, outcomes, place),
                tests=sum(len(report.tests) for report in reports),
                tokens=plans.tokens[place] + solutions.tokens[place],
                acting_s=acting_s / len(tasks),
                judging_s=judging_s / len(tasks),
            )
        )
    return records


def _ask(agent: Agent, observations: Batch, wanted: NDArray[np.bool_]) -> _Answers:
    """The agent's texts at the wanted places, empty texts elsewhere."""
    every = unbatch(observations)
    texts = [("",) * len(one["methods"]) for one in every]
    tokens = [0] * len(every)
    faults: dict[int, str] = {}
    places = [int(place) for place in np.flatnonzero(wanted)]
    if not places:
        return _Answers(texts, tokens, faults)
    try:
        actions: Sequence[tuple[str, ...] | None] = agent.act([every[place] for place in places])
    except AgentError as error:
        actions = error.actions
        faults = {
            place: str(error)
            for place, action in zip(places, actions, strict=True)
            if action is None
        }
    counts: Sequence[int] = getattr(agent, "tokens", None) or [0] * len(places)
    for place, action, count in zip(places, actions, counts, strict=True):
        texts[place], tokens[place] = action or texts[place], count
    return _Answers(texts, tokens, faults)


def _is_void(rulings: dict[str, Any], outcomes: dict[str, Any], place: int) -> bool:
    """Whether the judge or the sandbox failed. An episode says so in the step that ends it."""
    return any(
        "void" in infos and bool(infos["_void"][place] and infos["void"][place])
        for infos in (rulings, outcomes)
    )
