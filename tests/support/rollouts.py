"""A small model, and a batch of episodes written by hand, for tests of the learner."""

from dataclasses import replace

import numpy as np
import torch
from cppo_grpo.config import TrainConfig
from cppo_grpo.model.tiny import make_model, train_tokenizer
from cppo_grpo.rollouts.values import Rollout, Samples
from cppo_grpo.samplers import Completion

CONFIG = TrainConfig(
    problems_per_step=2,
    tuples=3,
    k=2,
    beta_plan=0.0,
    beta_solve=0.0,
    lr=1e-2,
    lr_warmup_steps=1,
    max_tokens_plan=4,
)


def model() -> torch.nn.Module:
    return make_model(train_tokenizer(["some text"]), hidden=32, layers=1)


def samples(completions: list[tuple[int, ...]], truncated: tuple[int, ...] = ()) -> Samples:
    """Completions of two prompts in turn; the sampler's log-probs are not looked at."""
    prompts = [((5, 6, 7), (5, 6, 8, 9))[i % 2] for i in range(len(completions))]
    made = [
        Completion(tokens, (-1.0,) * len(tokens), "length" if i in truncated else "stop")
        for i, tokens in enumerate(completions)
    ]
    return Samples(prompts, made, [""] * len(made))


def rollout(**changes: object) -> Rollout:
    """Two problems, three tuples of two branches; the last was refused and has no branches."""
    plans = samples([(10, 2), (11, 2), (12, 13, 2), (10, 2), (10, 2), (14, 2)])
    branches = np.array([(n, i) for n in range(5) for i in range(2)])
    programs = samples(
        [
            (20, 2),
            (21, 2),
            (20, 2),
            (21, 2),
            (22, 2),
            (23, 24, 2),
            (20, 2),
            (21, 2),
            (20, 2),
            (21, 2),
        ]
    )
    solver = np.array([[1, 0], [0, 0], [0, 1], [1, 1], [0, 0], [0, 0]], dtype=float)
    made = Rollout(
        plans=plans,
        programs=programs,
        branches=branches,
        problems_N=np.array([0, 0, 0, 1, 1, 1]),
        rewards_N=np.array([1.0, 0.0, 1.0, 1.0, 0.0, 0.0]),
        r_out_N=solver.max(1),
        validity_N=np.array([1.0, 1.0, 1.0, 1.0, 1.0, 0.0]),
        solver_rewards_NK=solver,
        void_N=np.zeros(6, dtype=bool),
        records=[],
    )
    return replace(made, **changes)  # type: ignore[arg-type]
