"""The memory of supervised training: the warm start of a run, and `cppo sft`."""

from __future__ import annotations

import math
from dataclasses import replace

from transformers import PretrainedConfig

from cppo_grpo.config import TrainConfig
from cppo_grpo.memory.counts import count_parameters, state_bytes, temporary_bytes
from cppo_grpo.memory.devices import Devices
from cppo_grpo.memory.drawing import decoding
from cppo_grpo.memory.gate import gate_parts
from cppo_grpo.memory.parts import Needs, Part, When, in_all
from cppo_grpo.memory.shapes import model_shape
from cppo_grpo.memory.simulation import FLOAT32, PassShape, activations
from cppo_grpo.recipe.sft import SftConfig


def fullest(config: TrainConfig, completion: int, group: int, groups: int) -> PassShape:
    """The fullest pass on some groups that share their prompt, completions of full length."""
    prompt = config.assume_prompt_tokens
    room = max(config.micro_batch_tokens - prompt, 0) // completion
    if room < group:
        return PassShape(prompt, completion, max(room, 1))
    fit = config.micro_batch_tokens // (prompt + group * completion)
    return PassShape(prompt, completion, group, min(fit, groups))


def warm_start_parts(
    shape: PretrainedConfig, config: TrainConfig, processes: int, cpu: bool
) -> list[Part]:
    """What the warm start takes: all weights are trained, in float32, whole in each process."""
    if not config.warm_start_steps:
        return []
    own = replace(config, lora_rank=0, lora_base="float32", bf16=False)
    problems = math.ceil(config.warm_start_problems / processes)
    programs = fullest(own, config.max_tokens_solve, 1, problems)
    passes = [[programs]]
    if config.planning == "policy":
        plans = fullest(own, config.max_tokens_plan, config.warm_start_plans, problems)
        left = own.micro_batch_tokens - plans.groups * (
            plans.prompt + plans.sequences * plans.completion
        )
        beside = min(problems, left // (programs.prompt + programs.completion))
        passes.append([plans, *([replace(programs, groups=beside)] if beside > 0 else [])])
    return _learning(shape, own, passes, "warm start", cpu=cpu, remat=False)


def sft_needs(config: SftConfig, devices: Devices) -> Needs:
    """What `cppo sft` takes, in its one process."""
    own = config.learner()
    shape, prompt = model_shape(own), config.assume_prompt_tokens
    longest = max(1, config.max_tokens - prompt)
    answer = longest if config.programs else min(config.max_tokens_plan, longest)
    passes = [[fullest(own, answer, 1, config.batch)]]
    rows = _learning(
        *(shape, own, passes, "update"),
        cpu=devices.name == "cpu",
        remat=config.checkpoint_activations,
    )
    rows = [replace(one, when="always") if one.name == "weights" else one for one in rows]
    if config.plans and config.sampled_plans:
        drawn = decoding(
            shape, PassShape(prompt, config.max_tokens_plan, min(256, config.sampled_plans))
        )
        rows += [
            Part("key-value cache", int(drawn.cache), "sampling"),
            Part("prefill and logits", int(drawn.work), "sampling"),
            *gate_parts(
                *(config.judge, config.judge_options, devices),
                plans=config.sampled_plans,
                tokens=prompt + config.max_tokens_plan,
            ),
        ]
    return Needs(devices, in_all(rows, 1))


def _learning(
    shape: PretrainedConfig,
    config: TrainConfig,
    passes: list[list[PassShape]],
    when: When,
    *,
    cpu: bool,
    remat: bool,
) -> list[Part]:
    """Weights and what learning takes beside them; an optimizer step follows the last pass."""
    counts = count_parameters(shape, config)
    visiting = config.optimizer_states == "cpu" and not cpu
    stored = replace(counts, trained=counts.largest_trained) if visiting else counts
    alive = max(activations(shape, config, one, remat) for one in passes)
    return [
        Part("weights", FLOAT32 * counts.total, when),
        Part("optimizer state", state_bytes(stored, config), when),
        Part("gradients", FLOAT32 * counts.trained, when),
        Part(
            "activations or temporaries",
            max(alive, temporary_bytes(counts, config, cpu, 1)),
            when,
        ),
    ]
