# %% [markdown]
# # Your own algorithm
#
# An algorithm turns the rewards of a batch into advantages: a function in NumPy, nothing else.
# This one is RLOO in both regions: a plan is compared with the other plans of its problem, a
# program with its siblings, and nothing is divided by a standard deviation.

# %%
import numpy as np
from cppo_grpo import Advantages, EpisodeRewards, Options
from cppo_grpo.advantages import leave_one_out_mean


def split_rloo(rewards: EpisodeRewards, options: Options) -> Advantages:
    """Reward minus the mean of the others, by region."""
    branches_PM = rewards.ran_PM & ~rewards.void_PM
    mask_PMK = np.broadcast_to(branches_PM[..., None], rewards.solutions_PMK.shape)
    return Advantages(
        plans_PM=leave_one_out_mean(rewards.plans_PM, mask=~rewards.void_PM),
        solutions_PMK=leave_one_out_mean(rewards.solutions_PMK, mask=mask_PMK),
    )


# %% [markdown]
# ## Try it by hand
#
# Arrays carry their shape in their names: one problem (P), three plans (M), two programs each (K).
# The last plan's episode is void: it leaves its groups and gets advantage 0.

# %%
solved_PMK = np.array([[[1.0, 0.0], [0.0, 0.0], [1.0, 1.0]]])
void_PM = np.array([[False, False, True]])
batch = EpisodeRewards(
    plans_PM=solved_PMK.max(-1),
    solutions_PMK=solved_PMK,
    void_PM=void_PM,
    ran_PM=np.ones_like(void_PM),
)
found = split_rloo(batch, Options())
print(found.plans_PM)
print(found.solutions_PMK)
assert (found.plans_PM[void_PM] == 0).all()

# %% [markdown]
# ## Train with it
#
# A task with a known optimum: 2 of 4 rules are right equally often, so two independent attempts
# reach .75 at most. A model of 0.1 M parameters is made from scratch, shown what plans and programs
# look like, and trained for some steps.

# %%
from pathlib import Path
from tempfile import mkdtemp

from cppo_grpo import Run, TrainConfig, train
from rich.console import Console

import cppo_env

folder = Path(mkdtemp()) / "split_rloo"
config = TrainConfig(
    run=folder,
    algorithm=split_rloo,
    problems="diagnostics",
    filters={"family": "coordination"},
    sandbox="local",
    k=2,
    hidden=64,
    warm_start_steps=100,
    warm_start_problems=4,
    steps=16,
    problems_per_step=10,
    tuples=6,
    max_tokens_plan=24,
    max_tokens_solve=24,
    temperature_plan=1.0,
    temperature_solve=0.7,
    lr=1.2e-3,
    lambda_plan=8.0,
    beta_plan=0.1,
    beta_solve=0.1,
    eval_episodes=128,
    eval_temperature_plan=0.5,
)
run = Run.open(config)
with cppo_env.make_sandbox("local") as sandbox:
    train(run, sandbox, Console(quiet=True))

# %%
for stage in ("before", "after"):
    [row] = run.log.rows(stage)
    print(stage, row["pass_at_k"], row["ci95"])

# %%
import matplotlib.pyplot as plt

steps = run.log.rows("joint")
plt.figure(figsize=(6, 2.6))
plt.plot([row["step"] for row in steps], [row["pass_at_k"] for row in steps])
plt.axhline(0.75, linestyle="--", color="grey")
plt.xlabel("step")
plt.ylabel("pass@2")
plt.show()

# %% [markdown]
# ## Is it any good?
#
# One seed of sixteen steps decides nothing. Put the function into a file and let the five
# diagnostic tasks and several seeds answer:
#
#     cppo bench algorithms ./mine.py:split_rloo cppo --sandbox local
#
# [Which algorithm](../decide/which-algorithm.md) says what is known of the others, and
# [contributing](../../CONTRIBUTING.md#add-a-plug-in) how to publish yours as a plug-in.
