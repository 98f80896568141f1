"""Many episodes at once: one judge call and one sandbox call per step for the whole batch."""

from collections import Counter

import gymnasium as gym
import numpy as np
from cppo_agents import OracleAgent

import cppo_env

problems = cppo_env.load_problems("samples", difficulty="hard")
agent = OracleAgent(problems, k=4)  # replays the reference programs, each by another method
envs = gym.make_vec("CPPO-Samples-v0", num_envs=len(problems), problems=problems, k=4)

observations, infos = envs.reset(options={"problems": np.arange(len(problems))})
for _ in ("plan", "solve"):
    actions = agent.act(cppo_env.unbatch(observations))
    observations, rewards, terminated, truncated, infos = envs.step(tuple(actions))
envs.close()

print("verdicts:", dict(Counter(infos["verdicts"].flat)))
print(
    f"pass@4 of {envs.num_envs} episodes: {infos['r_out'].mean():.3f}, "
    f"mean reward {rewards.mean():.3f}"
)
