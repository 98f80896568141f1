# %% [markdown]
# # Analysis of runs
#
# `load_runs` reads folders of runs into tidy pandas frames. First two evaluations to look at; with
# yours, pass your folder.

# %%
from pathlib import Path
from tempfile import mkdtemp

import cppo_env

runs = Path(mkdtemp())
for name in ("random", "oracle"):
    cppo_env.evaluate(
        name, "CPPO-Samples-v0", limit=14, attempts=8, sandbox="local", run=runs / name
    )

# %%
from cppo_env.analysis import load_runs

frames = load_runs(runs)
for name in ("runs", "steps", "episodes", "attempts", "tests"):
    frame = getattr(frames, name)
    print(f"{name:<9} {len(frame):>4} rows: {', '.join(frame.columns[:9])} …")

# %% [markdown]
# The frames join on the columns that they share. `steps` is empty here: only training writes
# metrics.
#
# ## Who solves what?

# %%
solved = frames.episodes.groupby(["run", "problem_id"])["solved"].mean().unstack("run")
solved.head()

# %%
frames.attempts.groupby("run")["verdict"].value_counts(normalize=True).unstack().round(2)

# %% [markdown]
# ## Where do programs fail?
#
# A program stops at its first failing test, so the last test that ran says where.

# %%
attempt = ["run", "problem_id", "episode", "branch"]
last = frames.tests.groupby(attempt)["test"].max().rename("last test").reset_index()
failed = last.merge(frames.attempts.query("verdict != 'AC'")[[*attempt, "verdict"]])
failed.groupby(["run", "verdict"])["last test"].describe()[["count", "mean", "max"]]

# %% [markdown]
# ## How different are the attempts?
#
# Distinct programs in each tuple, and whether a method occurs twice.

# %%
tuples = frames.attempts.groupby(["run", "problem_id", "episode"])
kinds = tuples.agg(programs=("program", "nunique"), methods=("method", "nunique"))
kinds.groupby("run").mean()

# %% [markdown]
# ## An interval
#
# Episodes of one problem are not independent problems. So average within problems first, and take
# the interval over problems; `cppo compare` does this, with seeds and contests as well.

# %%
from cppo_env.intervals import over_problems

for name, rates in solved.items():
    found = over_problems(rates.to_numpy())
    print(f"{name}: {found.mean:.2f} [{found.low:.2f}, {found.high:.2f}]")

# %%
import matplotlib.pyplot as plt

cpu = frames.episodes.groupby("run")["judging_s"].sum()
plt.figure(figsize=(5, 1.6))
plt.barh(cpu.index, cpu)
plt.xlabel("seconds of judging")
plt.show()

# %% [markdown]
# A training run adds a row to `steps` for each step; [metrics](../metrics.md) lists the columns:
#
#     joint = frames.steps[frames.steps["stage"] == "joint"]
#     joint.pivot(index="step", columns="run", values="pass_at_k").rolling(8).mean().plot()
