"""Validation of run settings, before any work starts."""

from __future__ import annotations

import dataclasses
import typing
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from cppo_env import plugins
from cppo_env.engine import check_k
from cppo_env.errors import UsageError
from cppo_env.ids import environment_spec
from cppo_env.judges import check_judge
from cppo_grpo.algorithms import (
    Advantages,
    Algorithm,
    EpisodeRewards,
    Floats,
    load_algorithm,
)
from cppo_grpo.ranges import above_0, at_least_0, at_least_1, require, shape, threads, together

if TYPE_CHECKING:
    from cppo_grpo.config import TrainConfig

AT_LEAST_1 = (
    *("problems_per_step", "tuples", "minibatches", "update_epochs", "replicates"),
    "micro_batch_tokens",
    *("warm_start_problems", "warm_start_plans"),
    *(
        "max_prompt_tokens",
        "max_tokens_plan",
        "max_tokens_solve",
        "checkpoint_every",
        "keep_checkpoints",
        "assume_prompt_tokens",
    ),
)
AT_LEAST_0 = (
    *(
        "steps",
        "seed",
        "warm_start_steps",
        "audit_steps",
        "off_policy_steps",
        "lr_warmup_steps",
        "lr_final",
        "eval_episodes",
        "eval_every",
        "tokens_every",
        "log_episodes_every",
        "eval_patience",
        "eval_seed",
        "lora_rank",
        "eval_temperature_plan",
        "max_thoughts_plan",
        "max_thoughts_solve",
    ),
    *(
        "lr",
        "weight_decay",
        "max_grad_norm",
        "skill_bonus",
        "redundancy_penalty",
        "beta_plan",
        "beta_plan_final",
        "beta_solve",
    ),
    *("epsilon_plan", "epsilon_solve", "epsilon_high_plan", "epsilon_high_solve"),
)
ABOVE_0 = ("warm_start_lr", "correction_cap", "lora_alpha")
TEMPERATURES = ("temperature_plan", "temperature_solve")

PLUGINS = {"algorithm": "algorithms", "sampler": "samplers", "reward": "rewards"}

PROGRAM_REWARDS = ("gated", "outcome", "pass_rate")
"""Rewards that are 0 without programs."""


def check(config: TrainConfig) -> None:
    """Refuse settings that cannot run, and settings that cannot learn.

    Raises:
        UsageError: names the setting and the remedy.
    """
    _check_types(config)
    _check_ranges(config)
    _check_names(config)
    _check_combinations(config)
    _check_groups(config)


def typed(kind: type, name: str, value: Any, *, strict: bool) -> Any:
    """The value of a setting, if it has the type of that field; from JSON if not `strict`.

    Raises:
        KeyError: the class has no such field.
        UsageError: the value is of another type.
    """
    try:
        return _adapters(kind)[name].validate_python(value, strict=strict)
    except ValidationError as error:
        [first, *_] = error.errors()
        raise UsageError(
            f"{name}: got {value!r}; {first['msg'][0].lower()}{first['msg'][1:]}"
        ) from None


@cache
def _adapters(kind: type) -> dict[str, TypeAdapter[Any]]:
    hints = typing.get_type_hints(kind)
    return {one.name: TypeAdapter(hints[one.name]) for one in dataclasses.fields(kind)}


def _check_types(config: TrainConfig) -> None:
    for one in dataclasses.fields(config):
        typed(type(config), one.name, getattr(config, one.name), strict=True)


def _check_ranges(config: TrainConfig) -> None:
    at_least_1(config, *AT_LEAST_1)
    shape(config)
    threads(config)
    for names in (
        ("problems_per_step", "tuples", "k"),
        ("warm_start_problems", "warm_start_plans"),
    ):
        together(config, *names)
    at_least_0(config, *AT_LEAST_0)
    above_0(config, *ABOVE_0)
    greedy = "more than 0, because greedy samples are all alike"
    require(config, TEMPERATURES, lambda value: value > 0, greedy)
    check_k(config.k)


def _check_names(config: TrainConfig) -> None:
    environment_spec(config.training.env)
    environment_spec(config.held_out.env)
    if "split" in config.filters:
        raise UsageError("filters.split: got a filter, expected --split (and --eval_split)")
    for name, kind in PLUGINS.items():
        if isinstance(value := getattr(config, name), str):
            plugins.check(kind, value)
    check_judge(config.judge, config.judge_options)
    for tracker in config.log_to:
        plugins.find("trackers", tracker)
    if config.sandbox != "auto":
        plugins.check("sandboxes", config.sandbox)


def _check_combinations(config: TrainConfig) -> None:
    if config.plan_only and (
        config.planning != "policy" or config.curriculum or config.reward in PROGRAM_REWARDS
    ):
        raise UsageError(
            f"plan_only: got reward={config.reward!r}, planner={config.planning!r}, "
            f"curriculum={config.curriculum}; "
            "without programs it needs reward=validity (or your own), planner=policy and no "
            "curriculum"
        )
    if config.solver_reward == "gated" and config.planning != "policy":
        raise UsageError(
            f"solver_reward=gated with planner={config.planning}: nobody writes plans that a judge "
            "could accept; use solver_reward=verdict"
        )
    if config.frozen is not None and config.sampler == "vllm_server":
        raise UsageError(
            f"frozen={config.frozen} with sampler=vllm_server: the server holds one model; use "
            "--sampler vllm or transformers"
        )
    if config.frozen is not None and (config.plan_only or config.planning != "policy"):
        raise UsageError(
            f"frozen={config.frozen} with plan_only={config.plan_only}, planner={config.planning}: "
            "one region is all there is to train; leave frozen out"
        )
    if not config.steps and not config.audit_steps:
        raise UsageError("steps: got 0, expected at least 1, or audit_steps for an audit alone")
    if config.audit_steps and config.planning != "policy":
        raise UsageError(
            f"audit_steps={config.audit_steps}: the audit is about plans, and nobody writes any; "
            "set it to 0"
        )
    if config.lora_base != "float32" and not config.lora_rank:
        raise UsageError(
            f"lora_base={config.lora_base}: all weights are trained, and trained weights are "
            "float32; set lora_rank, or leave lora_base out"
        )
    if config.lora_base != "float32" and config.parallel == "fsdp2":
        raise UsageError(
            f"lora_base={config.lora_base} with parallel=fsdp2: it shards weights of one type; "
            "leave one of them out"
        )
    if config.parallel == "fsdp2" and (
        config.optimizer != "adamw" or config.optimizer_states != "device"
    ):
        raise UsageError(
            f"parallel=fsdp2 with optimizer={config.optimizer}, "
            f"optimizer_states={config.optimizer_states}: it shards the states of adamw over the "
            "devices already; leave one of them out"
        )
    if config.optimizer != "adamw" and config.replicates > 1:
        raise UsageError(
            f"replicates={config.replicates} with optimizer={config.optimizer}: moments in 8 bits "
            "have no mean; use optimizer=adamw"
        )
    if config.eval_every and not config.eval_episodes:
        raise UsageError(
            f"eval_every={config.eval_every}: an evaluation needs episodes; set eval_episodes, "
            "for example to 64"
        )
    if config.best_by == "validity" and config.planning != "policy":
        raise UsageError(
            f"best_by=validity with planner={config.planning}: nobody writes plans; use pass_at_k"
        )
    for name, idle in (("eval_patience", 0), ("final_weights", "last"), ("best_by", None)):
        if (value := getattr(config, name)) != idle and not config.eval_every:
            raise UsageError(
                f"{name}={value}: it needs evaluations during training; set eval_every, for "
                "example to 10"
            )
    if config.minibatches > config.problems_per_step:
        raise UsageError(
            f"minibatches={config.minibatches}: each needs whole problems, and a step has only "
            f"problems_per_step={config.problems_per_step}; lower the one or raise the other"
        )
    if config.replicates > 1 and config.minibatches == 1:
        raise UsageError(
            f"replicates={config.replicates}: they differ in the order of minibatches, and there "
            "is one; raise minibatches"
        )
    if config.off_policy_steps and config.correction == "none":
        raise UsageError(
            f"off_policy_steps={config.off_policy_steps}: rollouts of older weights need an "
            "importance correction; "
            "add for example correction=token_truncate"
        )


def _check_groups(config: TrainConfig) -> None:
    """Refuse groups without any contrast, and rewards that the algorithm ignores."""
    algorithm = load_algorithm(config.algorithm)
    sizes = (
        f"algorithm={config.algorithm_name}, tuples={config.tuples}, k={config.k}, "
        f"solver_group={config.solver_group}"
    )
    plans, nothing = config.planning == "policy", np.zeros((16, config.tuples, config.k))
    random = np.random.default_rng(0)
    some = random.integers(0, 2, nothing.shape).astype(np.float64)
    if config.solver_reward == "share":
        some = random.random(nothing.shape)
    some[0], some[0, 0, 0] = 0.0, 1.0  # a single right program has the most contrast
    try:
        by_programs = _probe(algorithm, config, some.max(-1), some)
        by_plans = _probe(algorithm, config, some[..., 0], nothing).plans_PM.any()
    except UsageError as error:
        raise UsageError(f"{sizes}: {error}") from error
    if plans and not by_plans and (config.plan_only or config.reward != "gated"):
        raise UsageError(
            f"algorithm={config.algorithm_name} with reward={config.reward}, "
            f"plan_only={config.plan_only}: it compares "
            "programs and never sees the planner's reward (or a group of plans has one member); "
            "use algorithm=cppo and "
            "tuples (M) of at least 2, or leave these settings out"
        )
    if plans and config.region("plan").weight and not (by_plans or by_programs.plans_PM.any()):
        raise UsageError(
            f"{sizes}: a group of one has nobody to be compared with; raise tuples (M)"
        )
    if (
        not config.plan_only
        and config.region("solve").weight
        and not by_programs.solutions_PMK.any()
    ):
        raise UsageError(
            f"{sizes}: in such groups of programs no outcome is better than another; raise k or "
            "tuples (M), set "
            "solver_group=problem, or set lambda_solve=0 to train the planner alone"
        )


def _probe(
    algorithm: Algorithm, config: TrainConfig, plans_PM: Floats, solutions_PMK: Floats
) -> Advantages:
    """The advantages of an algorithm for some rewards."""
    rewards = EpisodeRewards(
        plans_PM,
        solutions_PMK,
        np.zeros(plans_PM.shape, np.bool_),
        np.ones(plans_PM.shape, np.bool_),
    )
    return algorithm(rewards, config.options)
