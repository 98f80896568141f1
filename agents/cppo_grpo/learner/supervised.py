"""Supervised learning: the loss on target tokens only, through the policy of the RL stages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from cppo_agents.models.chat_format import ChatFormat

from cppo_env.prompts import Messages
from cppo_grpo.model.modes import evaluating
from cppo_grpo.model.policy import Policy


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A conversation and the answer to learn."""

    messages: Messages
    answer: str

    @property
    def conversation(self) -> Messages:
        """The messages with the answer as the last one."""
        return [*self.messages, {"role": "assistant", "content": self.answer}]


Encoded = tuple[tuple[int, ...], tuple[int, ...]]
"""The tokens of a prompt and of its answer."""


def encoded(shown: Demonstration, chat: ChatFormat) -> Encoded:
    """The tokens of a demonstration."""
    return chat.encode(shown.messages), chat.encode_answer(shown.answer)


def accumulate(
    policy: Policy, batch: Sequence[Encoded], tokens: int, micro_batch_tokens: int
) -> float:
    """Add the gradient of −Σ log p / `tokens` over target tokens; returns that loss.

    `tokens` is the count of the whole batch, of which another process may hold a part.
    """
    return _passes(policy, batch, tokens, micro_batch_tokens, learn=True)


def mean_loss(policy: Policy, batch: Sequence[Encoded], micro_batch_tokens: int) -> float:
    """Mean of −log p over target tokens, without a gradient."""
    tokens = sum(len(answer) for _, answer in batch)
    with evaluating(policy), torch.no_grad():
        return _passes(policy, batch, tokens, micro_batch_tokens, learn=False)


def _passes(
    policy: Policy, batch: Sequence[Encoded], tokens: int, micro_batch_tokens: int, *, learn: bool
) -> float:
    prompts, answers = [prompt for prompt, _ in batch], [answer for _, answer in batch]
    loss = 0.0
    for rows in policy.micro_batches(prompts, answers, micro_batch_tokens):
        logps = policy([prompts[i] for i in rows], [answers[i] for i in rows], 1.0)
        part: Any = -logps.sum() / tokens
        if learn:
            part.backward()
        loss += float(part.detach())
    return loss
