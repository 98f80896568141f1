"""The chat agent against a real HTTP server."""

import re
import threading
from pathlib import Path

import pytest
from cppo_agents import ChatAgent

from cppo_env import Observation
from cppo_env.commands.evaluate import EvalConfig, evaluate
from cppo_env.errors import AgentError, UnknownNameError, UsageError
from cppo_env.prompts import load_prompts
from cppo_env.testing import FakeSandbox
from tests.support.chat_server import Reply, chat_server, prompt_of

PLAN = "A: Sort the list.\nB: Count with a table.\nC: Use a heap.\nD: Try all pairs."
METHODS = ("Sort the list.", "Count with a table.", "Use a heap.", "Try all pairs.")


def observation(
    phase: int, methods: tuple[str, ...] = ("",) * 4, problem: str = "Add two numbers."
) -> Observation:
    return Observation(phase=phase, problem=problem, starter_code="", methods=methods)


def program_for(request: dict) -> Reply:
    """A solution that quotes the method it was given."""
    method = re.search("Method to use: (.*)", prompt_of(request))
    return Reply(f"```python\nprint({method[1] if method else None!r})\n```")


def test_tuple_asks_once_for_k_methods_and_once_for_each_solution():
    def reply(request):
        return program_for(request) if "Method to use" in prompt_of(request) else Reply(PLAN)

    with chat_server(reply) as server:
        agent = ChatAgent("some-model", base_url=server.url)
        [methods] = agent.act([observation(0)])
        assert methods == METHODS
        assert agent.tokens == [5]
        [solutions] = agent.act([observation(1, methods)])
        assert agent.tokens == [20]
    assert solutions == tuple(f"```python\nprint({method!r})\n```" for method in METHODS)
    assert len(server.requests) == 5
    plan, *solves = server.requests
    assert plan["path"] == "/v1/chat/completions"
    assert plan["model"] == "some-model"
    assert (plan["temperature"], plan["max_tokens"]) == (0.9, 512)
    assert all((solve["temperature"], solve["max_tokens"]) == (0.7, 2048) for solve in solves)
    assert all("seed" not in request for request in server.requests)


def test_the_solver_never_sees_its_siblings_methods():
    with chat_server(program_for) as server:
        ChatAgent("m", base_url=server.url).act([observation(1, METHODS)])
    for request in server.requests:
        assert sum(method in prompt_of(request) for method in METHODS) == 1


@pytest.mark.parametrize(
    "reply",
    [
        Reply("Sure! Here are some ideas."),
        Reply("A: one\nB: two\nC: three"),
        Reply(PLAN, finish_reason="length"),
        Reply(None),
    ],
    ids=["prose", "three of four", "truncated", "no content"],
)
def test_an_unusable_plan_spends_k_attempts_on_empty_texts(reply):
    with chat_server(lambda request: reply) as server:
        agent = ChatAgent("m", base_url=server.url)
        [methods] = agent.act([observation(0)])
        assert methods == ("",) * 4
        assert agent.act([observation(1, methods)]) == [("",) * 4]
    assert len(server.requests) == 1  # nothing was asked for the solutions


def test_a_truncated_solution_earns_nothing_though_a_fence_in_it_is_closed():
    with chat_server(
        lambda request: Reply("```python\nprint(1)\n```\nBut wait", finish_reason="length")
    ) as server:
        assert ChatAgent("m", base_url=server.url).act([observation(1, METHODS)]) == [("",) * 4]


def test_a_reasoning_block_is_no_part_of_the_plan():
    with chat_server(lambda request: Reply(f"<think>\nA: no\n</think>\n\n{PLAN}")) as server:
        assert ChatAgent("m", base_url=server.url).act([observation(0)]) == [METHODS]


def test_direct_plans_nothing_and_samples_k_solutions():
    with chat_server(program_for) as server:
        agent = ChatAgent("m", base_url=server.url, strategy="direct", seed=10)
        assert agent.act([observation(0)]) == [("",) * 4]
        assert server.requests == []
        [solutions] = agent.act([observation(1)])
    assert solutions == ("```python\nprint(None)\n```",) * 4
    assert len({request["seed"] for request in server.requests}) == 4


def test_skills_ask_for_no_plan_and_tell_the_solutions_apart():
    with chat_server(program_for) as server:
        agent = ChatAgent("m", base_url=server.url, strategy="skills")
        [methods] = agent.act([observation(0)])
        assert methods == ("skill 1 of 4", "skill 2 of 4", "skill 3 of 4", "skill 4 of 4")
        assert server.requests == []
        agent.act([{**observation(1), "methods": methods}])
    assert sorted(
        prompt_of(request).partition("Method to use: ")[2] for request in server.requests
    ) == sorted(methods)


def test_plan_and_solve_samples_each_method_by_itself():
    with chat_server(lambda request: Reply("A: Sort the list.")) as server:
        [methods] = ChatAgent("m", base_url=server.url, strategy="plan-and-solve").act(
            [observation(0)]
        )
    assert methods == ("Sort the list.",) * 4
    assert len(server.requests) == 4
    assert all("exactly 1 alternative" in prompt_of(request) for request in server.requests)


def test_the_tuple_planner_without_coordination_takes_one_method_of_each_plan_by_its_place():
    drawn = iter(range(10))

    def reply(request):
        plan = next(drawn)
        if plan == 2:
            return Reply("No plan.")
        return Reply("\n".join(f"{label}: Method {label} of plan {plan}." for label in "ABCD"))

    with chat_server(reply) as server:
        agent = ChatAgent("m", base_url=server.url, strategy="tuple-independent", concurrency=1)
        [methods] = agent.act([observation(0)])
    assert methods == ("Method A of plan 0.", "Method B of plan 1.", "", "Method D of plan 3.")
    assert len(server.requests) == 4
    assert all("exactly 4 alternative" in prompt_of(request) for request in server.requests)
    assert not agent.independent_attempts


def test_plan_search_plans_from_subsets_of_observations():
    def reply(request):
        prompt = prompt_of(request)
        if "You plan attempts" in prompt:
            notes = re.findall("^- (.*)$", prompt, re.MULTILINE)
            return Reply("A: Use " + " and ".join(notes) + ".")
        return (
            Reply("- it follows")
            if "Observations:" in prompt
            else Reply("1. alpha\n2. beta\n\n* gamma")
        )

    with chat_server(reply) as server:
        [methods] = ChatAgent("m", base_url=server.url, strategy="plan-search").act(
            [observation(0)]
        )
    subsets = [
        method.removeprefix("Use ").removesuffix(" and it follows.").split(" and ")
        for method in methods
    ]
    assert len(server.requests) == 1 + 4 + 4
    assert len({tuple(subset) for subset in subsets}) == 4
    assert all(
        1 <= len(subset) <= 2 and set(subset) <= {"alpha", "beta", "gamma"} for subset in subsets
    )


def test_plan_search_without_observations_is_an_unusable_plan():
    with chat_server(lambda request: Reply("")) as server:
        assert ChatAgent("m", base_url=server.url, strategy="plan-search").act(
            [observation(0)]
        ) == [("",) * 4]


@pytest.mark.parametrize(("name", "value"), [("long_prompts", "refuse"), ("max_prompt_tokens", 9)])
def test_limits_on_prompts_are_refused_where_nobody_can_measure_them(name, value):
    with pytest.raises(UsageError, match=f"{name}.*: the model is behind an endpoint"):
        ChatAgent("m", base_url="http://127.0.0.1:1/v1", **{name: value})


def test_requests_of_a_batch_are_in_flight_together():
    meeting = threading.Barrier(6)

    def reply(request):
        meeting.wait(timeout=20)
        return Reply(PLAN)

    with chat_server(reply) as server:
        answers = ChatAgent("m", base_url=server.url, concurrency=6).act([observation(0)] * 6)
    assert answers == [METHODS] * 6
    assert server.most_at_once == 6


def test_a_passing_fault_is_retried():
    replies = iter([Reply(status=503), Reply(status=429), Reply(PLAN)])
    with chat_server(lambda request: next(replies)) as server:
        assert ChatAgent("m", base_url=server.url).act([observation(0)]) == [METHODS]
    assert len(server.requests) == 3


def test_a_lasting_fault_voids_its_own_episode_only():
    def reply(request):
        return Reply(status=500) if "cursed" in prompt_of(request) else Reply(PLAN)

    with chat_server(reply) as server:
        agent = ChatAgent("m", base_url=server.url, retries=1)
        with pytest.raises(AgentError, match=r"no answer for 1 of 3 episodes: .*500") as caught:
            agent.act([observation(0), observation(0, problem="cursed"), observation(0)])
    assert caught.value.actions == (METHODS, None, METHODS)
    assert len(server.requests) == 4


@pytest.mark.parametrize(
    "body",
    [
        *("", "not JSON", '"text"', "{}", '{"choices": []}', '{"choices": [{}]}', "[]"),
        *("[" * 100_000, '{"choices": [{"message": {"content": 5}, "finish_reason": "stop"}]}'),
    ],
    ids=range(9),
)
def test_an_endpoint_that_speaks_another_schema_is_a_fault_of_the_endpoint(body):
    with (
        chat_server(lambda request: Reply(body=body)) as server,
        pytest.raises(AgentError, match="no answer for 1 of 1 episodes: http"),
    ):
        ChatAgent("m", base_url=server.url, retries=0).act([observation(0)])


def test_an_endpoint_that_is_not_there_is_a_fault_of_the_endpoint():
    with chat_server(lambda request: Reply()) as server:
        pass
    with pytest.raises(AgentError, match="Connection error"):
        ChatAgent("m", base_url=server.url, retries=0).act([observation(0)])


def test_the_key_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("MY_KEY", "sesame")
    with chat_server(lambda request: Reply(PLAN)) as server:
        ChatAgent("m", base_url=server.url, api_key_env="MY_KEY").act([observation(0)])
    assert server.requests[0]["authorization"] == "Bearer sesame"


def test_neither_key_nor_endpoint_is_refused(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(UsageError, match="set OPENAI_API_KEY, or base_url"):
        ChatAgent("m")


def test_extra_fields_reach_the_endpoint():
    with chat_server(lambda request: Reply(PLAN)) as server:
        ChatAgent(
            "m",
            base_url=server.url,
            extra_body={"chat_template_kwargs": {"enable_thinking": False}},
        ).act([observation(0)])
    assert server.requests[0]["chat_template_kwargs"] == {"enable_thinking": False}


def test_an_unknown_strategy_is_refused_with_the_known_ones():
    with pytest.raises(UnknownNameError, match="did you mean 'tuple'"):
        ChatAgent("m", base_url="http://127.0.0.1:1/v1", strategy="tupel")


def test_an_evaluation_keeps_the_templates_of_its_prompts_and_refuses_to_go_on_with_others(
    tmp_path: Path,
) -> None:
    own, run = tmp_path / "own", tmp_path / "run"
    own.mkdir()
    template = '{% set version = "2" %}{% block user %}Ways, please: {{ task }}{% endblock %}'
    (own / "plan.jinja").write_text(template)

    def play(server: str) -> dict:
        options = {"model": "m", "base_url": server}
        return evaluate(
            EvalConfig(
                agent="chat", options=options, run=run, limit=1, sandbox=FakeSandbox(),
                prompts=str(own),
            )
        )  # fmt: skip

    with chat_server(lambda request: Reply(PLAN)) as server:
        result = play(server.url)
        assert "Ways, please: " in prompt_of(server.requests[0])
        assert result["prompts"]["plan"].startswith("own/plan.jinja 2 sha256:")
        assert load_prompts(str(run / "prompts")).identity == result["prompts"]
        (own / "plan.jinja").write_text(template.replace("please", "now"))
        with pytest.raises(UsageError, match="holds a run with prompts="):
            play(server.url)
    with pytest.raises(UsageError, match="agent 'oracle' sends none"):
        evaluate(EvalConfig(agent="oracle", prompts="strong", limit=1))
