"""Tiny models for the tests of the learner."""

from functools import cache
from typing import Any

import torch
from cppo_grpo.model.policy import Policy
from torch import Tensor
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    PreTrainedModel,
    Qwen3_5ForCausalLM,
    Qwen3_5TextConfig,
    Qwen3Config,
    Qwen3ForCausalLM,
)

VOCABULARY = 512

SIZES: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 256,
    # Gemma 4's own.
    "vocab_size_per_layer_input": VOCABULARY,
    "hidden_size_per_layer_input": 8,
    "global_head_dim": 16,
    "bos_token_id": None,
    "eos_token_id": None,
    "pad_token_id": None,
    # Large enough that log-probs differ visibly from token to token.
    "initializer_range": 0.15,
}


def tiny(name: str, **settings: Any) -> PreTrainedModel:
    """A random model of an architecture, by its name in transformers."""
    config = AutoConfig.for_model(name, **SIZES | settings)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return AutoModelForCausalLM.from_config(config).eval()


@cache
def tiny_qwen3(
    *, tied: bool = True, layers: int = 2, kv_heads: int = 2, seed: int = 0
) -> Qwen3ForCausalLM:
    """A random Qwen3 of 0.3 M parameters. Shared: copy it before training it."""
    config = Qwen3Config(
        vocab_size=VOCABULARY,
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=kv_heads,
        head_dim=32,
        max_position_embeddings=1024,
        tie_word_embeddings=tied,
        bos_token_id=None,
        eos_token_id=None,
        initializer_range=0.1,  # large enough that log-probs differ visibly from token to token
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Qwen3ForCausalLM(config).eval()


def random_ids(*lengths: int, seed: int = 0) -> list[list[int]]:
    """Random token ids of the given lengths."""
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.randint(0, VOCABULARY, (length,), generator=generator).tolist() for length in lengths
    ]


def plain_log_probs(
    model: PreTrainedModel, prompt: list[int], completion: list[int], temperature: float
) -> Tensor:
    """The obvious computation: one sequence, all logits, no cache."""
    logits = model(torch.tensor([prompt + completion]), use_cache=False).logits[
        0, len(prompt) - 1 : -1
    ]
    return (
        (logits / temperature).log_softmax(-1).gather(-1, torch.tensor(completion)[:, None])[:, 0]
    )


def batch() -> tuple[list[list[int]], list[list[int]]]:
    """Plans that share a prompt, programs that share most of one, unrelated sequences."""
    problem, method, ask = random_ids(40, 12, 5, seed=1)
    other = [problem[:38] + random_ids(n, seed=n)[0] + ask for n in (7, 12, 9)]
    prompts = [problem + ask] * 3 + other + [method, [3]] + [problem + ask]
    completions = random_ids(9, 1, 17, 5, 8, 30, 4, 6, 2, seed=2)
    order = torch.randperm(len(prompts), generator=torch.Generator().manual_seed(3)).tolist()
    return [prompts[i] for i in order], [completions[i] for i in order]


def assert_equals_plain(model: PreTrainedModel, policy: Policy, temperature: float = 0.7) -> None:
    prompts, completions = batch()
    weights = torch.randn(len(prompts), 30, generator=torch.Generator().manual_seed(4))

    model.zero_grad()
    expected = torch.zeros(len(prompts), 30)
    for i, (prompt, completion) in enumerate(zip(prompts, completions, strict=True)):
        logps = plain_log_probs(model, prompt, completion, temperature)
        (weights[i, : len(completion)] * logps).sum().backward()
        expected[i, : len(completion)] = logps.detach()
    expected_grads = [p.grad for p in model.parameters() if p.grad is not None]

    model.zero_grad()
    got = torch.zeros_like(expected)
    for rows in policy.micro_batches(prompts, completions, 150):
        logps = policy([prompts[i] for i in rows], [completions[i] for i in rows], temperature)
        (weights[rows, : logps.shape[1]] * logps).sum().backward()
        got[rows, : logps.shape[1]] = logps.detach()
    torch.testing.assert_close(got, expected, atol=1e-5, rtol=0)
    grads = [p.grad for p in model.parameters() if p.grad is not None]
    scale = max(float(g.abs().max()) for g in expected_grads)
    for grad, wanted in zip(grads, expected_grads, strict=True):
        torch.testing.assert_close(grad, wanted, atol=1e-5 * scale, rtol=1e-5)


@cache
def tiny_hybrid() -> Qwen3_5ForCausalLM:
    """A randomly initialised Qwen3.5: one layer of linear attention, one of full attention."""
    config = Qwen3_5TextConfig(
        vocab_size=VOCABULARY,
        hidden_size=64,
        intermediate_size=64,
        num_hidden_layers=2,
        layer_types=["linear_attention", "full_attention"],
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=32,
        linear_num_key_heads=2,
        linear_num_value_heads=2,
        linear_key_head_dim=16,
        linear_value_head_dim=16,
        bos_token_id=None,
        eos_token_id=None,
        initializer_range=0.1,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Qwen3_5ForCausalLM(config).eval()
