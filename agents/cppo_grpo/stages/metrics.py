"""Metrics of a batch of episodes; see docs/metrics.md."""

from __future__ import annotations

from typing import Any

import numpy as np

from cppo_env.evaluation.summary import answers_without_program, unreadable_plans
from cppo_env.judges import repeats_a_method
from cppo_grpo.config import TrainConfig
from cppo_grpo.learner.credit import SequenceAdvantages, solver_rewards
from cppo_grpo.regions import RegionName
from cppo_grpo.rollouts.values import Rollout, Samples
from cppo_grpo.runs.log import LogRow


def rollout_metrics(
    rollout: Rollout, advantages: SequenceAdvantages, config: TrainConfig
) -> LogRow:
    """Metrics of a batch of episodes; see docs/metrics.md."""
    planned = bool(rollout.plans.texts)
    counted_N = ~rollout.void_N
    ran_N = rollout.ran_N & counted_N
    tokens = int(rollout.plans.tokens.sum() + rollout.programs.tokens.sum())
    writing_s = rollout.seconds["plan"] + rollout.seconds["solve"]
    verdicts = [verdict for n in np.flatnonzero(ran_N) for verdict in rollout.records[n].verdicts]
    information_NK = rollout.information_NK
    return {
        "pass_at_k": _mean(rollout.r_out_N[counted_N]),
        "reward_plan": _mean(rollout.rewards_N[counted_N]),
        "reward_solve": _mean(solver_rewards(rollout, config)[ran_N]),
        "validity": _mean(rollout.validity_N[counted_N]) if planned else None,
        **({} if information_NK is None else {"skill_information": _mean(information_NK[ran_N])}),
        "parse_rate": _mean(rollout.read_N[counted_N]) if planned else None,
        "unreadable_plans": unreadable_plans(rollout.records),
        "no_program": answers_without_program(rollout.records),
        "void": float(rollout.void_N.mean()),
        "silent_groups_solve": 1.0
        - _mean(np.isin(np.flatnonzero(ran_N), rollout.branches[advantages.solve_B != 0, 0]))
        if ran_N.any()
        else 1.0,
        "truncated_plan": _mean(rollout.plans.truncated),
        "truncated_solve": _mean(rollout.programs.truncated),
        "length_plan": _mean(rollout.plans.tokens),
        "length_solve": _mean(rollout.programs.tokens),
        **_thought_metrics(rollout, config),
        **_version_metrics("plan", rollout.plans),
        **_version_metrics("solve", rollout.programs),
        "tests_per_s": rollout.tests_run / max(rollout.seconds["sandbox"], 1e-9),
        "tokens_per_s": tokens / max(writing_s, 1e-9),
        **(_plan_metrics(rollout, advantages, config) if planned else {}),
        **{f"verdict_{name}": count / len(verdicts) for name, count in _counts(verdicts).items()},
        **{f"seconds_{part}": seconds for part, seconds in rollout.seconds.items()},
    }


def _thought_metrics(rollout: Rollout, config: TrainConfig) -> dict[str, float]:
    """Metrics of the thoughts, of the regions whose thoughts have a budget."""
    metrics: dict[str, float] = {}
    if config.max_thoughts_plan:
        metrics["thoughts_plan"] = _mean(rollout.plans.thoughts)
        metrics["thoughts_cut_plan"] = _mean(rollout.plans.thoughts_cut)
    if config.max_thoughts_solve:
        metrics["thoughts_solve"] = _mean(rollout.programs.thoughts)
        metrics["thoughts_cut_solve"] = _mean(rollout.programs.thoughts_cut)
    return metrics


def _version_metrics(region: RegionName, samples: Samples) -> dict[str, float]:
    """Metrics of sequences that were drawn with the weights of several updates, if any were."""
    versions = samples.versions
    several = int((versions > 1).sum())
    if not several:
        return {}
    return {f"several_versions_{region}": several, f"versions_{region}": _mean(versions)}


def _plan_metrics(
    rollout: Rollout, advantages: SequenceAdvantages, config: TrainConfig
) -> dict[str, float]:
    """Metrics of the plans of a batch."""
    counted_PM = ~rollout.void_N.reshape(-1, config.tuples)
    silent_P: Any = ~advantages.plan_N.astype(np.bool_).reshape(counted_PM.shape).any(-1)
    read = [
        (rollout.problems_N[n], rollout.records[n].methods) for n in np.flatnonzero(rollout.read_N)
    ]
    return {
        "silent_groups_plan": _mean(silent_P[counted_PM.any(-1)]),
        "advantage_plan": _mean(np.abs(advantages.plan_N)),
        "duplicate_plans": 1.0 - len(set(read)) / len(read) if read else 0.0,
        "duplicate_methods": _mean([repeats_a_method(methods) for _, methods in read]),
    }


def overlapped_s(row: LogRow) -> float:
    """Wall time of a step in which two of its parts overlapped."""
    judging_s = max(row["seconds_judge"], row["seconds_sandbox"])
    apart_s = row["seconds_plan"] + row["seconds_solve"] + judging_s + row["seconds_update"]
    return max(0.0, apart_s - row["seconds"])


def _mean(values: Any) -> float:
    """The mean, or 0 of nothing."""
    return float(np.mean(values)) if len(values) else 0.0


def _counts(names: list[str]) -> dict[str, int]:
    return {name: names.count(name) for name in sorted(set(names))}
