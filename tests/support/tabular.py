"""The smallest policy that the learner trains: tables of logits instead of a language model.

A task for it is a number to guess: every problem has the same statement, so which number is right
stays hidden, and the programs `print(n)` are run by the real environment and sandbox. A plan is K
tokens, one a method "Guess n."; a program is one token. The second method is drawn from a table
that knows the first, so plans can coordinate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from cppo_grpo.config import TrainConfig
from cppo_grpo.learner.information import add_information
from cppo_grpo.learner.learner import Learner
from cppo_grpo.parallel import Processes
from cppo_grpo.rollouts.agent import PolicyAgent, Regions
from cppo_grpo.rollouts.play import play
from cppo_grpo.samplers import Completion, SamplingParams
from cppo_grpo.stages.evaluation import HeldOutFigures, evaluate
from torch import Tensor, nn

from cppo_env import Problem, Sandbox, TestCase
from cppo_env.evaluation.records import EpisodeRecord
from cppo_env.parsing import write_plan
from cppo_env.vector import CPPOVectorEnv

NUMBERS = 4
METHODS = tuple(f"Guess {n}." for n in range(NUMBERS))
OUTPUTS = (*range(NUMBERS), *range(-1, -NUMBERS - 1, -1))
"""What each program prints: a method's number or, if clumsy, one that is always wrong."""
START = len(OUTPUTS)
"""Stands before the first token."""


class Policy(nn.Module):
    """log p(token | prompt, last token): a table for PLAN and for each method's SOLVE prompt."""

    def __init__(self, clumsy: bool = False, obedience: float = 0.0):
        super().__init__()
        self.prompts: dict[tuple[str, str], int] = {}
        self.tables = nn.Parameter(torch.zeros(1 + 2 * NUMBERS, START + 1, START))
        legal = torch.zeros(self.tables.shape, dtype=torch.bool)
        legal[0, :, :NUMBERS] = True
        legal[1:, :, : START if clumsy else NUMBERS] = True
        self.register_buffer("illegal", ~legal)
        with torch.no_grad():
            for n in range(NUMBERS):
                self.tables[self.prompt(METHODS[n]), :, [n, n + NUMBERS]] = obedience

    @staticmethod
    def prompt(method: str | None) -> int:
        """The table of a method's SOLVE prompt (its last number counts); None: the PLAN prompt."""
        digits = [int(letter) for letter in method or "" if letter.isdigit()]
        return 0 if method is None else 1 + digits[0] if digits else 1 + NUMBERS

    def forward(
        self, prompts: Sequence[Any], completions: Sequence[Any], temperature: float
    ) -> Tensor:
        rows = [
            table[0] for table, tokens in zip(prompts, completions, strict=True) for _ in tokens
        ]
        before = [token for tokens in completions for token in (START, *tokens[:-1])]
        chosen = [token for tokens in completions for token in tokens]
        logps = self.log_probs(rows, before, temperature)[torch.arange(len(rows)), chosen]
        parts = logps.split([len(tokens) for tokens in completions])
        return nn.utils.rnn.pad_sequence(list(parts), batch_first=True)

    def log_probs(self, rows: list[int], before: list[int], temperature: float) -> Tensor:
        logits = self.tables[rows, before].masked_fill(self.illegal[rows, before], -torch.inf)
        return (logits / temperature).log_softmax(-1)

    def micro_batches(
        self, prompts: Sequence[Any], completions: Sequence[Any], max_tokens: int
    ) -> list[list[int]]:
        return [list(range(len(prompts)))]


class Tables:
    """Sampler and chat format of such a policy."""

    def __init__(self, policy: Policy, k: int):
        self.policy, self.k, self.closing = policy, k, ()

    def encode(self, messages: list[dict[str, str]], think: bool = False) -> tuple[int, ...]:
        system, user = (message["content"] for message in messages)
        if system.startswith("You plan"):
            return (Policy.prompt(None),)
        return (Policy.prompt(user.partition("Method to use: ")[2]),)

    def decode(self, sequences: Iterable[Sequence[int]], think: bool = False) -> list[str]:
        return [
            write_plan([METHODS[token] for token in tokens])
            if len(tokens) == self.k
            else f"```python\nprint({OUTPUTS[tokens[0]]})\n```"
            for tokens in sequences
        ]

    @torch.no_grad()
    def sample(
        self, prompts: Sequence[Sequence[int]], params: SamplingParams, /
    ) -> list[Completion]:
        generator = torch.Generator().manual_seed(params.seed)
        rows = [table for (table,) in prompts]
        tokens: list[list[int]] = [[START] * len(rows)]
        logps: list[list[float]] = []
        for _ in range(self.k if rows[0] == 0 else 1):
            logps_BV = self.policy.log_probs(rows, tokens[-1], params.temperature)
            drawn = logps_BV.exp().multinomial(1, generator=generator)
            tokens.append(drawn[:, 0].tolist())
            logps.append(logps_BV.gather(-1, drawn)[:, 0].tolist())
        return [
            Completion(ids, own, "stop")
            for ids, own in zip(
                zip(*tokens[1:], strict=True), zip(*logps, strict=True), strict=True
            )
        ]

    def update(self, named_weights: Iterable[tuple[str, Tensor]], /) -> None:
        """It draws from the policy itself."""


K = 2
CONFIG = TrainConfig(
    k=K, problems_per_step=4, tuples=8, steps=60, temperature_plan=1.0, temperature_solve=1.0,
    beta_plan=0.0, beta_solve=0.0, lr=0.1, lr_warmup_steps=1,
)  # fmt: skip


PLACES = 64
"""Episodes that an evaluation plays side by side."""


@contextmanager
def guessing(
    right: Sequence[int],
    places: int,
    sandbox: Sandbox,
    judge: str = "format",
    reward: str = "gated",
) -> Iterator[CPPOVectorEnv]:
    """The task in which these numbers are right equally often."""
    problems = [
        Problem(id=f"guess/{n}", statement="Guess the number.", tests=(TestCase("", f"{n}\n"),))
        for n in right
    ]
    roles = {"sandbox": sandbox, "judge": judge, "reward": reward}
    env: Any = gym.make_vec("CPPO-Samples-v0", num_envs=places, problems=problems, k=K, **roles)
    yield env.unwrapped
    env.close()


def learn(
    policy: Policy, right: Sequence[int], sandbox: Sandbox, judge: str = "format", **settings: Any
) -> tuple[HeldOutFigures, list[EpisodeRecord]]:
    """Train a policy, and evaluate it on 256 episodes under the usual gate."""
    config = replace(CONFIG, **settings)
    params = SamplingParams(K, (), 1.0)
    tables = Tables(policy, K)
    agent = PolicyAgent(
        tables, tables, Regions(params, params), config.planning, plan_only=config.plan_only
    )
    learner = Learner(policy, None, config)  # type: ignore[arg-type]
    with guessing(
        right, config.problems_per_step * config.tuples, sandbox, judge, config.reward
    ) as env:
        for step in range(config.steps):
            problems_P = np.arange(config.problems_per_step) % len(right)
            seeds = tuple(np.random.SeedSequence([config.seed, step]).generate_state(2).tolist())
            rollout = play(env, agent, np.repeat(problems_P, config.tuples), seeds)
            learner.update(add_information(policy, rollout, config), step)  # type: ignore[arg-type]
    with guessing(right, PLACES, sandbox) as env:
        return evaluate(env, agent.in_evaluation(None), 256, config.seed, Processes())
