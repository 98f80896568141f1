"""`cppo_env.evaluate`: measure an agent object, by the code of `cppo eval`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cppo_env.evaluation.run import measure
from cppo_env.evaluation.setting import Setting, make_agent, named
from cppo_env.evaluation.summary import latest
from cppo_env.intervals import Interval
from cppo_env.protocols import Agent, Judge, ProblemSet, Reward, Sandbox
from cppo_env.records import EpisodeRecord


@dataclass(frozen=True, slots=True)
class ProblemResult:
    """What an agent reached on one problem."""

    problem: str
    episodes: int
    right: int
    """Programs that passed every test, of episodes × K."""
    pass_at_k: Mapping[int, float]
    tuple_success: float
    """Share of episodes in which some program passed."""
    validity: float
    reward: float


@dataclass(frozen=True, slots=True)
class EvaluationResult:
    """What an agent reached; means over problems with their 95 % intervals (docs/figures.md)."""

    pass_at_k: Mapping[int, Interval]
    """Attempts → unbiased pass@k; only budgets that some problem has attempts for."""
    tuple_success: Interval
    """Share of episodes in which some program passed (R_out)."""
    reward: Interval
    """The planner's reward."""
    validity: Interval | None
    """Share of accepted plans (J); None for an agent that writes none."""
    verdicts: Mapping[str, int]
    """Verdict → number of programs."""
    problems: tuple[ProblemResult, ...]
    void: int
    """Episodes lost to an infrastructure failure; they count for nothing."""
    excluded: tuple[Mapping[str, str], ...]
    """Problems that were not played, and why."""
    records: tuple[EpisodeRecord, ...] = field(repr=False)
    """Every episode: methods, programs, verdicts."""
    json: Mapping[str, Any] = field(repr=False)
    """The result of `cppo eval --json`."""


def evaluate(
    agent: str | Agent,
    env_id: str = "CPPO-Samples-v0",
    *,
    split: str | None = None,
    problems: str | Path | ProblemSet | None = None,
    limit: int | None = None,
    k: int = 4,
    attempts: int | None = None,
    sandbox: str | Sandbox = "auto",
    cache: bool = True,
    judge: str | Judge = "format",
    reward: str | Reward = "gated",
    batch: int = 32,
    seed: int = 0,
    run: str | Path | None = None,
    sandbox_options: Mapping[str, Any] | None = None,
    judge_options: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
    progress: bool = False,
    **filters: Any,
) -> EvaluationResult:
    """Measure an agent on a set of problems, as `cppo eval` does.

        cppo_env.evaluate(MyAgent(), "CPPO-Samples-v0", split="test", attempts=8)

    Args:
        agent: an object with `act(observations)`, or what `cppo eval --agent` takes.
        env_id: id of the environment.
        split: part of the problem set. Default: `test`, if a named set has one.
        problems: a path, a name or a `ProblemSet`. Default: the set of the id.
        limit: play only the first problems.
        k: branches of an episode.
        attempts: attempts per problem, a multiple of K. Default: K, one episode.
        sandbox: a name (closed afterwards) or an open sandbox (left open).
        cache: of a sandbox made by name: run equal programs on equal tests once.
        judge: the gate on plans, a name or an object.
        reward: the planner's reward, a name or an object.
        batch: episodes played at once.
        seed: of an agent that is given by name.
        run: folder that stores every episode; the same call resumes.
        sandbox_options: of a sandbox that is given by name.
        judge_options: of a judge that is given by name.
        options: of an agent that is given by name.
        progress: show it, on standard error.
        **filters: filters of the problem set, such as difficulty="interview".

    Raises:
        CppoError: no episode counts, or the agent gave no answer for several batches.
        UsageError: a setting cannot work, or `run` holds a run with another one.
        ProblemDataError: the problems are absent.
    """
    chosen: dict[str, Any] = {
        "env": env_id,
        "split": split,
        "problems": str(problems) if isinstance(problems, Path) else problems,
        "filters": filters,
        "limit": limit,
        "k": k,
        "attempts": attempts,
        "sandbox": sandbox,
        "sandbox_options": dict(sandbox_options or {}),
        "judge_options": dict(judge_options or {}),
        "cache": cache,
        "judge": judge,
        "reward": reward,
        "batch": batch,
        "seed": seed,
    }
    setting = Setting(**chosen).on_held_out()
    loaded = setting.load()
    player = (
        make_agent(agent, dict(options or {}), problems=setting.played(loaded), k=k, seed=seed)
        if isinstance(agent, str)
        else agent
    )
    label = str(named(agent))
    evaluation, result = measure(
        setting,
        loaded,
        player,
        label=label,
        identity={"agent": label, "options": dict(options or {})},
        run=Path(run) if run is not None else None,
        progress=progress,
    )
    return _of(result, latest(evaluation.records))


def _of(result: dict[str, Any], records: Sequence[EpisodeRecord]) -> EvaluationResult:
    """The result in Python, of the machine-readable one."""
    ends = result["ci95"]

    def interval(name: str) -> Interval:
        return Interval(result[name], *ends[name])

    return EvaluationResult(
        pass_at_k={
            int(n): Interval(mean, *ends["pass_at_k"][n])
            for n, mean in result["pass_at_k"].items()
            if mean is not None
        },
        tuple_success=interval("tuple_success"),
        reward=interval("reward"),
        validity=None if result["validity"] is None else interval("validity"),
        verdicts=result["verdicts"],
        problems=tuple(
            ProblemResult(
                pass_at_k={int(n): score for n, score in one["pass_at_k"].items()},
                **{name: value for name, value in one.items() if name != "pass_at_k"},
            )
            for one in result["problems"]
        ),
        void=result["void"],
        excluded=tuple(result["excluded"]),
        records=tuple(records),
        json=result,
    )
