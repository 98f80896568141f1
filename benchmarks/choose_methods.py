"""What algorithms that write no text reach on CPPO-Strategies-v0, beside the ceiling.

    python -m benchmarks.choose_methods [--seeds 3] [--episodes 20000] [--json FILE]

REINFORCE (examples/reinforce.py) and Stable-Baselines3's PPO and A2C (examples/sb3_ppo.py), each in
the three forms of `ChooseMethods`. Each program runs once on each problem, in the sandbox.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from cppo_sandboxes.cached import CachedSandbox

import cppo_env
from cppo_env.problems import strategies
from cppo_env.problems.strategies import coordinated_optimum, independent_ceiling
from examples import reinforce, sb3_ppo

HELD_OUT = 512


def main() -> None:
    """Print one row as soon as it is known, and write all of them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--episodes", type=int, default=20_000)
    parser.add_argument("--sandbox", default="auto")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    probabilities = strategies.load().probabilities
    rows = []
    # These programs have no chance in them, and each runs once on each problem.
    with CachedSandbox(cppo_env.make_sandbox(given.sandbox), remember="all") as sandbox:
        cells: list[tuple[str, Any]] = [("REINFORCE", kind) for kind in reinforce.KINDS]
        cells += [(name, form) for form in reinforce.KINDS.values() for name in sb3_ppo.SETTINGS]
        for algorithm, form in cells:
            reached, started = [], time.perf_counter()
            for seed in range(given.seeds):
                if algorithm == "REINFORCE":
                    trained, held_out = (
                        gym.make_vec(
                            "CPPO-Strategies-v0",
                            num_envs=reinforce.BATCH,
                            split=split,
                            judge="accept",
                            sandbox=sandbox,
                        )
                        for split in ("train", "test")
                    )
                    policy = reinforce.train(trained, form, given.episodes, seed)
                    reached.append(reinforce.pass_at_k(held_out, policy, HELD_OUT, seed))
                else:
                    model = sb3_ppo.train(algorithm, form, given.episodes, seed, sandbox)
                    reached.append(sb3_ppo.pass_at_k(model, form, HELD_OUT, sandbox))
            row = {
                "algorithm": algorithm,
                "attempts": reinforce.KINDS.get(form, form),
                "pass_at_4": reached,
                "mean": float(np.mean(reached)),
                "seconds": round(time.perf_counter() - started, 1),
            }
            rows.append(row)
            print(json.dumps(row), flush=True)
    result = {
        "episodes": given.episodes,
        "held_out": HELD_OUT,
        "independent_ceiling": independent_ceiling(probabilities, 4),
        "coordinated_optimum": coordinated_optimum(probabilities, 4),
        "rows": rows,
    }
    if given.json:
        given.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
