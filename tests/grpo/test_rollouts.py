"""Judging programs while later ones are being written changes only the time."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import gymnasium as gym
import numpy as np
from cppo_agents.models.chat_format import ChatFormat
from cppo_grpo.model.tiny import train_tokenizer
from cppo_grpo.rollouts.agent import PolicyAgent, Regions
from cppo_grpo.rollouts.play import play
from cppo_grpo.rollouts.values import Rollout
from cppo_grpo.samplers import Completion, SamplingParams
from cppo_sandboxes.cached import CachedSandbox

from cppo_env import make_sandbox
from cppo_env.parsing import write_plan
from cppo_env.protocols import Sandbox
from cppo_env.types import Problem, TestCase
from cppo_env.vector import CPPOVectorEnv

TEXTS = [
    write_plan(["Read all numbers.", "Add them up."]),
    "```python\nprint(sum(map(int, input().split())))\n```",
    "```python\nprint(0)\n```",
    "There is no program here.",
]
PROBLEMS = [
    Problem(
        f"sum-{n}", "Add them up.", tuple(TestCase(f"{i} {n}\n", f"{i + n}\n") for i in range(1, 4))
    )
    for n in range(6)
]
PARAMS = SamplingParams(200, (2,))


class Writer:
    """Writes a known plan, then programs, the second half once `may_go_on` allows it."""

    def __init__(self, tokenizer, may_go_on) -> None:  # type: ignore[no-untyped-def]
        self.ids = [tuple(tokenizer(text).input_ids) for text in TEXTS]
        self.may_go_on = may_go_on
        self.calls = 0

    def stream(
        self, prompts: Sequence[Sequence[int]], params: SamplingParams
    ) -> Iterator[dict[int, Completion]]:
        self.calls += 1
        planning = self.calls % 2
        drawn = {
            i: Completion(ids := self.ids[0 if planning else 1 + i % 3], (-1.0,) * len(ids), "stop")
            for i in range(len(prompts))
        }
        # One of the right programs was cut at the limit, after its closing fence.
        if not planning:
            drawn[3] = replace(drawn[3], finish_reason="length")
        half = len(prompts) // 2
        yield {i: drawn[i] for i in range(half, len(prompts))}
        if not planning:
            self.may_go_on()
        yield {i: drawn[i] for i in range(half)}

    def sample(self, prompts, params):  # type: ignore[no-untyped-def]
        raise AssertionError("a sampler that streams is asked to")

    def update(self, named_weights) -> None:  # type: ignore[no-untyped-def]
        """It has no weights."""


@contextmanager
def environment(sandbox: Sandbox) -> Iterator[CPPOVectorEnv]:
    env = gym.make_vec("CPPO-Samples-v0", num_envs=6, problems=PROBLEMS, k=2, sandbox=sandbox)
    yield env.unwrapped  # type: ignore[misc]
    env.close()


def rollout(env: CPPOVectorEnv, may_go_on=lambda: None) -> Rollout:  # type: ignore[no-untyped-def]
    tokenizer = train_tokenizer(TEXTS)
    agent = PolicyAgent(
        ChatFormat(tokenizer), Writer(tokenizer, may_go_on), Regions(PARAMS, PARAMS)
    )
    return play(env, agent, np.arange(6), (0, 1))


def test_programs_are_judged_while_others_are_written_with_the_same_result() -> None:
    with make_sandbox("local") as box:
        with environment(box) as env:
            expected = rollout(env)
        cached = CachedSandbox(box)

        def wait_for_verdicts() -> None:
            deadline = time.monotonic() + 30
            while not cached.tests:
                assert time.monotonic() < deadline, (
                    "nothing was judged before all programs were written"
                )
                time.sleep(0.01)

        with environment(cached) as env:
            found = rollout(env, wait_for_verdicts)
    assert {verdict for record in expected.records for verdict in record.verdicts} >= {
        "AC",
        "WA",
        "CE",
    }
    assert np.array_equal(found.solver_rewards_NK, expected.solver_rewards_NK)
    assert [one.verdicts for one in found.records] == [one.verdicts for one in expected.records]
    assert [one.programs for one in found.records] == [one.programs for one in expected.records]
    assert found.programs.completions == expected.programs.completions
    assert expected.tests_run == 0, "a sandbox that does not count"
    assert found.tests_run == cached.tests
    assert found.tests_run == sum(record.tests for record in found.records), (
        "all programs differ in their tests"
    )
    assert found.seconds["sandbox"] > 0
