"""The memory plan beside what an update and a draw allocate, for the shape of any model.

    python benchmarks/memory_plan.py --model FOLDER [--lora-rank 8] --json FILE

Only the configuration of the model is read; its weights are random. The measured bytes are those of
the tensors that were alive at once, counted while the second update (the first makes the moments)
and a draw run.
"""

from __future__ import annotations

import argparse
import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from cppo_grpo.config import TrainConfig
from cppo_grpo.learner.learner import Learner
from cppo_grpo.memory.devices import Devices
from cppo_grpo.memory.estimate import make_plan
from cppo_grpo.memory.tracking import AliveBytes
from cppo_grpo.model.lora import WithoutAdapter, add_adapter
from cppo_grpo.model.policy import Policy
from cppo_grpo.rollouts.values import Rollout, Samples
from cppo_grpo.samplers import Completion, SamplingParams
from cppo_grpo.samplers.transformers import TransformersSampler
from transformers import AutoConfig, AutoModelForCausalLM

from cppo_env.provenance import commit, machine, versions


def main() -> None:
    """Measure, and write the report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", type=Path, required=True, help="folder with a config.json")
    parser.add_argument("--lora-rank", type=int, default=0)
    parser.add_argument("--micro-batch-tokens", type=int, default=1024)
    parser.add_argument("--json", type=Path, required=True, help="the report")
    options = parser.parse_args()
    config = TrainConfig(
        model=str(options.model),
        lora_rank=options.lora_rank,
        micro_batch_tokens=options.micro_batch_tokens,
        problems_per_step=1,
        tuples=2,
        k=2,
        max_tokens_plan=64,
        max_tokens_solve=128,
        assume_prompt_tokens=256,
    )
    torch.manual_seed(0)
    shape = AutoConfig.from_pretrained(options.model)
    model: Any = AutoModelForCausalLM.from_config(shape, dtype=torch.float32)
    vocabulary = shape.get_text_config().vocab_size
    plan = make_plan(config, Devices("cpu", 1, 2**50), 1)
    parts = {part.name: part.bytes for part in plan.parts}
    report = {
        "drawing": (
            parts["key-value cache"] + parts["prefill and logits"],
            drawing(config, model, vocabulary),
        ),
        "update": (
            max(plan.at("update"), plan.at("optimizer step")),
            update(config, model, vocabulary),
        ),
    }
    figures = {
        name: {"planned": planned, "measured": measured, "ratio": planned / measured}
        for name, (planned, measured) in report.items()
    }
    content = {"versions": versions(), "commit": commit(), "machine": machine()}
    content |= {"settings": json.loads(config.to_json()), "parameters": model.num_parameters()}
    options.json.write_text(json.dumps(content | {"figures": figures}, indent=2) + "\n")
    print(json.dumps(figures, indent=2))


def drawing(config: TrainConfig, model: Any, vocabulary: int) -> int:
    """Bytes of a draw of all programs of a step, beside the weights."""
    sampler = TransformersSampler(model.eval())
    params = SamplingParams(config.max_tokens_solve, end_ids=(vocabulary,), temperature=0.7)
    prompts = random_tokens(config.tuples * config.k, config.assume_prompt_tokens, vocabulary)
    with AliveBytes([*model.parameters(), *model.buffers()]) as alive:
        sampler.sample(prompts, params)
    return alive.peak


def update(config: TrainConfig, model: Any, vocabulary: int) -> int:
    """Bytes of an update with weights, reference and optimizer states."""
    if config.lora_rank:
        policy = Policy(add_adapter(model, config))
        reference: Any = WithoutAdapter(policy)
        weights = [*policy.parameters()]
    else:
        policy = Policy(model)
        reference = Policy(copy.deepcopy(model).requires_grad_(False)).eval()
        weights = [*policy.parameters(), *reference.parameters()]
    learner = Learner(policy, reference, config)
    learner.update(rollout(config, vocabulary), 0)
    learner.free_gradients()
    states = learner.optimizer.state.values()
    moments = [one for own in states for one in own.values() if isinstance(one, torch.Tensor)]
    held = [*weights, *moments]
    with AliveBytes([*held, *policy.buffers(), *reference.buffers()]) as alive:
        learner.update(rollout(config, vocabulary), 1)
    return alive.peak + sum(tensor.nbytes for tensor in held)


def random_tokens(count: int, length: int, vocabulary: int) -> list[tuple[int, ...]]:
    """Random sequences, of which none is the beginning of another."""
    random = np.random.default_rng(0)
    return [tuple(random.integers(8, vocabulary, length).tolist()) for _ in range(count)]


def rollout(config: TrainConfig, vocabulary: int) -> Rollout:
    """A rollout in which every completion has full length and half of the programs are right."""
    n, k = config.problems_per_step * config.tuples, config.k

    def samples(count: int, length: int) -> Samples:
        [prompt] = random_tokens(1, config.assume_prompt_tokens, vocabulary)
        made = random_tokens(count, length, vocabulary)
        return Samples(
            [prompt] * count,
            [Completion(ids, (-12.0,) * length, "stop") for ids in made],
            [""] * count,
        )

    solver = np.arange(n * k, dtype=np.float64).reshape(n, k) % 2
    return Rollout(
        plans=samples(n, config.max_tokens_plan),
        programs=samples(n * k, config.max_tokens_solve),
        branches=np.array([(i, j) for i in range(n) for j in range(k)]),
        problems_N=np.zeros(n, dtype=np.int64),
        rewards_N=np.arange(n, dtype=np.float64) % 2,
        r_out_N=solver.max(1),
        validity_N=np.ones(n),
        solver_rewards_NK=solver,
        void_N=np.zeros(n, dtype=bool),
        records=[],
    )


if __name__ == "__main__":
    main()
