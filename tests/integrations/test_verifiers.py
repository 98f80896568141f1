"""Two-step episodes in `verifiers`: its own harness and server talk to a real endpoint."""

import asyncio
import shutil

import pytest

import cppo_env
from cppo_env.parsing import write_plan
from tests.support.chat_server import Reply, chat_server, prompt_of

vf = pytest.importorskip("verifiers.v1", reason="needs verifiers 0.4 (docs/other-learners.md)")
if shutil.which("uv") is None:
    pytest.skip("the null harness of verifiers needs uv", allow_module_level=True)

PROBLEMS = cppo_env.load_problems("strategies").take(1)
METHODS = ("add them up", "take the largest", "take the smallest", "sort them")
RIGHT, WRONG = PROBLEMS[0].references[0], PROBLEMS[0].wrong[0]


def episode_of(answer, **settings):
    """The first problem's episode, where `answer` writes every reply."""
    config = environment_config(settings)

    async def play(url):
        env = vf.load_environment(config)
        task = next(iter(env.taskset))
        client = vf.EvalClientConfig(base_url=url, api_key_var="NO_KEY")
        async with env.serving():
            return task, await env.run_episode(task, vf.ModelContext("scripted", client))

    with chat_server(answer) as server:
        return asyncio.run(play(server.url))


def environment_config(settings):
    from cppo_verifiers import CPPOEnvConfig

    taskset = {"id": "cppo_verifiers", "env": "CPPO-Strategies-v0"}
    return CPPOEnvConfig.model_validate({"taskset": taskset, "sandbox": "local"} | settings)


def solver(request):
    """One method's program is right."""
    prompt = prompt_of(request)
    if "Method to use" not in prompt:
        return Reply(write_plan(METHODS))
    return Reply(f"```python\n{RIGHT if 'take the largest' in prompt else WRONG}\n```")


def test_a_plan_and_its_solutions_earn_their_rewards():
    task, episode = episode_of(solver, max_concurrent_agents=4)
    assert episode.ok, episode.errors
    [planner], solvers = episode.by_agent["planner"], episode.by_agent["solver"]
    assert planner.reward == 1.0 and planner.metrics["validity"] == 1.0
    earned = {trace.task.data.prompt_text: trace.reward for trace in solvers}
    assert len(earned) == 4
    assert [reward for text, reward in earned.items() if "take the largest" in text] == [1.0]
    assert sum(earned.values()) == 1.0
    assert task.key == PROBLEMS[0].id
    assert PROBLEMS[0].tests[-1].output not in task.data.model_dump_json()


def test_an_unreadable_plan_earns_nothing_and_asks_for_no_program():
    _, episode = episode_of(lambda request: Reply("no plan"))
    assert episode.ok, episode.errors
    assert [trace.agent.name for trace in episode.traces] == ["planner"]
    assert episode.traces[0].reward == 0.0


def test_a_failed_run_fails_the_episode():
    def down(request):
        return solver(request) if "Method" not in prompt_of(request) else Reply(status=400)

    _, episode = episode_of(down)
    assert not episode.ok
    assert PROBLEMS[0].id in episode.errors[0].message
