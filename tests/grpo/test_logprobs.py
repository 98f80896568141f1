"""Log-probs and gradients equal the plain computation: one sequence, nothing shared."""

import copy

import pytest
import torch
from cppo_grpo.model.modes import checkpoint_activations
from cppo_grpo.model.policy import Policy, completion_mask
from cppo_grpo.model.tree_attention import PromptGroup, row_tokens, shared_prompts
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from transformers import (
    BloomConfig,
    BloomForCausalLM,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
)

from cppo_env.errors import UsageError
from tests.support.models import (
    assert_equals_plain,
    batch,
    random_ids,
    tiny_qwen3,
)

SMALL = {
    "vocab_size": 64,
    "hidden_size": 32,
    "intermediate_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "bos_token_id": None,
    "eos_token_id": None,
}

quiet_peft = pytest.mark.filterwarnings(
    "ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"
)
"""peft uses a name that transformers has renamed."""


@pytest.mark.parametrize("share", [True, False])
@pytest.mark.parametrize("tied", [True, False])
def test_log_probs_and_gradients_equal_the_plain_computation(share: bool, tied: bool) -> None:
    model = copy.deepcopy(tiny_qwen3(tied=tied))
    assert_equals_plain(model, Policy(model, share_prompts=share))


def test_llama_shares_prompts_too() -> None:
    model = LlamaForCausalLM(LlamaConfig(**SMALL | {"vocab_size": 512})).eval()
    policy = Policy(model)
    assert policy.share_prompts
    assert_equals_plain(model, policy)


def test_checkpointed_activations_are_recomputed_and_change_nothing() -> None:
    model = copy.deepcopy(tiny_qwen3())
    checkpoint_activations(model)
    model.train()
    policy = Policy(model)
    assert_equals_plain(model, policy)
    passes = []
    model.model.layers[0].mlp.register_forward_pre_hook(lambda *_: passes.append(1))
    policy([[1, 2, 3]], [[4, 5]], 1.0).sum().backward()
    assert len(passes) == 2


def test_older_architectures_share_prompts_too() -> None:
    sizes = {"vocab_size": 512, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = GPTNeoXConfig(
        **sizes, intermediate_size=64, max_position_embeddings=1024, initializer_range=0.1
    )
    policy = Policy(GPTNeoXForCausalLM(config).eval())
    assert policy.share_prompts
    assert_equals_plain(policy.model, policy)


def test_an_attention_that_lets_no_other_in_takes_plain_batches(
    caplog: pytest.LogCaptureFixture,
) -> None:
    model = BloomForCausalLM(
        BloomConfig(vocab_size=512, hidden_size=32, n_layer=2, n_head=2, initializer_range=0.1)
    )
    policy = Policy(model.eval())
    assert not policy.share_prompts
    assert "prompts are computed anew for each sequence" in caplog.text
    assert_equals_plain(model, policy)
    with pytest.raises(UsageError, match="lets no other attention in"):
        Policy(model, share_prompts=True)


def test_dropout_is_off_while_training() -> None:
    config = LlamaConfig(**SMALL | {"vocab_size": 512, "attention_dropout": 0.5})
    policy = Policy(LlamaForCausalLM(config)).train()
    assert_equals_plain(policy.model, policy)


@quiet_peft
def test_an_adapter_on_the_head_is_refused() -> None:
    peft = pytest.importorskip("peft")
    model = copy.deepcopy(tiny_qwen3(tied=False))
    with pytest.raises(UsageError, match="leave lm_head out"):
        Policy(peft.get_peft_model(model, peft.LoraConfig(target_modules=["q_proj", "lm_head"])))


@quiet_peft
def test_lora_gradients_equal_the_plain_computation() -> None:
    peft = pytest.importorskip("peft")
    torch.manual_seed(0)
    model = peft.get_peft_model(
        copy.deepcopy(tiny_qwen3()),
        peft.LoraConfig(target_modules="all-linear", init_lora_weights=False, lora_dropout=0.0),
    )
    trainable = [name for name, p in model.named_parameters() if p.requires_grad]
    assert trainable and all("lora" in name for name in trainable)
    assert_equals_plain(model, Policy(model))


def test_a_normal_call_of_the_model_is_unchanged() -> None:
    model = copy.deepcopy(tiny_qwen3())
    ids = torch.tensor(random_ids(30, 30))
    mask = torch.ones_like(ids)
    mask[0, :7] = 0
    before = model(ids, attention_mask=mask).logits
    Policy(model)
    torch.testing.assert_close(model(ids, attention_mask=mask).logits, before, atol=0, rtol=0)


def test_bf16_autocast_stays_close_and_keeps_float32_gradients() -> None:
    model = copy.deepcopy(tiny_qwen3())
    policy = Policy(model)
    prompts, completions = batch()
    exact = policy(prompts, completions, 0.7)
    exact.sum().backward()
    expected = [p.grad.clone() for p in model.parameters()]
    model.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logps = policy(prompts, completions, 0.7)
        assert logps.dtype is torch.float32
    logps.sum().backward()
    assert (
        1e-5 < (logps - exact).abs().max() < 0.2
    )  # bf16 has 8 bits: it must show, and must stay small
    for p, wanted in zip(model.parameters(), expected, strict=True):
        assert p.grad.dtype is torch.float32
        assert nn.functional.cosine_similarity(p.grad.flatten(), wanted.flatten(), dim=0) > 0.99


def test_groups_share_what_is_common() -> None:
    prompts, _ = batch()
    groups = shared_prompts(prompts)
    assert sorted(i for group in groups for i in group.members) == list(range(len(prompts)))
    by_size = {len(group.members): group.shared for group in groups}
    assert by_size == {7: 38, 1: 0}
    assert shared_prompts([[1, 2, 3]] * 2) == [
        PromptGroup((0, 1), 2)
    ]  # the last prompt token begins every branch
    assert shared_prompts([[1, 2, 3, 4, 5], [1, 6, 7, 8, 9]]) == [
        PromptGroup((0,), 0),
        PromptGroup((1,), 0),
    ]


@given(max_tokens=st.integers(1, 400), share=st.booleans())
def test_micro_batches_cover_the_batch_and_keep_the_budget(max_tokens: int, share: bool) -> None:
    prompts, completions = batch()
    policy = Policy(tiny_qwen3(), share_prompts=share)
    batches = policy.micro_batches(prompts, completions, max_tokens)
    assert sorted(i for rows in batches for i in rows) == list(range(len(prompts)))
    for rows in batches:
        ps, cs = [prompts[i] for i in rows], [completions[i] for i in rows]
        if share:
            tokens = sum(row_tokens(group, ps, cs) for group in shared_prompts(ps))
        else:
            tokens = len(rows) * max(len(p) + len(c) - 1 for p, c in zip(ps, cs, strict=True))
        assert tokens <= max_tokens or len(rows) == 1


def test_the_mask_is_the_layout_of_the_log_probs() -> None:
    prompts, completions = batch()
    with torch.no_grad():
        logps = Policy(tiny_qwen3())(prompts, completions, 1.0)
    mask = completion_mask(completions)
    assert mask.sum(-1).tolist() == [len(c) for c in completions]
    assert (logps[mask] < 0).all() and not logps[~mask].any()
