"""A custom training loop: `cppo train` without checkpoints, metrics files and evaluations."""

import copy
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import gymnasium as gym
import numpy as np
import torch
from cppo_grpo import (
    Learner,
    Policy,
    Run,
    TrainConfig,
    compute_advantages,
    play,
    rollout_metrics,
    starting_point,
)
from cppo_sandboxes.cached import CachedSandbox
from rich.console import Console

import cppo_env

torch.set_num_threads(1)  # on a CPU the sandbox needs the other cores
P, M, STEPS = 8, 4, 5  # problems of a step, plans for each of them, steps
settings = {
    "tuples": M,
    "max_tokens_plan": 40,
    "max_tokens_solve": 40,
    "lr": 6e-4,
    "lambda_plan": 8.0,
}
config = TrainConfig(hidden=64, warm_start_steps=50, **settings)  # or model="NAME"

sandbox = CachedSandbox(cppo_env.make_sandbox("local"))
env = gym.make_vec(config.env, num_envs=P * M, k=config.k, sandbox=sandbox).unwrapped
assert isinstance(env, cppo_env.CPPOVectorEnv)
problems = env.assembly.problems
with (
    TemporaryDirectory() as folder
):  # a model made from scratch, taught the form of plans and programs
    run = Run.open(replace(config, run=Path(folder)))
    model, tokenizer, agent = starting_point(run, problems, Console(quiet=True))
reference = Policy(copy.deepcopy(model).requires_grad_(False))
policy = Policy(model)
learner = Learner(policy, reference, config)

random = np.random.default_rng(config.seed)
for step in range(STEPS):
    chosen_P = random.choice(len(problems), P, replace=False)
    rollout = play(
        env, agent, np.repeat(chosen_P, M), seeds=(2 * step, 2 * step + 1)
    )  # plans, programs, verdicts
    metrics = rollout_metrics(
        rollout, compute_advantages(rollout, config), config
    )  # rewards, and the advantages they become
    metrics |= learner.update(rollout, step)  # both regions in one optimizer step
    # A sampler that draws from the trained model itself needs no update.
    agent.sampler.update(model.named_parameters())
    print(
        f"step {step + 1}: pass@{config.k} {metrics['pass_at_k']:.3f}, "
        f"valid plans {metrics['validity']:.3f}"
    )

env.close()
sandbox.close()
