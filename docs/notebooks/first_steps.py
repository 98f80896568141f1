# %% [markdown]
# # First steps
#
# An episode by hand, a batch of episodes, and an evaluation. Nothing here needs a GPU, a network or
# a Docker engine.

# %%
import gymnasium as gym
import numpy as np

import cppo_env

problems = cppo_env.load_problems("samples")
problem = problems[problems.index("two-sum")]
print(len(problems), "problems")
print(problem.statement)

# %% [markdown]
# ## One episode
#
# Step 1 takes K methods, step 2 takes K solutions. Every bundled problem comes with reference
# programs and plausible wrong ones, so two of each make an episode.

# %%
env = gym.make("CPPO-Samples-v0", sandbox="local", k=4)
env.reset(options={"problem_id": "two-sum"})
plan = (
    "Remember seen values in a hash map.",
    "Sort and move two pointers.",
    "Try every pair.",
    "Search the complement in a sorted copy.",
)
*_, info = env.step(plan)
print("the gate:", info["ruling"])

# %%
solutions = problem.references[:2] + problem.wrong[:2]
_, reward, terminated, truncated, info = env.step(solutions)
print("verdicts", info["verdicts"], "reward", reward, "solvers", info["solver_rewards"])

# %% [markdown]
# A report tells what happened on each test, up to the first that failed.

# %%
for report in info["reports"]:
    print(report.verdict, [test.verdict.value for test in report.tests], report.message)
env.close()

# %% [markdown]
# ## A batch
#
# The vector environment judges the whole batch in one call. The agent `oracle` replays the
# reference programs: the ceiling of any agent, and a check of the problems.

# %%
from cppo_agents import OracleAgent

easy = cppo_env.load_problems("samples", difficulty="easy")
envs = gym.make_vec("CPPO-Samples-v0", num_envs=8, problems=easy, k=2, sandbox="local")
agent = OracleAgent(easy, k=2)
observations, infos = envs.reset(options={"problems": np.arange(8)})
for _ in ("plan", "solve"):
    actions = agent.act(cppo_env.unbatch(observations))
    observations, rewards, terminated, truncated, infos = envs.step(tuple(actions))
envs.close()
print(rewards, infos["verdicts"].tolist())

# %% [markdown]
# ## An evaluation
#
# Any object with `act(observations)` is an agent. `evaluate` plays it, batch by batch, and returns
# means with 95 % intervals.

# %%


class EchoesInput:
    """Prints what it reads: right where the answer is the input."""

    def act(self, observations):
        program = "```python\nimport sys\nprint(sys.stdin.read())\n```"
        methods = ("Print the input.", "Print it twice.", "Print its length.", "Print nothing.")
        return [(program,) * 4 if one["phase"] else methods for one in observations]


result = cppo_env.evaluate(EchoesInput(), "CPPO-Samples-v0", limit=10, sandbox="local")
result.pass_at_k[4], result.verdicts

# %% [markdown]
# Next: [your own algorithm](own_algorithm.py), or [plug in a model](../learn/plug-in-an-agent.md).
