"""Stable-Baselines3 on known methods: an algorithm that writes no text chooses K of them.

pip install 'cppo-env[sb3]'
python examples/sb3_ppo.py [--algorithm PPO] [--attempts joint] [--episodes 20000] [--seed 0]
"""

import argparse
from typing import Any

import gymnasium as gym
import numpy as np
import stable_baselines3
import torch
from cppo_sandboxes.cached import CachedSandbox
from stable_baselines3.common.vec_env import DummyVecEnv

import cppo_env
from cppo_env.problems import strategies
from cppo_env.problems.strategies import coordinated_optimum, independent_ceiling

K, ENVS = 4, 8
SETTINGS: dict[str, dict[str, Any]] = {
    "PPO": {"n_steps": 128, "batch_size": 256, "n_epochs": 4, "learning_rate": 3e-3},
    "A2C": {"n_steps": 16, "learning_rate": 3e-3},
}


def make(split: str, attempts: cppo_env.Attempts, sandbox: cppo_env.Sandbox) -> gym.Env:
    """The environment whose actions are numbers of methods."""
    env = gym.make("CPPO-Strategies-v0", split=split, k=K, judge="accept", sandbox=sandbox)
    return cppo_env.ChooseMethods(env, attempts)


def train(
    algorithm: str,
    attempts: cppo_env.Attempts,
    episodes: int,
    seed: int,
    sandbox: cppo_env.Sandbox,
) -> Any:
    """The model after that many episodes on training problems."""
    torch.set_num_threads(1)
    envs = DummyVecEnv([lambda: make("train", attempts, sandbox)] * ENVS)
    model = getattr(stable_baselines3, algorithm)(
        "MlpPolicy", envs, seed=seed, device="cpu", **SETTINGS[algorithm]
    )
    return model.learn(episodes * (1 if attempts == "joint" else K))


def pass_at_k(
    model: Any, attempts: cppo_env.Attempts, problems: int, sandbox: cppo_env.Sandbox
) -> float:
    """The mean of R_out over the first held-out problems, one sampled episode each."""
    env = make("test", attempts, sandbox)
    solved = []
    for index in range(problems):
        observation, _ = env.reset(options={"problem_id": f"strategies/test/{index}"})
        ended, info = False, {}
        while not ended:
            action, _ = model.predict(observation, deterministic=False)
            observation, _, ended, void, info = env.step(action)
            assert not void
        solved.append(info["r_out"])
    return float(np.mean(solved))


def main() -> None:
    """Train, play held-out problems, and print what was reached beside the ceiling."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--algorithm", choices=SETTINGS, default="PPO")
    parser.add_argument(
        "--attempts", choices=("joint", "independent", "autoregressive"), default="joint"
    )
    for name, default in (("episodes", 20_000), ("seed", 0), ("problems", 512)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    with CachedSandbox(cppo_env.make_sandbox()) as sandbox:
        model = train(given.algorithm, given.attempts, given.episodes, given.seed, sandbox)
        solved = pass_at_k(model, given.attempts, given.problems, sandbox)
    probabilities = strategies.load().probabilities
    print(f"{given.algorithm}, {given.attempts}: pass@{K} {solved:.3f}")
    print(f"ceiling of independent attempts {independent_ceiling(probabilities, K):.3f}, ", end="")
    print(f"optimum {coordinated_optimum(probabilities, K):.3f}")


if __name__ == "__main__":
    main()
