"""LoRA trains only adapters, refers to the frozen model, and exports merged weights."""

import copy
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import peft
import pytest
import torch
from cppo_grpo.checks import check
from cppo_grpo.config import TrainConfig
from cppo_grpo.learner.learner import Learner
from cppo_grpo.model.lora import WithoutAdapter, add_adapter, hold_in_bfloat16
from cppo_grpo.model.policy import Policy
from cppo_grpo.model.weights import full_weights
from cppo_grpo.runs.checkpoints import newest_checkpoint
from cppo_grpo.samplers import SamplingParams
from cppo_grpo.samplers.transformers import TransformersSampler
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from cppo_env import UsageError
from cppo_env.errors import MissingExtraError
from tests.support.models import random_ids, tiny_qwen3
from tests.support.rollouts import CONFIG, rollout
from tests.support.rollouts import model as small_model
from tests.support.tiny_runs import LEARNING, PLANNING, carry_out, go_on, killed_after, weights

pytestmark = pytest.mark.filterwarnings(
    "ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"
)

LORA = {"lora_rank": 4, "lr": 1e-2, "warm_start_steps": 0}


def moved(model: torch.nn.Module) -> Policy:
    """A policy whose adapter has been trained."""
    policy = Policy(add_adapter(copy.deepcopy(model), TrainConfig(lora_rank=4)))
    with torch.no_grad():
        for name, weight in policy.named_parameters():
            if "lora_B" in name:
                weight.normal_(std=0.05, generator=torch.Generator().manual_seed(weight.numel()))
    return policy


@torch.no_grad()
def log_probs(policy: Policy | WithoutAdapter) -> torch.Tensor:
    prompts, completions = random_ids(9, seed=1) * 3 + random_ids(5), random_ids(4, 7, 1, 6)
    return policy(prompts, completions, 0.7)


def test_a_shared_prompt_gives_the_log_probs_of_plain_rows() -> None:
    policy = moved(tiny_qwen3())
    plain = Policy(policy.model, share_prompts=False)
    torch.testing.assert_close(log_probs(policy), log_probs(plain), atol=1e-5, rtol=0)


def test_without_its_adapter_the_policy_is_the_model_that_it_started_from() -> None:
    policy, start = moved(tiny_qwen3()), Policy(copy.deepcopy(tiny_qwen3()))
    assert torch.equal(log_probs(WithoutAdapter(policy)), log_probs(start))
    assert (log_probs(policy) - log_probs(start)).abs().max() > 0.01


def divergence(policy: Policy, reference: Policy | WithoutAdapter) -> tuple[float, float]:
    """k3 before the first step, and the largest entry of its gradient."""
    prompts, completions = random_ids(9, seed=1) * 3 + random_ids(5), random_ids(4, 7, 1, 6)
    behind = log_probs(reference) - policy.train()(prompts, completions, 0.7)
    k3 = (behind.exp() - 1 - behind).sum()
    k3.backward()
    gradients = [one.grad for one in policy.parameters() if one.grad is not None]
    return float(k3.detach()), max(float(one.abs().max()) for one in gradients)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_before_the_first_step_the_divergence_and_its_gradient_are_exactly_0(
    dtype: torch.dtype,
) -> None:
    base = copy.deepcopy(tiny_qwen3()).to(dtype)
    policy = Policy(add_adapter(base, TrainConfig(lora_rank=4)))
    assert divergence(policy, WithoutAdapter(policy)) == (0.0, 0.0)


def test_a_reference_of_all_weights_must_be_float32_as_the_policy_is() -> None:
    start = tiny_qwen3()
    policy = Policy(copy.deepcopy(start))
    assert divergence(policy, Policy(copy.deepcopy(start)).eval()) == (0.0, 0.0)
    policy.zero_grad()
    k3, gradient = divergence(policy, Policy(copy.deepcopy(start).bfloat16()).eval())
    assert k3 > 0
    assert gradient > 1e-6


def test_samplers_get_merged_weights_and_draw_alike() -> None:
    policy, plain = moved(tiny_qwen3()), copy.deepcopy(tiny_qwen3())
    merged = TransformersSampler(plain)
    merged.update(full_weights(policy.model))
    params = SamplingParams(12, (), 1.0, seed=3)
    own = TransformersSampler(policy.model.get_base_model()).sample(random_ids(9, 5, 20), params)
    for through, other in zip(own, merged.sample(random_ids(9, 5, 20), params), strict=True):
        assert through.token_ids == other.token_ids
        assert through.log_probs == pytest.approx(other.log_probs, abs=1e-5)


class ThroughAdapters(TransformersSampler):
    """An engine with weights of its own, which it keeps while adapters come and go."""

    takes_adapters = True
    adapters = 0

    def __init__(self, model: Any) -> None:
        super().__init__(copy.deepcopy(model))
        self.base = self.model

    def update(self, named_weights: Any) -> None:
        assert not ThroughAdapters.adapters, "the base does not change in training"
        self.base.load_state_dict(dict(named_weights), strict=False)

    def update_adapter(self, write: Any) -> None:
        ThroughAdapters.adapters += 1
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder))
            adapted = peft.PeftModel.from_pretrained(copy.deepcopy(self.base), folder)
        self.model = adapted.merge_and_unload().eval()


def test_a_sampler_that_takes_adapters_gets_the_warm_base_once_and_then_adapters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = LORA | LEARNING | {"steps": 2}
    plain = carry_out(tmp_path / "plain", **settings)
    monkeypatch.setattr(
        "cppo_grpo.samplers.transformers.TransformersSampler", ThroughAdapters
    )  # what the name of the plug-in leads to
    run = carry_out(tmp_path / "run", **settings)
    assert ThroughAdapters.adapters == 2  # one for each step
    rows = run.log.rows("joint")
    assert any(row["grad_norm"] > 0 for row in rows)
    assert max(row["sampler_gap_max_solve"] for row in rows) < 1e-4
    for name, weight in weights(plain.path).items():
        torch.testing.assert_close(weights(run.path)[name], weight, atol=1e-6, rtol=0)


def gradient(**changes: object) -> torch.Tensor:
    """The gradient of the adapter; the frozen weights have none."""
    config = replace(
        CONFIG, lora_rank=4, beta_plan=0.1, beta_solve=0.1, max_grad_norm=0.0, **changes
    )
    policy = moved(small_model())
    learner = Learner(policy, WithoutAdapter(policy), config)
    learner.optimizer = torch.optim.SGD(learner.optimizer.param_groups[0]["params"], lr=0.0)
    metrics = learner.update(rollout(), 0)
    assert metrics["kl_solve"] > 0
    found = {
        name: weight.grad for name, weight in policy.named_parameters() if weight.grad is not None
    }
    assert found and all("lora_" in name for name in found)
    return torch.cat([grad.flatten() for grad in found.values()])


def test_accumulation_and_checkpointed_activations_give_the_same_gradient_and_bf16_nearly() -> None:
    exact = gradient()
    assert gradient(micro_batch_tokens=8) == pytest.approx(exact, abs=1e-6)
    assert torch.equal(gradient(checkpoint_activations=True), exact)
    assert torch.nn.functional.cosine_similarity(exact, gradient(bf16=True), dim=0) > 0.99


@pytest.mark.parametrize(("base_type", "gap"), [("float32", 1e-4), ("bfloat16", 0.3)])
def test_a_run_trains_the_adapter_alone_and_goes_on_bitwise_where_it_was_killed(
    learnt: Path, tmp_path: Path, base_type: str, gap: float
) -> None:
    own = {"model": str(learnt / "reference"), "lora_base": base_type}
    run = carry_out(tmp_path / "run", **PLANNING | LORA | own)
    held: Any = AutoModelForCausalLM.from_pretrained(learnt / "reference")
    if base_type == "bfloat16":
        hold_in_bfloat16(held)
    start, found = held.float().state_dict(), weights(run.path)
    start = {name: start[name] for name in load_file(learnt / "reference" / "model.safetensors")}
    assert {one.dtype for one in found.values()} == {torch.float32}
    kept = load_file(run.reference / "model.safetensors")
    for name, weight in load_file(learnt / "reference" / "model.safetensors").items():
        assert torch.equal(kept[name], weight)
    assert found.keys() == start.keys()
    for name, weight in found.items():
        assert torch.equal(weight, start[name]) == ("_proj" not in name), name
    checkpoint = newest_checkpoint(run.checkpoints)
    assert checkpoint is not None
    assert all("lora_" in name for name in load_file(checkpoint / "weights.safetensors"))
    for row in run.log.rows("joint"):
        assert row["sampler_gap_max_plan"] < gap and row["sampler_gap_max_solve"] < gap
    assert run.log.rows("joint")[0]["kl_plan"] == 0 < run.log.rows("joint")[-1]["kl_plan"]

    merged = AutoModelForCausalLM.from_pretrained(run.model)
    assert merged.dtype is torch.float32
    adapted = peft.PeftModel.from_pretrained(held, run.adapter)
    ids = torch.tensor(np.arange(40)[None] % 100)
    with torch.no_grad():
        torch.testing.assert_close(merged(ids).logits, adapted(ids).logits, atol=1e-4, rtol=0)

    killed = killed_after(run.path, 1, tmp_path / "killed")
    resumed = go_on(killed)
    assert all(torch.equal(weight, found[name]) for name, weight in weights(resumed.path).items())


def test_rounding_a_base_is_said_with_a_count(caplog: pytest.LogCaptureFixture) -> None:
    model = copy.deepcopy(tiny_qwen3())
    frequencies = model.model.rotary_emb.inv_freq
    hold_in_bfloat16(model)
    assert {weight.dtype for weight in model.parameters()} == {torch.bfloat16}
    assert model.model.rotary_emb.inv_freq is frequencies
    assert model.lm_head.weight is model.model.embed_tokens.weight
    assert "weights of the base lose precision" in caplog.text
    caplog.clear()
    hold_in_bfloat16(model.float())  # as if it had been stored so
    assert not caplog.text


def test_without_peft_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(MissingExtraError, match=r"LoRA needs the package 'peft'.*grpo"):
        add_adapter(copy.deepcopy(tiny_qwen3()), TrainConfig(lora_rank=2))


def test_what_cannot_be_adapted_is_refused() -> None:
    with pytest.raises(UsageError, match="lora_base=bfloat16: all weights are trained"):
        check(TrainConfig(lora_base="bfloat16"))
    with pytest.raises(UsageError, match="lora_base=bfloat16 with parallel=fsdp2"):
        check(TrainConfig(lora_base="bfloat16", lora_rank=4, parallel="fsdp2"))
    with pytest.raises(UsageError, match="lora_rank"):
        check(TrainConfig(lora_rank=-1))
    with pytest.raises(UsageError, match="no_such_layer"):
        add_adapter(
            copy.deepcopy(tiny_qwen3()), TrainConfig(lora_rank=2, lora_targets="no_such_layer")
        )
    tied = tiny_qwen3()
    assert tied.config.tie_word_embeddings
    with pytest.raises(UsageError, match="input and output embeddings are one weight"):
        add_adapter(copy.deepcopy(tied), TrainConfig(lora_rank=2, lora_targets="embed_tokens"))
