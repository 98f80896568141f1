"""Problems whose prompts the model can take."""

from __future__ import annotations

from collections import Counter

from cppo_agents.models.lengths import obstacle_of
from rich.console import Console

from cppo_env.errors import UsageError
from cppo_env.problems.views import indexed
from cppo_env.protocols import ProblemSet
from cppo_grpo.rollouts.agent import PolicyAgent
from cppo_grpo.runs.folder import Run


def fitting(problems: ProblemSet, agent: PolicyAgent, run: Run, console: Console) -> ProblemSet:
    """The problems whose prompts are not too long; the set itself where none is.

    How many were left out, and why, is printed and stands in the log under the stage "dropped".

    Raises:
        UsageError: no problem is left, or `long_prompts` is "refuse" and some are too long.
    """
    kept, dropped = _sort(problems, agent, run.config.k)
    if not dropped:
        return problems
    said = _said(dropped, len(problems))
    if not kept or run.config.long_prompts == "refuse":
        raise UsageError(
            f"long_prompts={run.config.long_prompts}: {said}; raise max_prompt_tokens, lower "
            "max_tokens_solve, or take a model with a longer context"
        )
    row = {"stage": "dropped", "problems": len(problems), "reasons": dict(dropped)}
    if row not in run.log.rows("dropped"):
        run.log.append(row)
        console.print(f"left out {said}", highlight=False, soft_wrap=True)
    return indexed(problems).pick(kept)


def _said(dropped: Counter[str], count: int) -> str:
    return "; ".join(f"{number} of {count} problems: {why}" for why, number in dropped.items())


def _sort(problems: ProblemSet, agent: PolicyAgent, k: int) -> tuple[list[int], Counter[str]]:
    """The indices of those that fit, and how many do not, by reason."""
    kept: list[int] = []
    dropped: Counter[str] = Counter()
    lengths = agent.lengths
    for index in range(len(problems)):
        why = lengths and obstacle_of(
            problems[index],
            k,
            lengths,
            lambda messages: len(agent.chat.encode(messages)),
            agent.words,
        )
        if why:
            dropped[why] += 1
        else:
            kept.append(index)
    return kept, dropped
