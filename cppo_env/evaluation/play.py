"""Play a batch of episodes with an agent."""

from __future__ import annotations

from collections.abc import Sequence

from cppo_env.driver import Task, Written, drive
from cppo_env.errors import AgentError
from cppo_env.protocols import (
    Agent,
    CountsTokens,
    DrawsByEpisode,
    EpisodeKey,
    MayPlan,
    ShowsReplies,
)
from cppo_env.records import EpisodeRecord
from cppo_env.types import Observation
from cppo_env.vector import CPPOVectorEnv


def play(env: CPPOVectorEnv, agent: Agent, tasks: Sequence[Task]) -> list[EpisodeRecord]:
    """One record for each task, in order; see `cppo_env.driver.drive`."""

    def ask(places: Sequence[int], observations: Sequence[Observation]) -> list[Written]:
        problems = env.assembly.problems
        keys = [(problems[tasks[n].index].id, tasks[n].episode) for n in places]
        return _ask(agent, keys, observations)

    return drive(env, tasks, ask, ask).records


def _ask(
    agent: Agent, keys: Sequence[EpisodeKey], observations: Sequence[Observation]
) -> list[Written]:
    """The agent's texts, or the failure of each episode without an answer."""
    fault = ""
    try:
        actions: Sequence[tuple[str, ...] | None] = (
            agent.act_in(keys, observations)
            if isinstance(agent, DrawsByEpisode)
            else agent.act(observations)
        )
    except AgentError as error:
        actions, fault = error.actions, str(error)
    tokens = agent.tokens if isinstance(agent, CountsTokens) else [0] * len(actions)
    replies = agent.replies if isinstance(agent, ShowsReplies) else [()] * len(actions)
    is_plan = agent.writes_plans if isinstance(agent, MayPlan) else True
    return [
        Written(fault=fault, tokens=count, replies=said, is_plan=is_plan)
        if action is None
        else Written(action, count, said, is_plan=is_plan)
        for action, count, said in zip(actions, tokens, replies, strict=True)
    ]
