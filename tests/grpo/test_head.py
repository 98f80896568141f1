"""The head in tiles: the model's own final function, exact gradients, bounded memory."""

import math
from typing import Any

import pytest
import torch
from cppo_grpo.model.chunked_head import TILE_LOGITS, chosen_log_probs
from cppo_grpo.model.final_function import FinalFunction, measure
from cppo_grpo.model.policy import Policy
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import AutoConfig, AutoModelForCausalLM

from cppo_env.errors import UsageError
from tests.support.models import VOCABULARY, assert_equals_plain, tiny

FINAL = {
    "gemma2": ({"final_logit_softcapping": 0.5}, FinalFunction(1.0, 0.5)),
    "gemma4_text": ({"final_logit_softcapping": 0.5}, FinalFunction(1.0, 0.5)),
    "granite": ({"logits_scaling": 8.0}, FinalFunction(1 / 8)),
    "cohere": ({"logit_scale": 0.0625}, FinalFunction(0.0625)),
    "llama": ({}, FinalFunction()),
}


@pytest.mark.parametrize("name", FINAL)
def test_the_final_function_is_the_models_own(name: str) -> None:
    settings, expected = FINAL[name]
    model = tiny(name, **settings)
    policy = Policy(model)
    assert policy.final.scale == pytest.approx(expected.scale, rel=1e-6)
    assert policy.final.cap == pytest.approx(expected.cap, rel=1e-6)
    assert_equals_plain(model, policy)


def test_a_bias_of_the_head_learns_too() -> None:
    config = AutoConfig.for_model(
        "codegen", vocab_size=VOCABULARY, n_embd=32, n_layer=2, n_head=4, rotary_dim=4,
        n_positions=256, bos_token_id=None, eos_token_id=None, initializer_range=0.3,
    )  # fmt: skip
    model = AutoModelForCausalLM.from_config(config).eval()
    head: Any = model.get_output_embeddings()
    nn.init.normal_(head.bias)
    assert_equals_plain(model, Policy(model))
    assert head.bias.grad.abs().max() > 0


def test_a_final_function_of_another_kind_is_refused() -> None:
    model = tiny("llama")
    own = model.forward
    model.forward = lambda *args, **kwargs: squared(own(*args, **kwargs))
    assert measure(model) is None
    with pytest.raises(UsageError, match="expected a scale or a soft cap"):
        Policy(model)


def squared(output: Any) -> Any:
    output.logits = output.logits**2
    return output


class Sizes(TorchDispatchMode):
    """The largest tensor that any operation makes."""

    largest = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        if isinstance(result, Tensor):
            self.largest = max(self.largest, result.numel())
        return result


@pytest.mark.parametrize("cap", [math.inf, 30.0])
@pytest.mark.parametrize(("tokens", "vocabulary"), [(4096, 2048), (300, 262_144)])
def test_logits_are_never_there_at_once(tokens: int, vocabulary: int, cap: float) -> None:
    hidden = torch.randn(tokens, 4, requires_grad=True)
    weight = torch.randn(vocabulary, 4, requires_grad=True)
    chosen = torch.zeros(tokens, dtype=torch.long)
    with Sizes() as sizes:
        chosen_log_probs(
            hidden, weight, chosen, 1.0, None, FinalFunction(1.0, cap)
        ).sum().backward()
    assert sizes.largest <= max(TILE_LOGITS, weight.numel())


@pytest.mark.parametrize("final", [FinalFunction(), FinalFunction(0.25), FinalFunction(2.0, 1.5)])
@pytest.mark.parametrize("biased", [True, False])
@pytest.mark.parametrize("vocabulary", [7, 6000])
def test_gradients_of_the_head_are_those_of_autograd(
    final: FinalFunction, biased: bool, vocabulary: int
) -> None:
    generator = torch.Generator().manual_seed(0)
    hidden = torch.randn(5, 4, generator=generator, requires_grad=True)
    weight = torch.randn(vocabulary, 4, generator=generator, requires_grad=True)
    bias = torch.randn(vocabulary, generator=generator, requires_grad=True) if biased else None
    chosen = torch.randint(0, vocabulary, (5,), generator=generator)
    chosen[0] = vocabulary - 1
    inputs = [hidden, weight, *([bias] if bias is not None else [])]
    logits = final(hidden @ weight.T + (0.0 if bias is None else bias)) / 0.6
    expected = logits.log_softmax(-1).gather(-1, chosen[:, None])[:, 0]
    got = chosen_log_probs(hidden, weight, chosen, 0.6, bias, final)
    torch.testing.assert_close(got, expected)
    upstream = torch.randn(5, generator=generator)
    for left, right in zip(
        torch.autograd.grad(got, inputs, upstream),
        torch.autograd.grad(expected, inputs, upstream),
        strict=True,
    ):
        torch.testing.assert_close(left, right, atol=1e-6, rtol=1e-5)
