"""A shared prompt is computed once, whatever the attention: log-probs and gradients stay equal."""

import copy
from typing import Any

import pytest
import torch
from cppo_grpo.learner.optimizer import make_optimizer
from cppo_grpo.model.modes import checkpoint_activations
from cppo_grpo.model.policy import Policy
from cppo_grpo.model.tree_attention import WINDOW_BLOCK
from cppo_grpo.samplers import SamplingParams
from cppo_grpo.samplers.transformers import TransformersSampler
from transformers import PreTrainedModel

from cppo_env.errors import UsageError
from tests.support.models import assert_equals_plain, random_ids, tiny

LINEAR = {
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 4,
    "linear_key_head_dim": 16,
    "linear_value_head_dim": 16,
    "layer_types": ["linear_attention", "full_attention"],
    "initializer_range": 0.1,
}
EXPERTS = {
    "num_experts": 4,
    "num_local_experts": 4,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 32,
    "shared_expert_intermediate_size": 32,
}
SHARING: dict[str, tuple[str, dict[str, Any]]] = {
    "gemma3, sequences within the window": ("gemma3_text", {"sliding_window": 512}),
    "gemma3, window 8": ("gemma3_text", {"sliding_window": 8}),
    "gemma3, window 40": ("gemma3_text", {"sliding_window": 40}),
    "gemma2, soft caps": ("gemma2", {"sliding_window": 24, "attn_logit_softcapping": 2.0}),
    "gemma4": ("gemma4_text", {"sliding_window": 24}),
    "gpt-oss, sinks": ("gpt_oss", {**EXPERTS, "sliding_window": 24}),
    "mistral, window 1": ("mistral", {"sliding_window": 1}),
    "mistral, window 24": ("mistral", {"sliding_window": 24}),
    "phi3": ("phi3", {"sliding_window": 24}),
    "starcoder2": ("starcoder2", {"sliding_window": 24, "residual_dropout": 0.0}),
    "qwen3.5": ("qwen3_5_text", LINEAR),
    "qwen3-next": ("qwen3_next", {**LINEAR, **EXPERTS}),
}
"""Name → architecture and settings."""


@pytest.fixture(params=SHARING)
def model(request: pytest.FixtureRequest) -> PreTrainedModel:
    name, settings = SHARING[request.param]
    if name == "gemma3_text" or name == "gemma4_text":
        settings = {**settings, "layer_types": ["sliding_attention", "full_attention"]}
    made = tiny(name, **settings)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in made.parameters():  # sinks and others that start at 0
            weight += 0.02 * torch.randn(weight.shape, generator=generator)
    return made


def test_shared_prompts_give_the_plain_log_probs_and_gradients(model: PreTrainedModel) -> None:
    policy = Policy(model)
    assert policy.share_prompts
    assert_equals_plain(model, policy)


def test_a_normal_call_is_unchanged(model: PreTrainedModel) -> None:
    ids = torch.tensor(random_ids(60, 60))
    mask = torch.ones_like(ids)
    mask[0, :7] = 0
    before = model(ids, attention_mask=mask).logits
    Policy(model)
    after = model(ids, attention_mask=mask).logits
    real = mask.bool()
    torch.testing.assert_close(after[real], before[real], atol=1e-5, rtol=1e-5)


def test_checkpointed_activations_change_nothing(model: PreTrainedModel) -> None:
    checkpoint_activations(model)
    model.train()
    policy = Policy(model)
    assert policy.share_prompts
    assert_equals_plain(model, policy)


@pytest.mark.parametrize("name", ["gemma3, window 8", "qwen3.5"])
def test_copies_share_too_and_the_sampler_agrees(name: str) -> None:
    architecture, settings = SHARING[name]
    first = tiny(architecture, **settings)
    Policy(first)
    second = copy.deepcopy(first)
    policy = Policy(second)
    assert_equals_plain(second, policy)
    prompts = random_ids(20, 13, seed=5)
    params = SamplingParams(12, (0,), 0.7)
    drawn = TransformersSampler(second).sample(prompts * 2, params)
    with torch.no_grad():
        logps = policy(prompts * 2, [one.token_ids for one in drawn], 0.7)
    for row, one in zip(logps, drawn, strict=True):
        expected = torch.tensor(one.log_probs)
        torch.testing.assert_close(row[: len(expected)], expected, atol=1e-4, rtol=1e-4)
    optimizer = make_optimizer(policy, 1e-2)
    policy(prompts, [(1, 2), (3,)], 1.0).sum().backward()
    optimizer.step()
    assert_equals_plain(second, policy)  # the copy computes with its own weights


def test_windows_of_long_sequences_are_computed_in_blocks() -> None:
    model = tiny("mistral", sliding_window=600, max_position_embeddings=4096)
    prompt, own = random_ids(1500, 700)
    policy = Policy(model)
    got = policy([prompt, prompt], [own, own[:20]], 1.0)
    ids = torch.tensor([prompt + own])
    logits = model(ids, use_cache=False).logits[0, len(prompt) - 1 : -1]
    expected = logits.log_softmax(-1).gather(-1, torch.tensor(own)[:, None])[:, 0]
    assert WINDOW_BLOCK < 600 < len(own)
    torch.testing.assert_close(got[0], expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("name", "settings", "reason"),
    [
        (
            "llama4_text",
            {**EXPERTS, "layer_types": ["chunked_attention", "full_attention"]},
            "chunked",
        ),
        (
            "bamba",
            {"attn_layer_indices": [1], "mamba_n_heads": 8, "mamba_d_head": 8},
            "another kind",
        ),
    ],
)
def test_other_layers_take_plain_batches(
    name: str, settings: dict[str, Any], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    model = tiny(name, **settings)
    policy = Policy(model)
    assert not policy.share_prompts
    assert reason in caplog.text and "prompts are computed anew for each sequence" in caplog.text
    with pytest.raises(UsageError, match=reason):
        Policy(model, share_prompts=True)


def test_a_window_that_the_layers_do_not_name_is_not_shared(
    caplog: pytest.LogCaptureFixture,
) -> None:
    model = tiny("mistral", sliding_window=24)
    model.config.sliding_window = 25  # the mask is made from it; the layers say 24 or 25 by model
    model.model.layers[0].self_attn.forward = _windowless(model.model.layers[0].self_attn.forward)
    assert not Policy(model).share_prompts
    assert "2 layers with a sliding window, and 1 name theirs" in caplog.text


def _windowless(own: Any) -> Any:
    def forward(*args: Any, **kwargs: Any) -> Any:
        config = own.__self__.config
        own.__self__.config = copy.copy(config)
        own.__self__.config.sliding_window = None
        try:
            return own(*args, **kwargs)
        finally:
            own.__self__.config = config

    return forward
