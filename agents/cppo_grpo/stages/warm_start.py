"""Stage 1: supervised training on the format of both regions (docs/method.md, section 4).

The loss is on target tokens only. Demonstrations show the form of plans and programs, never which
method is right.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from random import Random

import numpy as np
from cppo_agents.models.chat_format import ChatFormat

from cppo_env import parsing, prompts
from cppo_env.errors import UsageError
from cppo_env.prompts import Prompts
from cppo_env.protocols import ProblemSet
from cppo_env.types import Problem
from cppo_grpo.choices import Planner
from cppo_grpo.config import TrainConfig
from cppo_grpo.learner.optimizer import apply_gradient, make_optimizer
from cppo_grpo.learner.supervised import (
    Demonstration,
    accumulate,
    encoded,
)
from cppo_grpo.model.policy import Policy
from cppo_grpo.parallel import Processes
from cppo_grpo.recipe.named import named_pairs, named_tuple
from cppo_grpo.rollouts.agent import fixed_methods


def demonstrate_plan(
    problems: ProblemSet, index: int, k: int, random: Random, words: Prompts
) -> Demonstration | None:
    """A valid plan for one problem; None if the set has fewer than K methods for it."""
    named = named_tuple(problems, index, k, random)
    return None if named is None else plan_shown(problems[index], named[0], words)


def demonstrate_solution(
    problems: ProblemSet,
    index: int,
    k: int,
    random: Random,
    words: Prompts,
    planner: Planner = "policy",
) -> Demonstration | None:
    """A program for its method (any program if methods are fixed); None if the set has none."""
    pairs = named_pairs(problems, index, k, random)
    if not pairs:
        return None
    method, program = random.choice(pairs)
    if planner != "policy":
        method = random.choice(fixed_methods(planner, k))
    return solution_shown(problems[index], method, program, words)


def plan_shown(problem: Problem, methods: Sequence[str], words: Prompts) -> Demonstration:
    """These methods as the answer to the PLAN prompt."""
    return Demonstration(
        words.plan(prompts.observe(problem), len(methods)), parsing.write_plan(methods)
    )


def solution_shown(problem: Problem, method: str, program: str, words: Prompts) -> Demonstration:
    """This program as the answer to the SOLVE prompt of a method."""
    return Demonstration(
        words.solve(prompts.observe(problem), method),
        f"```python\n{program.rstrip()}\n```",
    )


def warm_start(
    policy: Policy,
    chat: ChatFormat,
    problems: ProblemSet,
    config: TrainConfig,
    processes: Processes,
    words: Prompts,
    longest: float = math.inf,
) -> Iterator[dict[str, float]]:
    """Train in place, each process on its share of the demonstrations; yields metrics per step.

    Demonstrations of more than `longest` tokens are left out and counted.

    Raises:
        UsageError: the problem set demonstrates nothing.
    """
    random = Random(f"{config.seed}/warm start")
    optimizer = make_optimizer(
        policy,
        config.warm_start_lr,
        betas=(0.9, 0.95),
        kind=config.optimizer,
        states=config.optimizer_states,
    )
    policy.train()
    for step in range(config.warm_start_steps):
        started = time.perf_counter()
        indices = [random.randrange(len(problems)) for _ in range(config.warm_start_problems)]
        found: list[Demonstration | None] = []
        if config.planning == "policy":
            found += [
                demonstrate_plan(problems, i, config.k, random, words)
                for i in indices
                for _ in range(config.warm_start_plans)
            ]
        found += [
            demonstrate_solution(
                problems, random.randrange(len(problems)), config.k, random, words, config.planning
            )
            for _ in range(config.warm_start_problems)
        ]
        shown = [encoded(one, chat) for one in found if one is not None]
        batch = [one for one in shown if sum(map(len, one)) <= longest]
        if not batch:
            raise UsageError(
                "warm_start_steps: these problems have neither methods nor references that fit the "
                "model's context; set it to 0"
            )
        own = processes.share(np.arange(len(batch)))
        tokens = sum(len(answer) for _, answer in batch)
        loss = accumulate(policy, [batch[i] for i in own], tokens, config.micro_batch_tokens)
        processes.sum_gradients(policy)
        apply_gradient(
            optimizer, config.warm_start_lr * _schedule(step, config.warm_start_steps), 1.0
        )
        optimizer.zero_grad(set_to_none=True)  # what follows the last step has no use for them
        whole = sum(processes.gather(loss))
        too_long = {"too_long": len(shown) - len(batch)} if len(shown) > len(batch) else {}
        yield {"loss": whole, **too_long, "seconds": time.perf_counter() - started}


def _schedule(step: int, steps: int) -> float:
    """Linear warm-up over a tenth of the steps, constant, linear decay over the second half."""
    return min(1.0, (step + 1) / max(steps / 10, 1), (steps - step) / (steps / 2))
