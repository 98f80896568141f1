"""Play a batch of episodes with an agent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cppo_env.driver import Player, Task, Written, drive
from cppo_env.engine import check_action
from cppo_env.errors import ActionError, AgentError, RoleError
from cppo_env.protocols import (
    Agent,
    CountsTokens,
    DrawsByEpisode,
    EpisodeKey,
    MayPlan,
    ShowsReplies,
)
from cppo_env.records import EpisodeRecord
from cppo_env.roles import blamed, one_for_each
from cppo_env.types import Observation
from cppo_env.vector import CPPOVectorEnv


def play(env: CPPOVectorEnv, agent: Agent, tasks: Sequence[Task]) -> list[EpisodeRecord]:
    """One record for each task, in order; see `cppo_env.driver.drive`."""
    player = player_of(agent, env, tasks)
    return drive(env, tasks, player, player).records


def player_of(agent: Agent, env: CPPOVectorEnv, tasks: Sequence[Task]) -> Player:
    """The agent as the driver calls it; an `AgentError` is the fault of its episodes."""

    def ask(places: Sequence[int], observations: Sequence[Observation]) -> list[Written]:
        problems = env.assembly.problems
        keys = [(problems[tasks[n].index].id, tasks[n].episode) for n in places]
        return _ask(agent, keys, observations, env.assembly.engine.k)

    return ask


def _ask(
    agent: Agent, keys: Sequence[EpisodeKey], observations: Sequence[Observation], k: int
) -> list[Written]:
    """The agent's texts, or the failure of each episode without an answer."""
    fault = ""
    method = "act_in" if isinstance(agent, DrawsByEpisode) else "act"
    actions: Sequence[tuple[str, ...] | None]
    try:
        with blamed("agent", agent, method):
            given = (
                agent.act_in(keys, observations)
                if isinstance(agent, DrawsByEpisode)
                else agent.act(observations)
            )
        answers: list[Sequence[Any]] = one_for_each(
            "agent", agent, method, given, len(observations), Sequence, "observations"
        )
        try:
            actions = [check_action(action, k) if len(action) else () for action in answers]
        except ActionError as error:
            raise RoleError(f"agent {type(agent).__name__}.{method}(): {error}") from error
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
