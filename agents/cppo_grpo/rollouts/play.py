"""Problems → plans → rulings → programs → rewards: one batch of episodes, played by the policy in the environment.

Shapes: `_N` episodes (P problems × M tuples, a problem's tuples side by side), `_K` branches, `_B` programs that were
sampled. Groups are index arrays: episode n belongs to problem n // M. Token ids and log-probs are those of the sampler.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppo_env import parsing, prompts
from cppo_env.errors import SandboxError
from cppo_env.evaluation.records import EpisodeRecord
from cppo_env.types import Observation
from cppo_env.vector import CPPOVectorEnv, unbatch
from cppo_grpo.rollouts.player import Planner, fixed_methods
from cppo_grpo.samplers import Completion, Sampler, SamplingParams, stream

Messages = prompts.Messages


KNOWN_PROMPTS = 16_384
"""Encoded prompts that are kept."""


@dataclass(frozen=True, slots=True)
class Samples:
    """What the policy wrote in one region."""

    prompts: list[tuple[int, ...]]
    completions: list[Completion]
    texts: list[str]

    @property
    def truncated(self) -> NDArray[np.bool_]:
        """Which of them were cut at the token limit."""
        return np.array([completion.finish_reason == "length" for completion in self.completions], dtype=np.bool_)

    @property
    def outcomes(self) -> Iterator[tuple[str, bool]]:
        """Each text, and whether it was cut."""
        return zip(self.texts, self.truncated.tolist(), strict=True)

    @property
    def tokens(self) -> NDArray[np.int64]:
        """Completion tokens of each."""
        return np.array([len(completion.token_ids) for completion in self.completions], dtype=np.int64)


def read_methods(plan: str, truncated: bool, k: int) -> tuple[str, ...]:
    """The K methods of a plan; none of a truncated one, even if its last line looks like a method."""
    return () if truncated else parsing.read_plan(plan, k)


@dataclass(frozen=True, slots=True)
class Rollout:
    """A batch of finished episodes."""

    plans: Samples
    """N plans; none where nobody writes any (`planner`)."""
    programs: Samples
    """B solutions, of the episodes that went on after their plan."""
    branches: NDArray[np.int64]
    """(B, 2): the episode and the branch of each solution."""
    problems_N: NDArray[np.int64]
    """The problem of each episode, as an index into the problem set."""
    rewards_N: NDArray[np.float64]
    """R_plan."""
    r_out_N: NDArray[np.float64]
    """R_out: whether any branch passed."""
    validity_N: NDArray[np.float64]
    """J."""
    solver_rewards_NK: NDArray[np.float64]
    """V."""
    void_N: NDArray[np.bool_]
    """Episodes that our own machinery failed: they count for nothing."""
    records: list[EpisodeRecord]
    """N episodes for people and for `rollouts/*.jsonl`, which numbers them by problem."""
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    """Wall time of `plan`, `solve` and `judge`, and that in which programs ran (`sandbox`)."""
    tests_run: int = 0
    """Tests that programs were run on; the other verdicts were remembered."""
    information_NK: NDArray[np.float64] | None = None
    """What each program says about its method (`cppo_grpo.learner.information`), where an algorithm asks for it."""

    @property
    def read_N(self) -> NDArray[np.bool_]:
        """Episodes that have K methods: their plan could be read, or nobody wrote one."""
        n, k = self.solver_rewards_NK.shape
        if not self.plans.texts:
            return np.ones(n, dtype=np.bool_)
        return np.array([bool(read_methods(text, cut, k)) for text, cut in self.plans.outcomes], dtype=np.bool_)

    @property
    def ran_N(self) -> NDArray[np.bool_]:
        """Episodes whose programs were sampled."""
        ran = np.zeros(len(self.rewards_N), dtype=np.bool_)
        ran[self.branches[:, 0]] = True
        return ran


def require_some(rollouts: Sequence[Rollout], what: str) -> None:
    """Refuse to go on with batches that say nothing.

    Raises:
        SandboxError: every episode is void; the message says why the first one is.
    """
    if all(one.void_N.all() for one in rollouts):
        record = rollouts[0].records[0]
        reason = " ".join(next(filter(None, (*record.messages, record.reason)), "no reason is known").split())
        raise SandboxError(f"{what}: every episode is void ({reason}); see `cppo doctor`, then resume the run")


@dataclass(frozen=True, slots=True)
class Regions:
    """How the two regions are sampled."""

    plan: SamplingParams
    solve: SamplingParams


class Player:
    """The policy as the environment meets it: texts in, sampled texts out."""

    def __init__(
        self,
        tokenizer: Any,
        sampler: Sampler,
        regions: Regions,
        planner: Planner = "policy",
        *,
        plan_only: bool = False,
    ):
        self.tokenizer, self.sampler, self.regions = tokenizer, sampler, regions
        self.planner, self.plan_only = planner, plan_only
        self._encoded: dict[tuple[str, ...], tuple[int, ...]] = {}

    def in_evaluation(self, temperature_plan: float | None) -> Player:
        """The same policy, which writes programs in any case; None leaves the temperature of plans as it is."""
        plan = self.regions.plan
        if temperature_plan is not None:
            plan = replace(plan, temperature=temperature_plan)
        return Player(self.tokenizer, self.sampler, replace(self.regions, plan=plan), self.planner)

    def plan(
        self, observations: Sequence[Observation], k: int, seed: int, first: int = 0
    ) -> tuple[Samples, list[tuple[str, ...]]]:
        """The plans that were sampled, and the K methods of each episode; none of a plan that cannot be read."""
        if self.planner != "policy":
            return Samples([], [], []), [fixed_methods(self.planner, k)] * len(observations)
        conversations = [prompts.plan_messages(one, k) for one in observations]
        streams = tuple(range(first, first + len(observations)))
        plans = self.write(conversations, replace(self.regions.plan, seed=seed, streams=streams))
        return plans, [read_methods(text, cut, k) for text, cut in plans.outcomes]

    def write(
        self,
        conversations: Sequence[Messages],
        params: SamplingParams,
        finished: Callable[[dict[int, str]], None] = lambda texts: None,
    ) -> Samples:
        """One sampled answer to each conversation.

        `finished` gets the answers that are ready and not cut, by their number, while others are still being written.
        """
        if not conversations:
            return Samples([], [], [])
        prompts = [
            self._encode(tuple(message["content"] for message in messages), messages) for messages in conversations
        ]
        completions: dict[int, Completion] = {}
        texts: dict[int, str] = {}
        for ready in stream(self.sampler, prompts, params):
            decoded = self.tokenizer.batch_decode([one.token_ids for one in ready.values()], skip_special_tokens=True)
            completions.update(ready)
            texts.update(zip(ready, decoded, strict=True))
            finished({i: texts[i] for i, one in ready.items() if one.finish_reason == "stop"})
        order = range(len(prompts))
        return Samples(prompts, [completions[i] for i in order], [texts[i] for i in order])

    def _encode(self, key: tuple[str, ...], messages: Messages) -> tuple[int, ...]:
        # A batch repeats few prompts many times, and an epoch comes back to all of them.
        if key not in self._encoded:
            if len(self._encoded) >= KNOWN_PROMPTS:
                self._encoded.clear()
            self._encoded[key] = encode_prompt(self.tokenizer, messages)
        return self._encoded[key]


def encode_prompt(tokenizer: Any, messages: Messages) -> tuple[int, ...]:
    """The token ids of a conversation, up to where the answer begins; without a thinking block."""
    return tuple(
        tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False, enable_thinking=False)
    )


def play(
    env: CPPOVectorEnv, player: Player, indices_N: NDArray[np.int64], seeds: tuple[int, int], first: int = 0
) -> Rollout:
    """Play one episode on each problem.

    Args:
        env: a vector environment of N places.
        player: writes plans and solutions.
        indices_N: problem of each place.
        seeds: decide the draws of the plans and of the solutions.
        first: number of the first episode, where these are a part of a larger batch; each draws as it would there.
    """
    seconds = {"plan": 0.0, "solve": 0.0, "judge": 0.0}
    tests_before, busy_before = _work(env)

    @contextmanager
    def timed(part: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        seconds[part] += time.perf_counter() - started

    k = env.assembly.engine.k
    with timed("judge"):
        batch, identities = env.reset(options={"problems": indices_N})
    observations = unbatch(batch)
    with timed("plan"):
        plans, methods = player.plan(observations, k, seeds[0], first)
    with timed("judge"):
        _, rewards_N, terminated_N, truncated_N, infos = env.step([plan or ("",) * k for plan in methods])
    validity_N, rulings = infos["validity"].copy(), infos["ruling"]
    void_N = _fact(infos, "void", np.zeros(len(methods), dtype=np.bool_))

    # A plan that cannot be read has no branches, nor has any in the planner's warm-up. Where the episode goes on all
    # the same, its solutions are empty: there is no program to run.
    running_N = ~(terminated_N | truncated_N)
    solved_N = running_N & (not player.plan_only)
    branches = [(n, i) for n in np.flatnonzero(solved_N) if methods[n] for i in range(k)]
    with timed("solve"):
        conversations = [prompts.solve_messages(observations[n], methods[n][i]) for n, i in branches]
        streams = tuple((first + n) * k + i for n, i in branches)
        programs = player.write(
            conversations,
            replace(player.regions.solve, seed=seeds[1], streams=streams),
            lambda texts: env.prefetch([(branches[i][0], text) for i, text in texts.items()]),
        )
    solutions = [[""] * k for _ in methods]
    for (n, i), text, cut in zip(branches, programs.texts, programs.truncated, strict=True):
        # What is left of a truncated answer earns nothing, even if it holds a program.
        solutions[n][i] = "" if cut else text
    solver_rewards_NK = np.zeros((len(methods), k))
    r_out_N = np.zeros(len(methods))
    reports: list[Any] = [()] * len(methods)
    if running_N.any():
        with timed("judge"):
            _, last_rewards_N, _, _, infos = env.step([tuple(texts) for texts in solutions])
        rewards_N = np.where(running_N, last_rewards_N, rewards_N)
        r_out_N = _fact(infos, "r_out", r_out_N)
        solver_rewards_NK = _fact(infos, "solver_rewards", solver_rewards_NK)
        void_N = _fact(infos, "void", void_N)
        reports = [tuple(infos["reports"][n]) if running_N[n] else () for n in range(len(methods))]

    tests_after, busy_after = _work(env)
    seconds["sandbox"] = busy_after - busy_before

    tokens_N = plans.tokens if plans.texts else np.zeros(len(methods), dtype=np.int64)
    for (n, _), tokens in zip(branches, programs.tokens, strict=True):
        tokens_N[n] += tokens
    records = [
        EpisodeRecord(
            problem_id=identities["problem_id"][n],
            episode=first + n,
            methods=methods[n] or (plans.texts[n],),
            accepted=rulings[n].accepted,
            reason=rulings[n].reason,
            programs=tuple(parsing.read_program(text) for text in solutions[n]) if reports[n] else (),
            verdicts=tuple(report.verdict.value for report in reports[n]),
            messages=tuple(report.message for report in reports[n]),
            reward=float(rewards_N[n]),
            void=bool(void_N[n]),
            tests=sum(len(report.tests) for report in reports[n]),
            tokens=int(tokens_N[n]),
            acting_s=(seconds["plan"] + seconds["solve"]) / len(methods),
            judging_s=seconds["judge"] / len(methods),
        )
        for n in range(len(methods))
    ]
    return Rollout(
        plans=plans,
        programs=programs,
        branches=np.array(branches, dtype=np.int64).reshape(-1, 2),
        problems_N=indices_N,
        rewards_N=rewards_N,
        r_out_N=r_out_N,
        validity_N=validity_N,
        solver_rewards_NK=solver_rewards_NK,
        void_N=void_N,
        records=records,
        seconds=seconds,
        tests_run=tests_after - tests_before,
    )


def _work(env: CPPOVectorEnv) -> tuple[int, float]:
    """Tests that the sandbox has run and the seconds it took, if it counts them."""
    sandbox = env.assembly.engine.sandbox
    return getattr(sandbox, "tests", 0), getattr(sandbox, "busy_s", 0.0)


def _fact(infos: dict[str, Any], name: str, otherwise: NDArray[Any]) -> NDArray[Any]:
    """An info where the environment gave it, else the value that stood before."""
    if name not in infos:
        return otherwise
    given = infos["_" + name].reshape(-1, *(1,) * (otherwise.ndim - 1))
    return np.where(given, infos[name], otherwise)
