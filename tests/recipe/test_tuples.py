"""`cppo tuples write` against a real endpoint: what is kept, resumed, paid for and given up."""

import json

import pytest
from cppo_agents.backends.openai_compatible import OpenAICompatible
from cppo_grpo.recipe.gold import read_tuples
from cppo_grpo.recipe.json_lines import read_lines
from cppo_grpo.recipe.tuples import TuplesConfig
from cppo_grpo.runs.progress import stage
from cppo_grpo.stages.tuples import TupleWriter
from rich.console import Console

from cppo_env.errors import AgentError, CppoError, UsageError
from cppo_env.judges import make_judge
from cppo_env.testing import FakeSandbox, make_problem
from tests.support.chat_server import Reply, chat_server

PLANS = {
    "one": "A: sort all\nB: use a heap\nC: count letters\nD: scan twice",
    "two": "A: sort all\nB: sort all\nC: count letters\nD: scan twice",
    "odd": "I cannot help with that.",
}
"""What the teacher plans, by problem."""


def teacher(request):
    """Plans by problem; the program of the heap is right, all others are wrong."""
    asked = request["messages"][-1]["content"]
    if "Method to use" in asked:
        return Reply(f"```python\n{'AC' if 'heap' in asked else 'WA'}\n```")
    [plan] = [text for name, text in PLANS.items() if f"Problem {name}:" in asked]
    return Reply(plan)


def written(config, server, problems):
    backend = OpenAICompatible("m", base_url=server.url, retries=0)
    judge = make_judge(config.judge, config.judge_options)
    writer = TupleWriter(config, backend, judge, FakeSandbox())
    with stage(Console(quiet=True), "tuples", len(problems)) as shown:
        return writer.write(problems, shown)


def test_a_teacher_writes_what_judge_and_sandbox_let_pass(tmp_path):
    problems = [make_problem(name) for name in PLANS]
    config = TuplesConfig(tmp_path / "gold.jsonl", attempts=2, price=1e6)
    with chat_server(teacher) as server:
        result = written(config, server, problems)
        asked = len(server.requests)
        again = written(config, server, problems)
        assert len(server.requests) == asked == result["requests"] == 1 + 4 + 2 + 2
    [one] = read_tuples([config.output], 4)
    assert one.methods == ("sort all", "use a heap", "count letters", "scan twice")
    assert one.programs == (None, "AC", None, None)
    assert result["refused"]["judge: format: method 2 repeats method 1"] == 2
    assert [why for why in result["refused"] if why.startswith("plan not readable")]
    assert result["written"] == 1 and result["cost"] == result["tokens"] > 0
    assert again["written"] == again["requests"] == 0 and again["tuples"] == 1
    attempts = [row for _, row in read_lines(config.log, "attempts")]
    assert [row["kept"] for row in attempts].count(True) == 1 and len(attempts) == 5


def test_a_second_tuple_that_is_like_the_first_is_dropped(tmp_path):
    config = TuplesConfig(tmp_path / "gold.jsonl", wanted=2, attempts=3, solve=False)
    with chat_server(teacher) as server:
        result = written(config, server, [make_problem("one")])
    assert result["tuples"] == 1
    assert result["refused"] == {"like a tuple of this problem that is kept": 2}


def test_an_interrupted_write_costs_one_line(tmp_path):
    config = TuplesConfig(tmp_path / "gold.jsonl", wanted=1, solve=False)
    config.output.write_text(json.dumps({"problem_id": "x", "methods": list("abcd")}) + '\n{"prob')
    with chat_server(teacher) as server:
        written(config, server, [make_problem("one")])
    assert [one.problem_id for one in read_tuples([config.output], 4)] == ["x", "one"]


def test_nonsense_and_silence_are_one_line(tmp_path):
    config = TuplesConfig(tmp_path / "gold.jsonl", attempts=40, solve=False)
    with (
        chat_server(teacher) as server,
        pytest.raises(CppoError, match=r"none of 32 answers of the teacher is a plan of 4 methods"),
    ):
        written(config, server, [make_problem("odd")])
    with (
        chat_server(lambda _: Reply(status=500)) as server,
        pytest.raises(AgentError, match=r"the teacher answered none of 1 requests: .*has a fault"),
    ):
        written(config, server, [make_problem("one")])
    with (
        chat_server(teacher) as server,
        pytest.raises(CppoError, match="no tuple was kept: 2 × judge: format: method 2 repeats"),
    ):
        few = TuplesConfig(tmp_path / "few.jsonl", attempts=2, solve=False)
        written(few, server, [make_problem("two")])
    with pytest.raises(UsageError, match="output: there is no folder"):
        TuplesConfig(tmp_path / "no" / "gold.jsonl").check()
