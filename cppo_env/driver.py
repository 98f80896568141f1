"""The driver of episodes: reset → plan → step → solve → step → records, for a batch.

Two callables plan and solve, so that `cppo eval` (an agent) and `cppo train` (the policy, whose
tokens are kept) follow the same rules.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppo_env.engine import missing_methods
from cppo_env.protocols import CountsWork, Sandbox
from cppo_env.records import EpisodeRecord, FirstFailure, outcomes_of, rules_of
from cppo_env.replies import Reply
from cppo_env.solutions import program_of
from cppo_env.types import Observation, Problem, Report, Ruling
from cppo_env.vector import CPPOVectorEnv, unbatch


@dataclass(frozen=True, slots=True)
class Task:
    """One episode to play."""

    index: int
    """Position of the problem in its set."""
    episode: int
    """Distinguishes the episodes of one problem."""


@dataclass(frozen=True, slots=True)
class Written:
    """The texts written for one episode in one phase."""

    texts: tuple[str, ...] = ()
    """K methods or K solutions. Empty: unreadable plan, or no solutions requested."""
    tokens: int = 0
    """Tokens that a model generated for it, if counted."""
    replies: tuple[Reply, ...] = ()
    """The model's raw answers, if known: one per plan request, or one per solution."""
    fault: str | None = None
    """Why there is no answer (an endpoint is down); this voids the episode."""
    is_plan: bool = True
    """False for methods that nobody planned (K empty ones, fixed skills): J is not applicable."""


Player = Callable[[Sequence[int], Sequence[Observation]], Sequence[Written]]
"""Writes methods or solutions for the given places of a batch and their observations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """What N finished episodes with K branches each earned and cost."""

    rewards_N: NDArray[np.float64]
    """R_plan, the planner's reward."""
    r_out_N: NDArray[np.float64]
    """R_out: whether any branch passed."""
    validity_N: NDArray[np.float64]
    """J."""
    solver_rewards_NK: NDArray[np.float64]
    """V."""
    void_N: NDArray[np.bool_]
    """Episodes that an infrastructure failure voided: they are excluded everywhere."""
    records: list[EpisodeRecord]
    """The episodes for people and for `rollouts/*.jsonl`."""
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    """Wall time of `plan`, `solve` and `judge`, and of running programs (`sandbox`)."""
    tests_run: int = 0
    """Tests that the sandbox ran, by its count; the other verdicts came from a cache."""

    def outcomes(self) -> dict[str, Any]:
        """These values by their names, without those of a subclass."""
        return {one.name: getattr(self, one.name) for one in fields(Outcomes)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Played(Outcomes):
    """A batch of finished episodes, and what was written in them."""

    plans: list[Written]
    solutions: list[Written]


def drive(env: CPPOVectorEnv, tasks: Sequence[Task], plan: Player, solve: Player) -> Played:
    """Play one episode for each task.

    `plan` is called for every episode, `solve` for those that continue with a readable plan. An
    unreadable plan has no branches, and its K solutions are empty. A failure of either callable
    voids the episode.

    Args:
        env: has at least one place per task; its first use must fill all places.
        tasks: the episodes.
        plan: writes K methods for each.
        solve: writes K solutions for each.
    """
    engine, count = env.assembly.engine, len(tasks)
    every, silence = range(count), ("",) * engine.k
    spare = [silence] * (env.num_envs - count)
    clock = _Clock()
    tests_before, busy_before = _work(engine.sandbox)
    observations, _ = env.reset(
        options={
            "problems": [task.index for task in tasks],
            "reset_mask": np.arange(env.num_envs) < count,
        }
    )
    with clock.timed("plan"):
        plans = _ask(plan, every, count, observations)
    with clock.timed("judge"):
        observations, _, terminated, truncated, ruled = env.step(
            [one.texts or silence for one in plans] + spare
        )
    running_N = ~(terminated | truncated)[:count]
    planned = [n for n in every if running_N[n] and plans[n].texts and plans[n].fault is None]
    with clock.timed("solve"):
        solutions = _ask(solve, planned, count, observations)
    rewards_N, judged = np.zeros(count), dict[str, Any]()
    if running_N.any():
        with clock.timed("judge"):
            _, rewards, _, _, judged = env.step([one.texts or silence for one in solutions] + spare)
            rewards_N = np.where(running_N, rewards[:count], 0.0)
    tests_after, busy_after = _work(engine.sandbox)

    faulty_N = np.array([bool(plans[n].fault or solutions[n].fault) for n in every], np.bool_)
    void_N = _fact(judged, "void", _fact(ruled, "void", np.zeros(count, np.bool_))) | faulty_N
    share_s = {part: seconds / count for part, seconds in clock.seconds.items()}
    records = [
        _record(
            env.problem(n),
            task.episode,
            plans[n],
            solutions[n],
            ruled["ruling"][n],
            tuple(judged["reports"][n]) if running_N[n] else (),
            k=engine.k,
            reward=float(rewards_N[n]),
            void=bool(void_N[n]),
            acting_s=share_s["plan"] + share_s["solve"],
            judging_s=share_s["judge"],
        )
        for n, task in enumerate(tasks)
    ]
    return Played(
        plans=plans,
        solutions=solutions,
        rewards_N=rewards_N,
        r_out_N=_fact(judged, "r_out", np.zeros(count)),
        validity_N=ruled["validity"][:count].copy(),
        solver_rewards_NK=_fact(judged, "solver_rewards", np.zeros((count, engine.k))),
        void_N=void_N,
        records=records,
        seconds={**clock.seconds, "sandbox": busy_after - busy_before},
        tests_run=tests_after - tests_before,
    )


def _ask(
    player: Player, places: Sequence[int], count: int, observations: dict[str, Any]
) -> list[Written]:
    """What a writer answers at the given places; nothing elsewhere."""
    written = [Written()] * count
    if places:
        every = unbatch(observations)
        answers = player(places, [every[n] for n in places])
        for n, one in zip(places, answers, strict=True):
            written[n] = one
    return written


def _record(
    problem: Problem,
    episode: int,
    planned: Written,
    solved: Written,
    ruling: Ruling,
    reports: tuple[Report, ...],
    *,
    k: int,
    reward: float,
    void: bool,
    acting_s: float,
    judging_s: float,
) -> EpisodeRecord:
    """The full record of one episode; `reports` are empty if it ended before its programs ran."""
    silence = ("",) * k
    answers, said = _answers(planned, solved, k), (*planned.replies, *solved.replies)
    programs = tuple(program_of(problem, text) for text in solved.texts or silence)
    return EpisodeRecord(
        problem_id=problem.id,
        episode=episode,
        methods=planned.texts or silence,
        accepted=ruling.accepted if planned.is_plan else None,
        reason=planned.fault or solved.fault or ruling.reason,
        programs=programs if reports else (),
        verdicts=tuple(report.verdict.value for report in reports),
        messages=tuple(report.message for report in reports),
        reward=reward,
        void=void,
        tests=sum(len(report.tests) for report in reports),
        tokens=planned.tokens + solved.tokens,
        acting_s=acting_s,
        judging_s=judging_s,
        plans=tuple(reply.text for reply in planned.replies),
        unreadable=_unreadable(planned, k) if planned.is_plan and planned.fault is None else "",
        answers=tuple(answer.text for answer in answers),
        no_program=_missing(programs, answers) if reports else (),
        thought_tokens=sum(reply.thoughts for reply in said),
        thoughts_cut=sum(reply.thoughts_cut for reply in said),
        outcomes=outcomes_of(problem, reports),
        rules=rules_of(problem),
        failures=tuple(map(FirstFailure.of, reports)),
    )


def _missing(programs: Sequence[str | None], answers: Sequence[Reply]) -> tuple[str, ...]:
    """Why each answer holds no program; empty where it holds one."""
    return tuple(
        answer.without_program if program is None else ""
        for program, answer in zip(programs, answers, strict=True)
    )


def _unreadable(planned: Written, k: int) -> str:
    """Why a plan is not K methods; empty if it is."""
    if planned.texts and (fault := missing_methods(planned.texts)) is None:
        return ""
    fault = missing_methods(planned.texts or ("",) * k) or ""
    asked = [(one, k if one.asked is None else one.asked) for one in planned.replies]
    reasons = (reply.unreadable(methods) for reply, methods in asked if methods)
    return next(filter(None, reasons), fault)


def _answers(planned: Written, solved: Written, k: int) -> list[Reply]:
    """The K answers: the model's raw ones if known, else the agent's solutions."""
    texts = solved.texts or ("",) * k
    asked = [n for n, method in enumerate(planned.texts) if method] or list(range(k))
    places = list(range(k)) if len(solved.replies) == k else asked
    answers = [Reply(text) for text in texts]
    if len(solved.replies) == len(places):
        for n, reply in zip(places, solved.replies, strict=True):
            answers[n] = reply
    return answers


class _Clock:
    """Wall time of the parts of a batch, in seconds."""

    def __init__(self) -> None:
        self.seconds = {"plan": 0.0, "solve": 0.0, "judge": 0.0}

    @contextmanager
    def timed(self, part: str) -> Generator[None]:
        started = time.perf_counter()
        yield
        self.seconds[part] += time.perf_counter() - started


def _work(sandbox: Sandbox) -> tuple[int, float]:
    """Tests that the sandbox has run and their seconds, if it counts them."""
    return (sandbox.tests, sandbox.busy_s) if isinstance(sandbox, CountsWork) else (0, 0.0)


def _fact(infos: dict[str, Any], name: str, otherwise_N: NDArray[Any]) -> NDArray[Any]:
    """An info of the first N places if the environment set it, else the previous value."""
    if name not in infos:
        return otherwise_N
    count = len(otherwise_N)
    given_N = infos["_" + name][:count].reshape(-1, *(1,) * (otherwise_N.ndim - 1))
    return np.where(given_N, infos[name][:count], otherwise_N)
