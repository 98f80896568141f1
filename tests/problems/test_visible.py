"""What the agent may see: the statement and starter code, nothing hidden."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import gymnasium as gym
import pytest
from cppo_agents.backends import Failure, Reply, Request
from cppo_agents.model_agent import ModelAgent
from cppo_agents.strategies import STRATEGIES, Sampling, make_strategy
from hypothesis import given, settings
from hypothesis import strategies as st

from cppo_env.problems import load_problems
from cppo_env.problems.layouts.livecodebench import decode as decode_livecodebench
from cppo_env.problems.store.writer import write_store
from cppo_env.problems.views import indexed
from cppo_env.testing import FakeSandbox
from cppo_env.types import Problem, TestCase
from tests.support import SHARED, need_shared
from tests.support.records import apps, code_contests, livecodebench, packed, write_lines

PLAN = "A: Sort and scan.\nB: Use a heap.\nC: Count by value.\nD: Search by halves."


class Listener:
    """A back end that records prompts and answers with a plan or a program."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def complete(self, requests: Sequence[Request]) -> list[Reply | Failure]:
        texts = [message["content"] for request in requests for message in request.messages]
        self.heard += texts
        return [
            Reply(PLAN if request.temperature == 0.9 else "```python\nAC\n```")
            for request in requests
        ]


def everything_shown(problems: Sequence[Problem]) -> dict[str, str]:
    """Problem id → all text that reaches an agent: observations and every strategy's prompts."""
    env = gym.make(
        "CPPO-APPS-v0", problems=problems, sandbox=FakeSandbox(), disable_env_checker=True
    )
    shown: dict[str, str] = {}
    for problem in problems:
        heard: list[str] = []
        for strategy in STRATEGIES:
            listener = Listener()
            agent = ModelAgent(make_strategy(strategy, 4, Sampling()), listener)
            observation, _ = env.reset(options={"problem_id": problem.id})
            for _ in range(2):
                heard.append(json.dumps(observation, default=str))
                observation, *_ = env.step(*agent.act([observation]))
            heard += [json.dumps(observation, default=str), *listener.heard]
            assert (
                len(listener.heard) >= 8
            )  # a system and a user text for each of the four solutions
        shown[problem.id] = "\n".join(heard)
    env.close()
    return shown


SECRET = st.integers(10**9, 10**12).map(lambda number: f"secret{number}")


@settings(max_examples=20, deadline=None)
@given(st.lists(SECRET, min_size=12, max_size=12, unique=True))
def test_no_hidden_text_of_any_layout_reaches_the_agent(secrets: list[str]):
    a, b, c, d, e, f, g, h, i, j, k, m = secrets
    pair = {"input": [a], "output": [b]}
    records = {
        "apps": apps(
            input_output=json.dumps({"inputs": [a], "outputs": [b]}),
            solutions=json.dumps([c]),
            url=f"https://codeforces.com/{d}",
            difficulty=e,
        ),
        "code_contests": code_contests(
            public_tests=pair,
            private_tests={"input": [f], "output": [g]},
            generated_tests={"input": [h], "output": [i]},
            solutions={"language": [3, 2], "solution": [c, d]},
            incorrect_solutions={"language": [3, 4], "solution": [e, j]},
            cf_tags=[k],
            untranslated_description=m,
        ),
        "livecodebench": livecodebench(
            private_test_cases=packed(json.dumps([{"input": a, "output": b, "testtype": "stdin"}])),
            question_title=c,
            contest_id=d,
            difficulty=e,
        ),
    }
    from cppo_env.problems.layouts import apps as apps_layout
    from cppo_env.problems.layouts import code_contests as code_contests_layout

    decoders = {
        "apps": apps_layout.decode,
        "code_contests": code_contests_layout.decode,
        "livecodebench": decode_livecodebench,
    }
    for layout, record in records.items():
        problem = decoders[layout](record, m)
        shown = everything_shown([problem])[problem.id]
        assert problem.statement in shown
        leaked = [secret for secret in secrets if secret in shown]
        assert leaked == [], f"{layout} shows {leaked}"


def stripped(problem: Problem) -> Problem:
    """The problem without anything hidden."""
    return dataclasses.replace(
        problem,
        tests=(TestCase("", ""),),
        public_tests=(),
        references=(),
        wrong=(),
        metadata={},
        checker="strict",
    )


def check_looks(problems: Sequence[Problem]) -> None:
    """Fails unless all problems look the same without what is hidden."""
    assert everything_shown(problems) == everything_shown(
        [stripped(problem) for problem in problems]
    )


@need_shared
@pytest.mark.parametrize(
    "path",
    [
        "apps",
        "apps/raw_genuine",
        "code_contests/test_sample.jsonl",
        "code_contests/test_sample_20.parquet",
        "code_contests/train_sample_merged_tests.jsonl",
        "livecodebench",
    ],
)
def test_real_problems_look_the_same_without_what_is_hidden(path: str):
    check_looks(list(load_problems(SHARED / "data" / path)))


@pytest.mark.parametrize("name", ["samples", "strategies"])
def test_bundled_problems_look_the_same_without_what_is_hidden(name: str):
    problems = load_problems(name)
    check_looks([problems[index] for index in range(min(len(problems), 60))])


def test_imported_problems_look_the_same_without_what_is_hidden(tmp_path: Path):
    samples = load_problems("samples")
    write_store(indexed(samples), tmp_path / "store")
    imported = list(load_problems(tmp_path / "store"))
    check_looks(imported)
    assert everything_shown(imported) == everything_shown(
        [samples[index] for index in range(len(samples))]
    )


def test_every_id_opens_every_layout(tmp_path: Path):
    """The id gives the default; `problems=` may be any layout."""
    for number, (name, record) in enumerate(
        {"APPS": apps(), "CodeContests": code_contests(), "LiveCodeBench": livecodebench()}.items()
    ):
        path = write_lines(tmp_path / str(number) / "test.jsonl", [record])
        env = gym.make(f"CPPO-{name}-v0", problems=str(path), split="test", sandbox=FakeSandbox())
        observation, info = env.reset(seed=0)
        assert observation["problem"] == "Read a number and print its double."
        assert info["problem_id"] in ("7", "1_A. Double", "abc1_a")
        env.close()
