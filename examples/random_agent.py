"""The loop of every agent: observe, write K methods, observe again, write K solutions."""

import gymnasium as gym
from cppo_agents import RandomAgent

env = gym.make("cppo_env:CPPO-Samples-v0", difficulty="easy", render_mode="ansi")
agent = RandomAgent(k=4, seed=0)

for episode in range(3):
    observation, info = env.reset(seed=episode)
    reward, ended = 0.0, False
    while not ended:
        [action] = agent.act([observation])  # an agent takes a batch, here of one
        observation, reward, terminated, truncated, info = env.step(action)
        ended = terminated or truncated
    print(
        f"{info['problem_id']}: J = {info['validity']}, "
        f"verdicts {info['verdicts']}, reward {reward}"
    )

print(env.render())
env.close()
