"""One driver: an agent in an evaluation and the policy in training obey the same rules."""

from collections.abc import Sequence
from dataclasses import asdict, replace

import gymnasium as gym
import numpy as np
import pytest
from cppo_agents import ModelAgent
from cppo_agents.backends import Failure, Reply, Request
from cppo_agents.models.chat_format import ChatFormat
from cppo_agents.strategies import Sampling, make_strategy
from cppo_grpo.model.tiny import train_tokenizer
from cppo_grpo.rollouts.agent import PolicyAgent, Regions
from cppo_grpo.rollouts.play import play as play_policy
from cppo_grpo.samplers import Completion, SamplingParams

import cppo_env
from cppo_env.driver import Task, Written, drive
from cppo_env.evaluation.play import play as play_agent
from cppo_env.evaluation.summary import (
    answers_without_program,
    unreadable_plans,
    validity,
)
from cppo_env.parsing import explain_plan, write_plan
from cppo_env.records import EpisodeRecord
from cppo_env.testing import FakeSandbox, make_problem
from cppo_env.types import Problem, Ruling

K = 2
PLAN = write_plan(["Read it.", "Print it."])
THOUGHT = "<think>\nA: no\n```\nprint(0)\n```\n</think>\n"
RIGHT, WRONG = "```python\nprint(int(input()))\n```", "```python\nprint(0)\n```"


class Unavailable:
    """A judge whose endpoint is down for one problem."""

    def rule(self, cases: Sequence[tuple[Problem, tuple[str, ...]]]) -> list[Ruling]:
        return [
            Ruling(False, 0.0, "no answer", void=True)
            if problem.id == "judge down"
            else Ruling(True, 1.0)
            for problem, _ in cases
        ]


class Script:
    """A model's replies: a plan and K solutions for each problem, by its statement."""

    def __init__(self, replies: dict[str, tuple[Reply, list[Reply]]]):
        self.replies = replies

    def of(self, text: str) -> Reply:
        [name] = [name for name in self.replies if f"Problem {name}:" in text]
        plan, solutions = self.replies[name]
        for branch, method in enumerate(["Read it.", "Print it."]):
            if f"Method to use: {method}" in text:
                return solutions[branch]
        return plan

    def complete(self, requests: Sequence[Request]) -> list[Reply | Failure]:
        """As an agent's back end."""
        return [self.of(request.messages[-1]["content"]) for request in requests]


class Sampler:
    """The same replies as a policy's sampler; its prompts are the conversation's texts."""

    def __init__(self, script: Script, tokenizer) -> None:  # type: ignore[no-untyped-def]
        self.script, self.tokenizer = script, tokenizer

    def sample(self, prompts, params):  # type: ignore[no-untyped-def]
        replies = [self.script.of(self.tokenizer.decode(prompt)) for prompt in prompts]
        drawn = [tuple(self.tokenizer(reply.text).input_ids) for reply in replies]
        return [
            Completion(ids, (-1.0,) * len(ids), "length" if reply.truncated else "stop")
            for ids, reply in zip(drawn, replies, strict=True)
        ]

    def update(self, named_weights) -> None:  # type: ignore[no-untyped-def]
        """It has no weights."""


SCRIPT = {
    "right": (Reply(PLAN), [Reply(RIGHT), Reply(WRONG)]),
    "prose plan": (Reply("I would print it."), [Reply(RIGHT), Reply(RIGHT)]),
    "thoughts": (Reply(f"{THOUGHT}{PLAN}"), [Reply(f"{THOUGHT}{RIGHT}"), Reply(WRONG)]),
    "cut plan": (Reply(PLAN, truncated=True), [Reply(RIGHT), Reply(RIGHT)]),
    "cut answer": (Reply(PLAN), [Reply(RIGHT, truncated=True), Reply(WRONG)]),
    "no program": (Reply(PLAN), [Reply("I would print it."), Reply(WRONG)]),
    "judge down": (Reply(PLAN), [Reply(RIGHT), Reply(RIGHT)]),
}
PROBLEMS = [make_problem(name) for name in SCRIPT]


def what_it_earned(record: EpisodeRecord) -> dict[str, object]:
    """A record without times and costs."""
    apart = ("tokens", "acting_s", "judging_s")
    wrote = [one and replace(one, cpu_s=0, wall_s=0, memory_bytes=0) for one in record.failures]
    record = replace(record, failures=tuple(wrote))
    return {name: value for name, value in asdict(record).items() if name not in apart}


def environment(sandbox: object, **roles: object):  # type: ignore[no-untyped-def]
    return gym.make_vec(
        "CPPO-Samples-v0",
        num_envs=len(PROBLEMS),
        problems=PROBLEMS,
        k=K,
        sandbox=sandbox,
        **{"judge": Unavailable(), **roles},
    ).unwrapped


@pytest.mark.parametrize("end_on_refusal", [False, True])
def test_an_evaluation_and_a_training_agree_on_every_answer(end_on_refusal: bool) -> None:
    script = Script(SCRIPT)
    tasks = [Task(index, index) for index in range(len(PROBLEMS))]
    tokenizer = train_tokenizer(
        [PLAN, THOUGHT, RIGHT, WRONG, "Problem Method to use: Here I would print."]
    )
    params = SamplingParams(1000, (tokenizer.eos_token_id,))
    policy = PolicyAgent(ChatFormat(tokenizer), Sampler(script, tokenizer), Regions(params, params))
    agent = ModelAgent(make_strategy("tuple", K, Sampling()), script)
    with cppo_env.make_sandbox("local") as box:
        env = environment(box, judge="format", end_on_refusal=end_on_refusal)
        evaluated = play_agent(env, agent, tasks)
        trained = play_policy(env, policy, np.arange(len(PROBLEMS)), (0, 1)).records
        voided = environment(box)
        void = play_agent(voided, agent, tasks)
        void_in_training = play_policy(voided, policy, np.arange(len(PROBLEMS)), (0, 1)).records
    assert [what_it_earned(one) for one in trained] == [what_it_earned(one) for one in evaluated]
    assert [what_it_earned(one) for one in void_in_training] == [
        what_it_earned(one) for one in void
    ]
    by_name = {record.problem_id: record for record in evaluated}
    silent = () if end_on_refusal else ("CE", "CE")
    assert {name: record.verdicts for name, record in by_name.items()} == {
        "right": ("AC", "WA"),
        "prose plan": silent,
        "thoughts": ("AC", "WA"),
        "cut plan": silent,
        "cut answer": ("CE", "WA"),
        "no program": ("CE", "WA"),
        "judge down": ("AC", "AC"),
    }
    assert [record.problem_id for record in void if record.void] == ["judge down"]
    assert {name: record.unreadable for name, record in by_name.items() if record.unreadable} == {
        "prose plan": "no labels, expected A: to B:",
        "cut plan": "the answer was cut off",
    }
    assert by_name["prose plan"].plans == ("I would print it.",)
    assert by_name["prose plan"].methods == ("", "") and by_name["prose plan"].accepted is False
    assert by_name["cut answer"].answers == (RIGHT, WRONG)
    assert by_name["cut answer"].no_program == ("the answer was cut off", "")
    assert by_name["no program"].no_program == ("no code block", "")
    assert unreadable_plans(evaluated) == {
        "no labels, expected A: to B:": 1,
        "the answer was cut off": 1,
    }
    silences = {} if end_on_refusal else {"the answer is empty": 4}
    assert answers_without_program(evaluated) == {
        **silences,
        "the answer was cut off": 1,
        "no code block": 1,
    }
    assert all(EpisodeRecord.from_json(one.to_json()) == one for one in evaluated)


def test_where_nobody_plans_no_gate_is_applicable() -> None:
    script = Script(SCRIPT)
    for strategy in ("direct", "skills"):
        agent = ModelAgent(make_strategy(strategy, K, Sampling()), script)
        env = environment(FakeSandbox(), judge="format")
        records = play_agent(env, agent, [Task(n, n) for n in range(len(PROBLEMS))])
        assert {record.accepted for record in records} == {None}
        assert unreadable_plans(records) == {}
        assert validity(records) is None


def test_a_fault_of_either_callable_voids_its_episodes_only() -> None:
    def plan(places, observations):  # type: ignore[no-untyped-def]
        assert list(places) == [0, 1, 2]
        return [
            Written(fault="the planner is down"),
            *[Written(("Read it.", "Print it."), tokens=7)] * 2,
        ]

    def solve(places, observations):  # type: ignore[no-untyped-def]
        assert list(places) == [1, 2], "who has no plan is asked for no solution"
        assert [one["phase"] for one in observations] == [1, 1]
        return [Written(("```\nAC\n```",) * 2, tokens=5), Written(fault="the solver is down")]

    env = environment(FakeSandbox(), judge="accept")
    env.reset()  # fills all places
    played = drive(env, [Task(0, 0), Task(1, 3), Task(2, 0)], plan, solve)
    assert played.void_N.tolist() == [True, False, True]
    assert played.rewards_N.tolist() == [0.0, 1.0, 0.0]
    assert [record.reason for record in played.records] == [
        "the planner is down",
        "",
        "the solver is down",
    ]
    assert [record.tokens for record in played.records] == [0, 12, 7]
    assert [record.episode for record in played.records] == [0, 3, 0]


class Alternating:
    """Answers the first plan of a batch by a plan of K methods, and the others by prose."""

    def complete(self, requests: Sequence[Request]) -> list[Reply | Failure]:
        return [Reply(PLAN if not n else "I would print it.") for n in range(len(requests))]


@pytest.mark.parametrize(("strategy", "asked"), [("tuple-independent", K), ("plan-and-solve", 1)])
def test_an_unreadable_plan_is_measured_by_the_methods_it_was_asked_for(
    strategy: str, asked: int
) -> None:
    agent = ModelAgent(make_strategy(strategy, K, Sampling()), Alternating())
    env = environment(FakeSandbox(), judge="format")
    record, *_ = play_agent(env, agent, [Task(index, 0) for index in range(len(PROBLEMS))])
    first, second = (explain_plan(text, asked) for text in (PLAN, "I would print it."))
    assert record.unreadable == (first or second)
