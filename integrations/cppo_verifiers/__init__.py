"""Two-step episodes as a `verifiers` v1 environment and task set, for `vf-eval` and prime-rl.

A task is a problem: its id and the PLAN prompt, never its tests. The `planner` writes K methods in
one run, the `solver` writes one program in each of K runs. The planner's trace earns the
environment's reward (J · R_out by default), each solver's trace earns V of its program. A failed
run and an infrastructure failure fail the episode (our void), which `verifiers` can retry.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import gymnasium as gym
import verifiers.v1 as vf  # pyright: ignore[reportMissingImports] - it needs an older openai
from pydantic import Field
from verifiers.v1.runtimes import SubprocessConfig  # pyright: ignore[reportMissingImports]

import cppo_env
from cppo_env import parsing, prompts
from cppo_env.assembly import Assembly
from cppo_env.engine import Transition, facts
from cppo_env.sources import ProblemSource
from cppo_env.types import Episode


class CPPOTasksetConfig(vf.TasksetConfig):
    """Which problems are played."""

    env: str = "CPPO-Samples-v0"
    """Gymnasium id."""
    problems: str | None = None
    """Path or name of a problem set, instead of the id's own."""
    split: str | None = None
    k: int = 4
    """Methods of a plan, and programs of an episode."""

    @property
    def source(self) -> ProblemSource:
        """Where the problems come from."""
        return ProblemSource(self.env, self.problems, self.split)

    def assemble(self, **arguments: Any) -> Assembly:
        """The problems and the engine that `gym.make` puts together."""
        env = gym.make(self.env, k=self.k, **self.source.arguments, **arguments).unwrapped
        assert isinstance(env, cppo_env.CPPOEnv)
        return env.assembly


class CPPOTask(vf.Task[vf.TaskData]):
    """A problem, known by its id."""

    @property
    def key(self) -> str:
        """The problem's id, whatever its position."""
        return str(self.data.id)


class CPPOTaskset(vf.Taskset[CPPOTask, CPPOTasksetConfig]):
    """One task for each problem of a set."""

    def load(self) -> Iterator[CPPOTask]:
        """The tasks in the order of the set."""
        problems = self.config.source.load()
        for index in range(len(problems)):
            problem = problems[index]
            messages = prompts.plan_messages(prompts.observe(problem), self.config.k)
            yield CPPOTask(vf.TaskData(id=problem.id, **_seed(messages)), self.config.task)


_AGENT = vf.AgentConfig(harness={"id": "null"}, runtime=SubprocessConfig())
"""A chat without tools, run here: the programs that it writes run in our sandbox only."""


class CPPOEnvConfig(vf.EnvConfig):
    """Who plans and who solves, and how an episode is judged."""

    taskset: CPPOTasksetConfig = CPPOTasksetConfig(id="cppo_verifiers")
    planner: vf.AgentConfig = _AGENT
    solver: vf.AgentConfig = _AGENT
    judge: str = "format"
    judge_options: dict[str, Any] = Field(default_factory=dict[str, Any])
    reward: str = "gated"
    sandbox: str = "auto"


class CPPOVerifiersEnv(vf.Env[CPPOEnvConfig]):
    """One episode: a plan of K methods, then a program for each."""

    async def start(self) -> None:
        """Open the sandbox, which all episodes share."""
        judged = ("judge", "judge_options", "reward", "sandbox")
        arguments = {name: getattr(self.config, name) for name in judged}
        self._assembly = await asyncio.to_thread(self.config.taskset.assemble, **arguments)
        self._one_at_a_time = asyncio.Lock()

    async def stop(self) -> None:
        """Close the sandbox, if it was opened."""
        if hasattr(self, "_assembly"):
            await asyncio.to_thread(self._assembly.close)

    async def run(self, task: vf.Task, agents: vf.Agents) -> None:
        """Plan, solve, judge, and pay the traces."""
        problem = self._assembly.problems[self._assembly.find(str(task.data.id))]
        k = self._assembly.engine.k
        planner = _finished(await agents.planner.run(task))
        methods = parsing.read_plan(_whole(planner), k)
        ruled = await self._advance(Episode(problem), methods or ("",) * k)
        solvers: list[vf.Trace] = []
        if methods:
            observation = self._assembly.engine.observe(ruled.episode)
            asked = [prompts.solve_messages(observation, method) for method in methods]
            runs = [agents.solver.run(task.with_data(**_seed(messages))) for messages in asked]
            solvers = [_finished(trace) for trace in await asyncio.gather(*runs)]
        solutions = tuple(_whole(solver) for solver in solvers) or ("",) * k
        judged = await self._advance(ruled.episode, solutions)
        told = facts(judged)
        planner.record_reward("planner", judged.reward)
        planner.record_metrics({"validity": told["validity"], "r_out": told["r_out"]})
        for solver, correct in zip(solvers, told["solver_rewards"], strict=False):
            solver.record_reward("solver", float(correct))

    async def _advance(self, episode: Episode, action: tuple[str, ...]) -> Transition:
        """Take a step; judges and sandboxes are called by one thread at a time."""
        async with self._one_at_a_time:
            engine = self._assembly.engine
            [transition] = await asyncio.to_thread(engine.advance, [episode], [action])
        if transition.truncated:
            raise vf.EnvError(f"{episode.problem.id}: an infrastructure failure voids it")
        return transition


def _seed(messages: Any) -> dict[str, str]:
    """The prompt as task data has it."""
    system, user = messages
    return {"system_prompt": system["content"], "prompt": user["content"]}


def _finished(trace: vf.Trace) -> vf.Trace:
    """The trace, unless its run failed."""
    if not trace.ok:
        error = trace.last_error
        why = "unknown" if error is None else error.message
        raise vf.EnvError(f"{trace.task.data.id}: a run failed: {why}")
    return trace


def _whole(trace: vf.Trace) -> str:
    """The answer; one that was cut at the token limit is none."""
    return "" if trace.is_truncated else trace.last_reply


__all__ = ["CPPOEnvConfig", "CPPOTask", "CPPOTaskset", "CPPOTasksetConfig", "CPPOVerifiersEnv"]
