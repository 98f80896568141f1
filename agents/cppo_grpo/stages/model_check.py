"""What the learner and its sampler make of a model: tried, since no list could be complete."""

from __future__ import annotations

from typing import Any

import torch
from cppo_agents.models.check import Row

from cppo_env.errors import UsageError
from cppo_grpo.model.own_log_probs import gap, own_log_probs
from cppo_grpo.model.policy import Policy
from cppo_grpo.samplers import Sampler, SamplingParams
from cppo_grpo.samplers.transformers import TransformersSampler

PROMPTS = ((5, 6, 7, 8, 9, 10, 11), (5, 6), (7, 8, 9))
"""Of unequal length, so that padding shows."""

DRAWN = SamplingParams(max_tokens=4, end_ids=(), temperature=1.0)


def learner_rows(model: Any) -> list[Row]:
    """Which path of `Policy` serves the model, and its final function."""
    try:
        policy = Policy(model)
    except UsageError as error:
        return [Row("learner", str(error), "refused")]
    why = policy.unshared
    final = policy.final
    bends = [f"scaled by {final.scale:g}"] if final.scale != 1 else []
    bends += [f"soft-capped at {final.cap:g}"] if final.cap != float("inf") else []
    return [
        Row("prompts shared", "computed once")
        if why is None
        else Row("prompts shared", f"no, each anew: {why}", "note"),
        Row("logits", ", ".join(bends) or "as the head gives them"),
    ]


def sampler_rows(sampler: Sampler) -> list[Row]:
    """Whether the sampler in this process draws with the model's own log-probs."""
    if not isinstance(sampler, TransformersSampler):
        return []
    model = sampler.model
    try:
        drawn = sampler.sample(PROMPTS, DRAWN)
        own = [
            own_log_probs(model, prompt, one.token_ids)
            for prompt, one in zip(PROMPTS, drawn, strict=True)
        ]
    except (LookupError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        value = f"cannot draw from this model ({' '.join(str(error).split())}); use --sampler vllm"
        return [Row("sampler", value, "refused")]
    sampled = torch.tensor([logp for one in drawn for logp in one.log_probs])
    if (found := gap(model, sampled, torch.cat(own))) is not None:
        value = f"log-probs in padded batches differ by {found:.2g}; use --sampler vllm"
        return [Row("sampler", value, "refused")]
    return [Row("sampler", "draws with the model's own log-probs")]
