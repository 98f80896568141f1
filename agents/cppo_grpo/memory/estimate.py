"""What a run needs on each device and on disk, and what its batches are."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from transformers import PretrainedConfig

from cppo_grpo.config import TrainConfig
from cppo_grpo.memory.counts import Counts, count_parameters, state_bytes, temporary_bytes
from cppo_grpo.memory.devices import GIB, Devices
from cppo_grpo.memory.drawing import decoding
from cppo_grpo.memory.gate import gate_parts
from cppo_grpo.memory.parts import Needs, Part, in_all
from cppo_grpo.memory.shapes import model_shape
from cppo_grpo.memory.simulation import FLOAT32, PassShape, activations
from cppo_grpo.memory.supervised import fullest, warm_start_parts


@dataclass(frozen=True, slots=True)
class MemoryPlan(Needs):
    """The plan of a run."""

    config: TrainConfig
    processes: int
    """One on each device, or all on the CPU."""
    shape: PretrainedConfig
    counts: Counts

    def under(self, **changes: Any) -> MemoryPlan:
        """The plan of the same model with other settings."""
        config = replace(self.config, **changes)
        counted = count_parameters(self.shape, config) if "lora_rank" in changes else self.counts
        return _plan(config, self.devices, self.processes, self.shape, counted)

    @property
    def checkpoint_bytes(self) -> int:
        """A checkpoint: the trained weights and the optimizer's states."""
        return FLOAT32 * self.counts.trained + state_bytes(self.counts, self.config)

    @property
    def main_memory(self) -> int:
        """Bytes that all processes of a machine with GPUs keep beside these: optimizer states."""
        apart = self.config.optimizer_states == "cpu" and self.devices.name != "cpu"
        return self.processes * state_bytes(self.counts, self.config) if apart else 0

    @property
    def object_store(self) -> int:
        """Bytes of weights in Ray's object store: a version for each rollout that is played."""
        versions = max(2, self.config.off_policy_steps + 1)  # a new one comes before the last goes
        own = self.processes * versions * FLOAT32 * self.counts.total
        return own * (self.config.sampler == "ray")

    @property
    def disk_bytes(self) -> int:
        """The run folder: `reference/`, `model/`, the checkpoints kept, and one being written.

        An audit alone writes `reference/` only.
        """
        if not self.config.steps:
            return FLOAT32 * self.counts.total
        kept = self.config.keep_checkpoints + 1 + (self.config.eval_every > 0)
        return 2 * FLOAT32 * self.counts.total + kept * self.checkpoint_bytes

    @property
    def batches(self) -> dict[str, int]:
        """What a step samples and computes, at most."""
        config = self.config
        plans = config.problems_per_step * config.tuples if config.planning == "policy" else 0
        programs = 0 if config.plan_only else config.problems_per_step * config.tuples * config.k
        tokens = plans * config.region("plan").longest + programs * config.region("solve").longest
        passes = sum(
            math.ceil(count / (one.sequences * one.groups))
            for count, one in zip((plans, programs), _passes(config), strict=True)
            if count
        )
        evaluations = 1 if not config.steps else 2
        if config.eval_every:
            evaluations += config.steps // config.eval_every
        return {
            "plans_per_step": plans,
            "programs_per_step": programs,
            "sampled_tokens_per_step": tokens,
            "passes_per_step": passes * config.update_epochs * config.replicates,
            "optimizer_steps_per_step": config.minibatches
            * config.update_epochs
            * config.replicates,
            "programs_per_run": programs * (config.steps + config.audit_steps),
            "evaluation_programs": config.eval_episodes
            * (0 if config.plan_only else config.k)
            * evaluations,
        }


def make_plan(config: TrainConfig, devices: Devices, processes: int) -> MemoryPlan:
    """The plan of a run in some processes, one on each device (or all on the CPU)."""
    shape = model_shape(config)
    return _plan(config, devices, processes, shape, count_parameters(shape, config))


def _plan(
    config: TrainConfig, devices: Devices, processes: int, shape: PretrainedConfig, counts: Counts
) -> MemoryPlan:
    cpu = devices.name == "cpu"
    shards = processes if config.parallel == "fsdp2" else 1
    # An engine has weights of its own: those of vLLM are counted by their share.
    draws = config.sampler == "transformers"
    apart = draws and (bool(config.off_policy_steps) or shards > 1)
    whole, trained = FLOAT32 * counts.total, FLOAT32 * counts.trained
    half = config.lora_base == "bfloat16"
    frozen = (whole - trained) // (2 if half else 1)
    states = state_bytes(counts, config) // shards
    visiting = config.optimizer_states == "cpu" and not cpu
    if visiting:
        states = state_bytes(replace(counts, trained=counts.largest_trained), config)
    # A sampler that draws with the start itself has no copy of it before the policy is sharded.
    copied = "training" if shards > 1 and not config.lora_rank else "always"
    passes = [one for one in _passes(config) if one.sequences]
    rows = [
        Part("weights", (trained + frozen) // shards, "training"),
        Part("reference", whole // shards * (config.anchored and not config.lora_rank), "training"),
        Part("copy for sampling", whole * apart, copied),
        Part("copy of the frozen region", whole * (config.frozen is not None), "always"),
        Part("optimizer state", states, "optimizer step" if visiting else "training"),
        Part("vLLM", _vllm_share(config, devices), "always"),
        Part("gradients", trained // shards, "update"),
        Part(
            "activations",
            max(
                activations(shape, config, [one], config.checkpoints(counts.total))
                for one in passes
            ),
            "update",
        ),
        Part(
            "gradients and temporaries",
            trained // shards + temporary_bytes(counts, config, cpu, shards),
            "optimizer step",
        ),
    ]
    if config.replicates > 1:
        # Weights and moments: of the start, of each replicate that has ended, and their mean.
        copy = 3 * trained // shards  # of float32: others have no replicates
        rows += [
            Part("replicates", config.replicates * copy, "update"),
            Part("replicates", config.replicates * copy, "optimizer step"),
            Part("replicates and their mean", (config.replicates + 2) * copy, "averaging"),
            Part("gradients", trained // shards, "averaging"),
        ]
    if draws:
        share = math.ceil(config.problems_per_step / processes) * config.tuples
        decoded = [
            decoding(
                shape,
                _bounded(shape, config, one),
                config.sampler_options.get("prefill_tokens"),
                half=half and not apart,
            )
            for one in _decoded(config, share)
            if one.sequences
        ]
        worst = max(decoded, key=lambda one: one.cache + one.work)
        rows += [
            Part("key-value cache", int(worst.cache), "sampling"),
            Part("prefill and logits", int(worst.work), "sampling"),
        ]
    rows += warm_start_parts(shape, config, processes, cpu)
    rows += gate_parts(
        *(config.judge, config.judge_options, devices),
        plans=math.ceil(config.problems_per_step / processes) * config.tuples,
        tokens=config.assume_prompt_tokens + config.max_tokens_plan,
    )
    return MemoryPlan(
        devices, in_all(rows, processes if cpu else 1), config, processes, shape, counts
    )


def _passes(config: TrainConfig) -> tuple[PassShape, PassShape]:
    """The fullest pass of the update on plans, and on programs, with completions of full length."""
    plans = config.tuples if config.planning == "policy" else 0
    programs = 0 if config.plan_only else config.tuples * config.k
    return (
        fullest(config, config.region("plan").longest, plans, config.problems_per_step),
        fullest(config, config.region("solve").longest, programs, config.problems_per_step),
    )


def _decoded(config: TrainConfig, episodes: int) -> tuple[PassShape, PassShape]:
    """The largest batch of plans, and of programs, that the transformers sampler decodes."""
    most = int(config.sampler_options.get("batch_size", 256))
    plans = episodes if config.planning == "policy" else 0
    programs = 0 if config.plan_only else episodes * config.k
    prompt = config.assume_prompt_tokens
    return (
        PassShape(prompt, config.region("plan").longest, min(most, plans)),
        PassShape(prompt, config.region("solve").longest, min(most, programs)),
    )


def _bounded(shape: PretrainedConfig, config: TrainConfig, one: PassShape) -> PassShape:
    """As many of the sequences as the sampler's option `cache_gib` admits at once."""
    gib = config.sampler_options.get("cache_gib")
    if gib is None:
        return one
    each = decoding(shape, one).cache / one.sequences
    return replace(one, sequences=max(1, min(one.sequences, int(float(gib) * GIB / each))))


def _vllm_share(config: TrainConfig, devices: Devices) -> int:
    """What an engine beside the trainer reserves: vLLM's own default is .9 of the device."""
    if config.sampler not in ("vllm", "vllm_worker") or devices.name == "cpu":
        return 0
    return int(
        float(config.sampler_options.get("gpu_memory_utilization", 0.9)) * devices.bytes_each
    )
