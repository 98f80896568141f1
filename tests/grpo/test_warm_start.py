"""The supervised steps: bounded memory, and the same result however they are split."""

import itertools

import pytest
import torch
from cppo_agents.models.chat_format import ChatFormat
from cppo_grpo.config import TrainConfig
from cppo_grpo.model.policy import Policy
from cppo_grpo.model.tiny import make_model, train_tokenizer
from cppo_grpo.parallel import Processes
from cppo_grpo.stages.warm_start import warm_start

from cppo_env import load_problems
from cppo_env.prompts import PLAIN, load_prompts


def learnt(micro_batch_tokens: int) -> tuple[list[float], list[int], list[torch.Tensor]]:
    """Losses, the tokens of each pass, and the weights after three steps."""
    problems = load_problems("samples", split="train")
    tokenizer = train_tokenizer([problems[i].statement for i in range(len(problems))], 600)
    model = make_model(tokenizer, hidden=32, layers=1)
    policy, passes = Policy(model), []
    policy.register_forward_pre_hook(
        lambda _, inputs: passes.append(sum(map(len, itertools.chain(*inputs[:2]))))
    )
    config = TrainConfig(
        env="CPPO-Samples-v0",
        warm_start_steps=3,
        warm_start_problems=2,
        warm_start_plans=3,
        micro_batch_tokens=micro_batch_tokens,
    )
    chat = ChatFormat(tokenizer, model.generation_config)
    rows = list(warm_start(policy, chat, problems, config, Processes(), load_prompts(PLAIN)))
    weights = [weight.detach() for weight in model.parameters()]
    return [row["loss"] for row in rows], passes, weights


def test_small_passes_learn_what_one_large_pass_does() -> None:
    whole_losses, whole_passes, whole_weights = learnt(1_000_000)
    losses, passes, weights = learnt(1500)
    assert len(whole_passes) == 3 < len(passes)
    assert max(passes) < max(whole_passes)
    assert losses == pytest.approx(whole_losses, rel=1e-4)
    for weight, whole in zip(weights, whole_weights, strict=True):
        torch.testing.assert_close(weight, whole, atol=1e-4, rtol=1e-3)
