"""The memory plan: against what the learner and the sampler really allocate, and its refusals."""

import copy
import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from cppo_grpo.commands.quickstart import RunConfig
from cppo_grpo.config import TrainConfig
from cppo_grpo.learner.learner import Learner
from cppo_grpo.memory.devices import GIB, Devices, assumed
from cppo_grpo.memory.drawing import decoding
from cppo_grpo.memory.estimate import MemoryPlan, make_plan
from cppo_grpo.memory.simulation import PassShape, activations
from cppo_grpo.memory.tracking import AliveBytes
from cppo_grpo.model.lora import WithoutAdapter, add_adapter
from cppo_grpo.model.policy import Policy
from cppo_grpo.model.tiny import VOCABULARY, tiny_config
from cppo_grpo.rollouts.values import Rollout, Samples
from cppo_grpo.samplers import Completion, SamplingParams
from cppo_grpo.samplers.transformers import TransformersSampler
from rich.console import Console
from transformers import AutoModelForCausalLM, Qwen3ForCausalLM

from cppo_env import CppoError, UsageError
from tests.support.architectures import SHAPES
from tests.support.cli import cppo, fault

CONFIG = TrainConfig(
    problems_per_step=2,
    tuples=4,
    k=4,
    max_tokens_plan=48,
    max_tokens_solve=96,
    micro_batch_tokens=2048,
    assume_prompt_tokens=256,
)
HERE = Devices("cpu", 1, 2**40)
PRESETS = {
    "tiny": "cpu:8",
    "qwen3-0.6b-1xh100": "h100x1",
    "qwen3-4b-lora-1xh100": "h100x1",
    "paper-4b": "h100x8",
    "paper-9b": "h100x8",
}
CONFIGS = Path(__file__).parents[2] / "configs"


def tokens(count: int, length: int, seed: int) -> list[tuple[int, ...]]:
    random = np.random.default_rng(seed)
    return [tuple(random.integers(8, VOCABULARY, length).tolist()) for _ in range(count)]


def samples(config: TrainConfig, per_problem: int, length: int) -> Samples:
    """Completions of full length; those of a problem have its prompt."""
    prompts = tokens(config.problems_per_step, config.assume_prompt_tokens, 0)
    made = tokens(config.problems_per_step * per_problem, length, 1)
    return Samples(
        [prompt for prompt in prompts for _ in range(per_problem)],
        [Completion(ids, (-7.0,) * length, "stop") for ids in made],
        [""] * len(made),
    )


def rollout(config: TrainConfig) -> Rollout:
    n, k = config.problems_per_step * config.tuples, config.k
    solver = np.random.default_rng(2).integers(0, 2, (n, k)).astype(float)
    return Rollout(
        plans=samples(config, config.tuples, config.max_tokens_plan),
        programs=samples(config, config.tuples * k, config.max_tokens_solve),
        branches=np.array([(i, j) for i in range(n) for j in range(k)]),
        problems_N=np.repeat(np.arange(config.problems_per_step), config.tuples),
        rewards_N=solver.max(1),
        r_out_N=solver.max(1),
        validity_N=np.ones(n),
        solver_rewards_NK=solver,
        void_N=np.zeros(n, dtype=bool),
        records=[],
    )


def test_large_models_recompute_their_activations_unless_told_otherwise() -> None:
    found = [TrainConfig().checkpoints(size) for size in (999_999_999, 1_000_000_000)]
    assert found == [False, True]
    for said in (True, False):
        assert TrainConfig(checkpoint_activations=said).checkpoints(10**10) is said


def tiny() -> Any:
    return Qwen3ForCausalLM(tiny_config(VOCABULARY, CONFIG.hidden, CONFIG.layers)).float()


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
@pytest.mark.filterwarnings("ignore:`gradient_checkpointing_enable` is deprecated:FutureWarning")
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"checkpoint_activations": True},
        {"bf16": True},
        {"micro_batch_tokens": 8192},
        {"replicates": 3, "minibatches": 2, "checkpoint_activations": True},
    ],
    ids=str,
)
def test_the_plan_of_an_update_is_within_15_percent_of_what_it_allocates(
    changes: dict[str, Any],
) -> None:
    config = dataclasses.replace(CONFIG, **changes)
    model = tiny()
    reference = Policy(copy.deepcopy(model).requires_grad_(False)).eval()
    learner = Learner(Policy(model), reference, config)
    learner.update(rollout(config), 0)  # from now on there are moments
    learner.free_gradients()
    moments = [
        value
        for own in learner.optimizer.state.values()
        for value in own.values()
        if isinstance(value, torch.Tensor)
    ]
    held = [*model.parameters(), *reference.parameters(), *moments]
    with AliveBytes([*held, *model.buffers(), *reference.buffers()]) as alive:
        learner.update(rollout(config), 1)
    measured = alive.peak + sum(tensor.nbytes for tensor in held)
    plan = make_plan(config, HERE, 1)
    planned = max(plan.at("update"), plan.at("optimizer step"), plan.at("averaging"))
    assert planned == pytest.approx(measured, rel=0.15)


@pytest.mark.parametrize("base", ["float32", "bfloat16"])
def test_the_plan_of_an_adapter_knows_the_type_of_its_base(base: str) -> None:
    config = dataclasses.replace(CONFIG, lora_rank=4, lora_base=base)
    policy = Policy(add_adapter(tiny(), config))
    learner = Learner(policy, WithoutAdapter(policy), config)
    with AliveBytes([*policy.parameters(), *policy.buffers()]) as alive:
        learner.update(rollout(config), 0)
    measured = alive.peak + sum(weight.nbytes for weight in policy.parameters())
    plan = make_plan(config, HERE, 1)
    assert max(plan.at("update"), plan.at("optimizer step")) == pytest.approx(measured, rel=0.15)


def test_the_plan_of_a_hybrid_knows_that_prompts_are_shared() -> None:
    shape = SHAPES["Qwen3.5"]()
    policy = Policy(AutoModelForCausalLM.from_config(shape, dtype=torch.float32)).train()
    [prompt], completions = tokens(1, 257, 0), tokens(4, 96, 1)
    vocabulary = shape.vocab_size
    prompt, *completions = (tuple(t % vocabulary for t in ids) for ids in (prompt, *completions))
    for weight in policy.parameters():
        weight.grad = torch.zeros_like(weight)
    held = [*policy.parameters(), *(weight.grad for weight in policy.parameters())]
    with AliveBytes([tensor for tensor in held if tensor is not None]) as alive:
        policy([prompt] * 4, completions, 1.0).sum().backward()
    planned = activations(shape, CONFIG, [PassShape(257, 96, 4)], False)
    assert planned == pytest.approx(alive.peak, rel=0.15)


@pytest.mark.parametrize(
    ("prompt", "length", "most"), [(256, 96, None), (64, 300, None), (768, 16, 2048)]
)
def test_the_plan_of_sampling_is_within_15_percent_of_what_it_allocates(
    prompt: int, length: int, most: int | None
) -> None:
    config = dataclasses.replace(
        CONFIG,
        assume_prompt_tokens=prompt,
        max_tokens_solve=length,
        sampler_options={"prefill_tokens": most},
    )
    sampler = TransformersSampler(tiny().eval(), prefill_tokens=most)
    count = config.problems_per_step * config.tuples * config.k
    params = SamplingParams(length, end_ids=(VOCABULARY,), temperature=0.7)
    held = [*sampler.model.parameters(), *sampler.model.buffers()]
    with AliveBytes(held) as alive:
        # Where the copies of a prompt part, the cache is copied.
        first, *others = tokens(count - 1, prompt, 3)
        sampler.sample([first, first, *others], params)
    parts = {part.name: part.bytes for part in make_plan(config, HERE, 1).parts}
    planned = parts["key-value cache"] + parts["prefill and logits"]
    assert planned == pytest.approx(alive.peak, rel=0.15)


@pytest.mark.parametrize(("prompt", "length"), [(40, 96), (256, 32)])
def test_the_plan_of_sampling_knows_what_a_window_holds(prompt: int, length: int) -> None:
    shape = SHAPES["Gemma 2"]()
    model: Any = AutoModelForCausalLM.from_config(shape, dtype=torch.float32)
    sampler = TransformersSampler(model.eval())
    prompts = [tuple(t % shape.vocab_size for t in ids) for ids in tokens(8, prompt, 3)]
    params = SamplingParams(length, end_ids=(shape.vocab_size,), temperature=0.7)
    with AliveBytes([*model.parameters(), *model.buffers()]) as alive:
        sampler.sample(prompts, params)
    planned = decoding(shape, PassShape(prompt, length, 8))
    assert planned.cache + planned.work == pytest.approx(alive.peak, rel=0.15)


def test_thoughts_count_among_what_is_sampled_and_learnt_from() -> None:
    plain = make_plan(CONFIG, HERE, 1)
    thinking = plain.under(max_thoughts_solve=300)
    programs = thinking.batches["programs_per_step"]
    more = thinking.batches["sampled_tokens_per_step"] - plain.batches["sampled_tokens_per_step"]
    assert more == 300 * programs > 0
    assert thinking.at("sampling") > plain.at("sampling")
    assert thinking.batches["passes_per_step"] >= plain.batches["passes_per_step"]


def preset(name: str) -> dict[str, Any]:
    return yaml.safe_load((CONFIGS / f"{name}.yaml").read_text())


@pytest.mark.parametrize("name", PRESETS)
def test_presets_fit_the_devices_that_they_are_for(name: str) -> None:
    from cppo_grpo.commands.train import train

    result = train(TrainConfig(**preset(name), dry_run=True, assume=PRESETS[name]))
    assert result["fits"]
    assert result["bytes_peak"] < result["bytes_usable"]
    stages = {path.stem for path in CONFIGS.glob("pipeline-*.yaml")}  # test_pipeline.py has them
    assert {path.stem for path in CONFIGS.glob("*.yaml")} - stages == set(PRESETS)


def test_the_plan_of_a_run_without_solvers_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    from cppo_grpo.commands.train import train

    train(TrainConfig(plan_only=True, reward="validity", dry_run=True, assume="cpu:8"))
    assert "plans, no programs; at most" in capsys.readouterr().out


def test_the_tiny_preset_is_the_quickstart() -> None:
    assert TrainConfig(**preset("tiny")) == RunConfig().train_config()


def test_what_does_not_fit_is_refused_with_what_does(tmp_path: Path) -> None:
    out = tmp_path / "plan.json"
    large = ["--model", "Qwen/Qwen3-4B", "--micro_batch_tokens", "4096", "--sampler", "vllm"]
    large += ["--sampler_options.gpu_memory_utilization", "0.3"]
    done = cppo("train", *large, "--dry_run", "true", "--assume", "h100", "--json", out)
    message = fault(done, 1)
    assert "does not fit: " in message and " of 76.0 GiB on h100; " in message
    assert "lora_rank=32" in message
    assert "model=Qwen/Qwen3-4B" in done.stdout, "what differs from the defaults"
    result = json.loads(out.read_text())
    assert not result["fits"]
    assert 4.0e9 < result["parameters"] < 4.1e9
    assert result["checkpoint_bytes"] == 12 * result["trained_parameters"]
    assert result["programs_per_step"] == 8 * 8 * 4


def test_several_devices_share_what_fsdp2_shards() -> None:
    shapes = dataclasses.replace(CONFIG, parallel="fsdp2")
    one, two = (make_plan(shapes, Devices("h100", n, 80 * GIB), n) for n in (1, 2))

    def size(plan: MemoryPlan, name: str) -> int:
        return next((part.bytes for part in plan.parts if part.name == name), 0)

    for name in ("weights", "reference", "optimizer state", "gradients"):
        assert size(two, name) == size(one, name) // 2
    assert size(one, "copy for sampling") == 0
    assert size(two, "copy for sampling") == size(one, "weights")
    served = dataclasses.replace(shapes, sampler="vllm_server")
    plan = make_plan(served, Devices("h100", 2, 80 * GIB), 2)
    assert size(plan, "copy for sampling") == 0  # the servers have their own


def test_weights_that_rollouts_wait_with_fill_rays_object_store() -> None:
    def versions(**settings: Any) -> float:
        plan = make_plan(dataclasses.replace(CONFIG, **settings), HERE, 1)
        return plan.object_store / plan.counts.total / 4

    late = {"off_policy_steps": 4, "correction": "token_mask"}
    assert versions() == versions(**late) == 0
    assert [versions(sampler="ray"), versions(sampler="ray", **late)] == [2, 5]


def test_devices_are_read_from_their_names() -> None:
    assert assumed("h100x8") == Devices("h100", 8, int(80 * GIB * 0.95))
    assert assumed("cpu:16") == Devices("cpu", 1, 16 * GIB)
    for wrong in ("h100x0", "b999", "", "cpu"):
        with pytest.raises(UsageError, match="expected NAMExCOUNT or cpu:GIB"):
            assumed(wrong)


def test_a_plan_continues_no_run(tmp_path: Path) -> None:
    from cppo_grpo.memory.report import dry_run

    with pytest.raises(UsageError, match="dry_run: it plans a new run"):
        dry_run(TrainConfig(resume=tmp_path, dry_run=True), Console(quiet=True))
    small = TrainConfig(dry_run=True, assume="cpu:1", hidden=4096, layers=8)
    with pytest.raises(CppoError, match=r"does not fit: .* of 1\.0 GiB on cpu"):
        dry_run(small, Console(quiet=True))


def test_the_plan_knows_the_bound_on_the_samplers_cache() -> None:
    def cache(**options: float) -> int:
        plan = make_plan(dataclasses.replace(CONFIG, sampler_options=options), HERE, 1)
        [part] = [part for part in plan.parts if part.name == "key-value cache"]
        return part.bytes

    whole = cache()
    assert whole / 4 < cache(cache_gib=whole / 2**31) <= whole / 2
