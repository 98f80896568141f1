"""Problems whose prompts the model can take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from cppo_agents.models.lengths import obstacle_of
from rich.console import Console

from cppo_env.errors import UsageError
from cppo_env.problems.views import indexed
from cppo_env.protocols import ProblemSet, Sandbox
from cppo_env.vector import CPPOVectorEnv
from cppo_grpo.config import ProblemSource, TrainConfig
from cppo_grpo.rollouts.agent import PolicyAgent
from cppo_grpo.runs.folder import Run
from cppo_grpo.stages.session import environment


def fitting(problems: ProblemSet, agent: PolicyAgent, config: TrainConfig) -> ProblemSet:
    """The problems whose prompts are not too long; the set itself where none is."""
    kept, dropped = _sort(problems, agent, config)
    if not kept or (dropped and config.long_prompts == "refuse"):
        raise UsageError(
            f"long_prompts={config.long_prompts}: {_said(dropped, len(problems))}; raise "
            "max_prompt_tokens, lower max_tokens_solve, or take a model with a longer context"
        )
    return indexed(problems).pick(kept) if dropped else problems


@contextmanager
def fitting_environment(
    env: CPPOVectorEnv,
    source: ProblemSource,
    agent: PolicyAgent,
    run: Run,
    sandbox: Sandbox,
    console: Console,
    *,
    end_on_refusal: bool | None = None,
) -> Iterator[CPPOVectorEnv]:
    """The environment, or one like it without the problems whose prompts are too long.

    How many were left out, and why, is printed and stands in the log under the stage "dropped".

    Raises:
        UsageError: no problem is left, or `long_prompts` is "refuse" and some are too long.
    """
    problems = env.assembly.problems
    kept = fitting(problems, agent, run.config)
    if kept is problems:
        yield env
        return
    _, dropped = _sort(problems, agent, run.config)
    row = {"stage": "dropped", "problems": len(problems), "reasons": dict(dropped)}
    if row not in run.log.rows("dropped"):
        run.log.append(row)
        console.print(f"left out {_said(dropped, len(problems))}", highlight=False, soft_wrap=True)
    shorter = replace(source, problems=kept, split=None, filters={})
    with environment(
        run.config, sandbox, shorter, env.num_envs, end_on_refusal=end_on_refusal
    ) as other:
        yield other


def _said(dropped: Counter[str], count: int) -> str:
    return "; ".join(f"{number} of {count} problems: {why}" for why, number in dropped.items())


def _sort(
    problems: ProblemSet, agent: PolicyAgent, config: TrainConfig
) -> tuple[list[int], Counter[str]]:
    """The indices of those that fit, and how many do not, by reason."""
    kept: list[int] = []
    dropped: Counter[str] = Counter()
    lengths = agent.lengths
    for index in range(len(problems)):
        why = lengths and obstacle_of(
            problems[index], config.k, lengths, lambda messages: len(agent.chat.encode(messages))
        )
        if why:
            dropped[why] += 1
        else:
            kept.append(index)
    return kept, dropped
