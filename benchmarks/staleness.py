"""What staleness gains in speed and costs in learning: `off_policy_steps` on a tiny model.

python -m benchmarks.staleness speed --k 0 1 2 4 --players 3 --steps 12
python -m benchmarks.staleness learning --k 0 2 4 --seeds 0 1 2 --steps 300
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from pathlib import Path
from typing import Any

import cppo_cluster.ray_players
import cppo_grpo.samplers.transformers
import numpy as np
import ray
import yaml
from cppo_cluster.draws import SentCompletions, SentPrompts
from cppo_cluster.ray_player import Player
from cppo_grpo.config import TrainConfig
from cppo_grpo.runs.folder import Run
from cppo_grpo.samplers import SamplingParams
from cppo_grpo.stages.training import train
from cppo_sandboxes.cached import CachedSandbox
from rich.console import Console

from benchmarks.cluster_simulation import Training, tailed
from cppo_env import make_sandbox
from cppo_env.provenance import commit, machine, versions
from tests.support.versions import SamplerOfVersions

TINY = yaml.safe_load(Path("configs/tiny.yaml").read_text())
CORRECTED: dict[str, Any] = {"correction": "token_truncate", "sandbox": "local"}
SPREAD, LONGEST = 0.8, 4.096
"""Of the logarithm of a chunk's time, and of its mean at most: those of the simulation."""


class SlowPlayer(Player):
    """Takes its time over each chunk: as long in every run, whoever draws it."""

    mean_s = 1.0

    def draw(
        self, version: int, weights: list[Any], prompts: SentPrompts, params: SamplingParams
    ) -> SentCompletions:
        """What the player draws."""
        lengths = random.Random(hash((params.seed, params.streams)))
        time.sleep(min(tailed(self.mean_s, SPREAD, lengths)(), LONGEST * self.mean_s))
        return super().draw(version, weights, prompts, params)


def carried_out(folder: Path, **settings: Any) -> list[dict[str, Any]]:
    """The metrics of a run."""
    run = Run.open(TrainConfig(run=folder, **CORRECTED | settings))
    with CachedSandbox(make_sandbox("local")) as sandbox:
        train(run, sandbox, Console(quiet=True))
    return run.log.rows()


def speed(arguments: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    """Steps a second by k, measured and simulated: players take longer than an update."""
    SlowPlayer.mean_s = arguments.chunk_s
    cppo_cluster.ray_players.Player = SlowPlayer
    ray.init("local", num_cpus=arguments.players, include_dashboard=False, log_to_driver=False)
    found: list[dict[str, Any]] = []
    for turn in range(arguments.rounds):
        for k in arguments.k:
            rows = carried_out(
                folder / f"{turn}-{k}",
                off_policy_steps=k,
                sampler="ray",
                sampler_options={"players": arguments.players, "batch_size": 4},
                **{"hidden": 32, "layers": 1, "warm_start_steps": 4, "planner": "none"},
                **{"problems_per_step": 2, "tuples": arguments.chunks // 2},
                **{"max_tokens_solve": 8, "steps": arguments.steps, "checkpoint_every": 1000},
            )
            steps = [row for row in rows if row["stage"] == "joint"]
            update_s = float(np.median([row["seconds_update"] for row in steps]))
            found.append(
                {
                    "k": k,
                    "steps_per_s": len(steps) / sum(row["seconds"] for row in steps),
                    "staleness_mean": float(np.mean([row["staleness"] for row in steps])),
                    "update_s": update_s,
                    "simulated_steps_per_s": simulated(arguments, k, update_s),
                }
            )
            print(json.dumps(found[-1]), flush=True)
    return found


def simulated(arguments: argparse.Namespace, k: int, update_s: float) -> float:
    """What the simulation of whole clusters says of so small a one."""
    options = argparse.Namespace(
        learning_share=1 / (arguments.players + 1),
        judge_s=1e-3,
        judge_spread=0.0,
        figures=arguments.figures,
        workers=32,
        sequences_per_gpu=1,
        tokens_per_program=arguments.chunk_s * 1000,
        draw_tokens_per_s=1000.0,
        most_tokens=LONGEST * arguments.chunk_s * 1000,
        length_spread=SPREAD,
        programs_per_gpu=arguments.chunks / (arguments.players + 1),
        group=1,
        learn_tokens_per_s=arguments.chunks * arguments.chunk_s * 1000 / update_s,
    )
    runs = [Training(options, arguments.players + 1, 1, k, seed) for seed in range(40)]
    return arguments.steps * len(runs) / sum(run.run(arguments.steps) for run in runs)


def learning(arguments: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    """What is learnt in some steps by k and seed, from the same warm start."""
    cppo_grpo.samplers.transformers.TransformersSampler = SamplerOfVersions
    found: list[dict[str, Any]] = []
    for seed in arguments.seeds:
        same = {**TINY, "steps": arguments.steps, "stop_at": None, "seed": seed}
        for k in arguments.k:
            place = folder / f"{seed}-{k}"
            if k != arguments.k[0]:
                start = {"model": str(folder / f"{seed}-{arguments.k[0]}" / "reference")}
                same |= {"warm_start_steps": 0, **start}
            rows = carried_out(place, off_policy_steps=k, **same)
            steps = [row for row in rows if row["stage"] == "joint"]
            passed = [row["pass_at_k"] for row in steps]
            [after] = [row for row in rows if row["stage"] == "after"]
            [before] = [row for row in rows if row["stage"] == "before"]
            found.append(
                {
                    "k": k,
                    "seed": seed,
                    "before": before["pass_at_k"],
                    "after": after["pass_at_k"],
                    "ci95": after["ci95"],
                    "by_quarters": [
                        float(part.mean()) for part in np.array_split(np.array(passed), 4)
                    ],
                    "gap_plan": float(np.mean([row["sampler_gap_plan"] for row in steps])),
                    "staleness_mean": float(np.mean([row["staleness"] for row in steps])),
                }
            )
            print(json.dumps(found[-1]), flush=True)
    return found


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parts = {"speed": speed, "learning": learning}
    parser.add_argument("part", choices=parts)
    parser.add_argument("--k", type=int, nargs="+", default=[0, 1, 2, 4])
    parser.add_argument("--players", type=int, default=3)
    parser.add_argument("--chunks", type=int, default=4, help="of a rollout; even")
    parser.add_argument("--chunk_s", type=float, default=1.0, help="mean time of a player for one")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--figures", type=Path, default=Path("benchmarks/results/cluster.json"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = parts[arguments.part](arguments, Path(folder))
    facts = {"commit": commit(), "machine": machine(), "versions": versions()}
    print(json.dumps({"rows": found, **facts}, indent=1))


if __name__ == "__main__":
    main()
