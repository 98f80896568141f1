"""Several optimizer steps on a rollout equal a plain, fully written-out reference."""

import copy
import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from cppo_grpo.advantages import leave_one_out_max, pkpo
from cppo_grpo.checks import check
from cppo_grpo.config import TrainConfig
from cppo_grpo.learner.credit import compute_advantages
from cppo_grpo.learner.learner import Learner
from cppo_grpo.model.policy import Policy
from cppo_grpo.rollouts.values import Rollout, Samples
from cppo_grpo.samplers import Completion
from torch import Tensor

from cppo_env import UsageError
from tests.support.models import plain_log_probs, random_ids, tiny_qwen3

CONFIG = TrainConfig(
    problems_per_step=2,
    tuples=3,
    k=2,
    lr=0.02,
    lr_warmup_steps=1,
    max_grad_norm=0.0,
    lambda_plan=2.0,
    beta_plan=0.1,
    beta_solve=0.05,
    epsilon_plan=0.1,
    epsilon_high_plan=0.15,
    epsilon_solve=0.12,
    max_tokens_plan=5,
    max_tokens_solve=9,
)

EPSILONS = ("epsilon_plan", "epsilon_solve", "epsilon_high_plan", "epsilon_high_solve")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Several threads slow such a small model down, especially on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def samples(count: int, seed: int, cut: tuple[int, ...] = ()) -> Samples:
    """Sequences of four prompts, some cut; the sampler's log-probs are slightly off."""
    random = np.random.default_rng(seed)
    prompts = [tuple(ids) for ids in random_ids(5, 7, 4, 6, seed=seed)]
    completions = [tuple(ids) for ids in random_ids(*random.integers(2, 6, count), seed=seed + 1)]
    said = [tuple(random.uniform(-9, -4, len(tokens))) for tokens in completions]
    made = [
        Completion(tokens, logps, "length" if i in cut else "stop")
        for i, (tokens, logps) in enumerate(zip(completions, said, strict=True))
    ]
    return Samples([prompts[i % 4] for i in range(count)], made, [""] * count)


def played() -> Rollout:
    """Two problems, three tuples of two branches; one plan each and three programs were cut."""
    passed_NK = np.array([[1, 0], [0, 0], [0, 1], [1, 1], [0, 0], [0, 1]], dtype=float)
    return Rollout(
        plans=samples(6, 10, cut=(1, 4)),
        programs=samples(12, 20, cut=(0, 5, 9)),
        branches=np.array([(n, i) for n in range(6) for i in range(2)]),
        problems_N=np.repeat([4, 2], 3),
        rewards_N=passed_NK.max(1),
        r_out_N=passed_NK.max(1),
        validity_N=np.ones(6),
        solver_rewards_NK=passed_NK,
        void_N=np.zeros(6, dtype=bool),
        records=[],
    )


class Descent(torch.optim.SGD):
    """Plain gradient descent that records its gradients; Adam would hide their size."""

    def __init__(self, policy: torch.nn.Module):
        super().__init__(policy.parameters(), lr=1.0)
        self.seen: list[Tensor] = []

    def step(self, closure: Any = None) -> None:
        self.seen.append(gradient(self.param_groups[0]["params"]))
        super().step(closure)


def gradient(weights: Iterable[Tensor]) -> Tensor:
    return torch.cat(
        [weight.grad.flatten().clone() for weight in weights if weight.grad is not None]
    )


def learnt(config: TrainConfig, rollout: Rollout) -> tuple[list[Tensor], dict[str, float]]:
    """The gradients that an update follows, and its metrics."""
    policy = Policy(copy.deepcopy(tiny_qwen3(layers=1)))
    learner = Learner(policy, Policy(tiny_qwen3(layers=1, seed=1)), config)
    descent = learner.optimizer = Descent(policy)  # type: ignore[assignment]
    metrics = learner.update(rollout, 0)
    return descent.seen, metrics


def expected(config: TrainConfig, rollout: Rollout) -> list[Tensor]:
    """The same, written out."""
    model, start, reference = (
        copy.deepcopy(tiny_qwen3(layers=1)),
        tiny_qwen3(layers=1),
        tiny_qwen3(layers=1, seed=1),
    )
    worth = compute_advantages(rollout, config)
    plans = [(n, "plan", n, worth.plan_N[n] * config.lambda_plan) for n in range(6)]
    programs = [(int(n), "solve", b, worth.solve_B[b]) for b, (n, _) in enumerate(rollout.branches)]
    gradients: list[Tensor] = []
    for _ in range(config.update_epochs):
        for problems in {1: [(0, 1)], 2: [(0,), (1,)]}[config.minibatches]:
            chosen = [
                one
                for one in plans + programs
                if one[0] // 3 in problems and trainable(config, rollout, one)
            ]
            model.zero_grad()
            for _, region, index, advantage in chosen:
                drawn = rollout.plans if region == "plan" else rollout.programs
                options = config.region(region)
                said = drawn.completions[index].log_probs
                sequence = (
                    list(drawn.prompts[index]),
                    list(drawn.completions[index].token_ids),
                    options.temperature,
                )
                logps_T = plain_log_probs(model, *sequence)
                with torch.no_grad():
                    old_T, ref_T = (
                        plain_log_probs(start, *sequence),
                        plain_log_probs(reference, *sequence),
                    )
                terms = []
                for t, logp in enumerate(logps_T):
                    ratio = (logp - old_T[t]).exp()
                    low, high = 1 - options.epsilon, 1 + (options.epsilon_high or options.epsilon)
                    surrogate = torch.min(ratio * advantage, ratio.clamp(low, high) * advantage)
                    if config.correction == "token_truncate":
                        surrogate = surrogate * min(
                            math.exp(old_T[t] - said[t]), config.correction_cap
                        )
                    kl = (ref_T[t] - logp).exp() - 1 - (ref_T[t] - logp)
                    terms.append(
                        -surrogate + options.beta * kl * (ratio if config.kl_ratio else 1.0)
                    )
                alike = [one for one in chosen if one[1] == region]
                divisor = {
                    "sequence_mean": len(alike) * len(terms),
                    "token_mean": sum(drawn.tokens[i] for _, _, i, _ in alike),
                    "constant_length": len(alike) * config.max_tokens_solve,
                }[options.aggregation]
                (torch.stack(terms).sum() / divisor * len(alike) / len(chosen)).backward()
            gradients.append(gradient(model.parameters()))
            with torch.no_grad():
                for weight in model.parameters():
                    weight -= config.lr * weight.grad
    return gradients


def trainable(config: TrainConfig, rollout: Rollout, one: tuple[int, Any, int, float]) -> bool:
    """Whether a sequence may be learnt from."""
    _, region, index, _ = one
    drawn = rollout.plans if region == "plan" else rollout.programs
    return not (config.region(region).mask_truncated and drawn.truncated[index])


@pytest.mark.parametrize(
    ("minibatches", "epochs", "options"),
    [
        (1, 1, {}),
        (2, 1, {}),
        (1, 3, {}),
        (2, 2, {"aggregation_plan": "token_mean", "aggregation_solve": "constant_length"}),
        (
            2,
            1,
            {
                "aggregation_plan": "constant_length",
                "aggregation_solve": "token_mean",
                "micro_batch_tokens": 16,
            },
        ),
        (1, 2, {"mask_truncated_plan": False, "epsilon_plan": 0.02}),
        (1, 2, {"mask_truncated_solve": False, "epsilon_high_solve": 0.01}),
        (2, 2, {"kl_ratio": True, "correction": "token_truncate", "correction_cap": 1.5}),
    ],
)
def test_every_optimizer_step_follows_the_gradient_of_the_reference(
    minibatches: int, epochs: int, options: dict[str, Any]
) -> None:
    config = replace(CONFIG, minibatches=minibatches, update_epochs=epochs, **options)
    found, metrics = learnt(config, played())
    wanted = expected(config, played())
    assert len(found) == len(wanted) == minibatches * epochs
    for mine, theirs in zip(found, wanted, strict=True):
        assert (mine - theirs).norm() < 1e-4 * theirs.norm()
    assert metrics["grad_norm"] == pytest.approx(
        np.mean([one.norm().item() for one in wanted]), rel=1e-4
    )
    if epochs == 1:
        learnt_from = ~played().plans.truncated
        assert metrics["tokens_plan"] == played().plans.tokens[learnt_from].sum()


@pytest.mark.parametrize("algorithm", ["pkpo", "loo_max"])
def test_pass_at_k_estimators_are_followed_as_the_sums_that_they_are(algorithm: str) -> None:
    options = {"beta_plan": 0.0, "beta_solve": 0.0, "mask_truncated_solve": False}
    config = replace(CONFIG, algorithm=algorithm, planner="none", solver_group="problem", **options)
    passed_NK = np.array([[1, 0], [0, 0], [0, 0], [1, 1], [0, 0], [0, 1]], dtype=float)
    rollout = replace(played(), plans=Samples([], [], []), solver_rewards_NK=passed_NK)
    (found,), _ = learnt(config, rollout)
    estimator = {"pkpo": partial(pkpo, k=2), "loo_max": leave_one_out_max}[algorithm]
    weights_PA = estimator(rollout.solver_rewards_NK.reshape(2, 6))
    model = copy.deepcopy(tiny_qwen3(layers=1))
    for weight, prompt, completion in zip(
        weights_PA.ravel(), rollout.programs.prompts, rollout.programs.completions, strict=True
    ):
        logps_T = plain_log_probs(
            model, list(prompt), list(completion.token_ids), config.temperature_solve
        )
        (
            -weight * logps_T.sum() / config.max_tokens_solve / 2
        ).backward()  # the mean over two problems
    wanted = gradient(model.parameters())
    assert (found - wanted).norm() < 1e-4 * wanted.norm()


def test_a_gradient_that_is_not_finite_moves_nothing(caplog: pytest.LogCaptureFixture) -> None:
    rollout = played()
    first = rollout.programs.completions[1]
    broken = replace(first, log_probs=(-math.inf, *first.log_probs[1:]))
    programs = replace(
        rollout.programs,
        completions=[rollout.programs.completions[0], broken, *rollout.programs.completions[2:]],
    )
    policy = Policy(copy.deepcopy(tiny_qwen3(layers=1)))
    before = [weight.detach().clone() for weight in policy.parameters()]
    config = replace(CONFIG, correction="token_truncate", correction_cap=1e30)
    metrics = Learner(policy, Policy(tiny_qwen3(layers=1, seed=1)), config).update(
        replace(rollout, programs=programs), 0
    )
    assert (metrics["skipped_updates"], metrics["grad_norm"]) == (1, 0)
    assert "not finite" in caplog.text
    assert all(torch.equal(old, new) for old, new in zip(before, policy.parameters(), strict=True))


def test_one_step_has_ratio_one_and_more_meet_the_clip() -> None:
    _, one = learnt(CONFIG, played())
    assert (one["ratio_plan"], one["ratio_max_plan"], one["clip_share_plan"]) == (1, 1, 0)
    _, three = learnt(replace(CONFIG, update_epochs=3), played())
    assert three["ratio_max_plan"] > 1.15
    assert three["clip_share_plan"] > 0
    # The clip holds back exactly the sequences that have gone far enough: without it, the last
    # gradient is another.
    clipped, _ = learnt(replace(CONFIG, update_epochs=3), played())
    free, _ = learnt(replace(CONFIG, update_epochs=3, **dict.fromkeys(EPSILONS, 1e9)), played())
    assert torch.equal(clipped[0], free[0])
    assert not torch.allclose(clipped[2], free[2], atol=1e-5)


def test_a_minibatch_holds_whole_problems() -> None:
    with pytest.raises(UsageError, match=r"minibatches=3.*problems_per_step=2"):
        check(replace(CONFIG, minibatches=3))
    with pytest.raises(UsageError, match="update_epochs: got 0"):
        check(replace(CONFIG, update_epochs=0))
