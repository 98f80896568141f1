"""What a planner's plans are worth: parse rate, and the share that a judge accepts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any

from cppo_agents.models.chat_format import ChatFormat
from cppo_agents.models.check import context_of
from cppo_agents.models.lengths import Lengths

from cppo_env.errors import UsageError
from cppo_env.intervals import wilson
from cppo_env.prompts import Prompts, observe
from cppo_env.protocols import Judge
from cppo_env.roles import rule
from cppo_env.types import Problem
from cppo_grpo.rollouts.agent import PolicyAgent, Regions
from cppo_grpo.samplers import SamplingParams
from cppo_grpo.samplers.transformers import TransformersSampler


@dataclass(frozen=True, slots=True)
class PlanSettings:
    """How plans are sampled for this."""

    k: int
    count: int
    temperature: float
    max_tokens: int
    seed: int
    words: Prompts


def plan_quality(
    model: Any,
    chat: ChatFormat,
    problems: Sequence[Problem],
    judge: Judge,
    settings: PlanSettings,
) -> dict[str, Any]:
    """Sample plans on the problems in turn, and read and judge them.

    Returns:
        `plans`, `parse_rate` and `acceptance` (of all plans, an unreadable one is refused) with
        their 95 % intervals, `unreadable` and `refused` by reason, and `void`, the plans on which
        the judge failed; these count for `parse_rate` only.

    Raises:
        UsageError: there is no problem to sample on.
    """
    if not problems:
        raise UsageError("sampled_plans: there is no held-out problem; raise held_out, or give 0")
    asked = list(islice(cycle(problems), settings.count))
    params = SamplingParams(settings.max_tokens, chat.end_ids, settings.temperature)
    lengths = Lengths(settings.max_tokens, 0, context_of(model.config))
    agent = PolicyAgent(
        chat,
        TransformersSampler(model),
        Regions(params, params),
        lengths=lengths,
        words=settings.words,
    )
    samples, methods = agent.plan([observe(one) for one in asked], settings.k, settings.seed)
    cases = [(one, plan) for one, plan in zip(asked, methods, strict=True) if plan]
    rulings = rule(judge, cases)
    void = sum(ruling.void for ruling in rulings)
    accepted = sum(ruling.accepted for ruling in rulings)
    said: Counter[str] = Counter(ruling.reason for ruling in rulings if not ruling.accepted)
    unread: Counter[str] = Counter(
        reply.unreadable(settings.k)
        for reply, plan in zip(samples.replies, methods, strict=True)
        if not plan
    )
    judged = len(asked) - void
    return {
        "plans": len(asked),
        "parse_rate": len(cases) / len(asked),
        "parse_rate_ci95": _ends(len(cases), len(asked)),
        "acceptance": accepted / judged if judged else None,
        "acceptance_ci95": _ends(accepted, judged) if judged else None,
        "void": void,
        "unreadable": dict(unread.most_common()),
        "refused": dict(said.most_common(10)),
    }


def _ends(right: int, count: int) -> list[float]:
    interval = wilson(right / count, count)
    return [interval.low, interval.high]
