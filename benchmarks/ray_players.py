"""What drawing through players on Ray costs, beside the same engine in this process.

python -m benchmarks.ray_players --players 1 --episodes 64 --rounds 4
"""

from __future__ import annotations

import argparse
import json
import pickle
import time
from typing import Any

import ray
import torch
from cppo_cluster.draws import SentCompletions, SentPrompts
from cppo_cluster.ray_sampler import RaySampler
from cppo_grpo.samplers import Completion, Sampler, SamplingParams
from cppo_grpo.samplers.transformers import TransformersSampler

from benchmarks.samplers import tiny_qwen3

K = 4
PLAN, SOLVE, STATEMENT = 128, 256, 300
"""Tokens of a plan, of a solution, and of a prompt; no end token is drawn."""


def episodes(sampler: Sampler, count: int) -> list[Completion]:
    """Draw the plans and solutions of episodes, 8 for each problem."""
    statements = [[3 + (7 * n + i) % 2000 for i in range(STATEMENT)] for n in range(count // 8)]
    plans = [statement for statement in statements for _ in range(8)]
    drawn = sampler.sample(plans, SamplingParams(PLAN, (), seed=1))
    solves = [
        [*prompt, *plan.token_ids[:32], branch + 3]
        for prompt, plan in zip(plans, drawn, strict=True)
        for branch in range(K)
    ]
    return [*drawn, *sampler.sample(solves, SamplingParams(SOLVE, (), seed=2))]


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Rollouts and updates in turns, here and on Ray."""
    torch.set_num_threads(1)
    model = tiny_qwen3(intermediate_size=512)
    ray.init("local", num_cpus=arguments.players, include_dashboard=False, log_to_driver=False)
    options = {"batch_size": arguments.batch_size}
    samplers: dict[str, Sampler] = {
        "here": TransformersSampler(model, **options),
        "ray": RaySampler(model, players=arguments.players, **options),
    }
    seconds: dict[str, list[float]] = {"here": [], "ray": []}
    updates: list[float] = []
    drawn: dict[str, list[Completion]] = {}
    for turn in range(arguments.rounds + 1):
        for name, sampler in samplers.items():
            begun = time.perf_counter()
            sampler.update(model.named_parameters())
            updates.append(time.perf_counter() - begun)
            drawn[name] = episodes(sampler, arguments.episodes)
            if turn:  # the first one warms up
                seconds[name].append(time.perf_counter() - begun)
        assert drawn["here"] == drawn["ray"]
    answers = SentCompletions.of(drawn["ray"], 0)
    prompts = SentPrompts.of([[3 + i for i in range(STATEMENT + 33)]])
    return {
        "seconds": seconds,
        "ratio_of_best": min(seconds["ray"]) / min(seconds["here"]),
        "bytes_back_per_episode": len(pickle.dumps(answers, 5)) / arguments.episodes,
        "bytes_of_a_distinct_prompt": len(pickle.dumps(prompts, 5)),
        "weight_bytes": sum(one.numel() * one.element_size() for one in model.parameters()),
        "put_weights_s": min(updates[1::2]),
    }


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--players", type=int, default=1)
    parser.add_argument("--episodes", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--batch_size", type=int, default=64)
    print(json.dumps(measure(parser.parse_args()), indent=1))


if __name__ == "__main__":
    main()
