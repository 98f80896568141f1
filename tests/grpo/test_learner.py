"""Rollout → update: who gets a gradient; computing equal sequences once changes nothing."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from cppo_grpo.checks import check
from cppo_grpo.config import TrainConfig
from cppo_grpo.learner.batches import distinct_batches
from cppo_grpo.learner.credit import compute_advantages
from cppo_grpo.learner.learner import Learner
from cppo_grpo.learner.optimizer import learning_rate
from cppo_grpo.model.policy import Policy
from cppo_grpo.rollouts.values import Rollout

from cppo_env import UsageError
from tests.support.rollouts import CONFIG, model, rollout, samples


def weights_after(config: TrainConfig, batch: Rollout) -> dict[str, torch.Tensor]:
    policy = Policy(model())
    Learner(policy, None, config).update(batch, 0)
    return {name: weight.detach().clone() for name, weight in policy.named_parameters()}


def test_planner_groups_are_the_tuples_of_a_problem_and_solver_groups_the_branches_of_a_tuple() -> (
    None
):
    worth = compute_advantages(rollout(), CONFIG)
    right, wrong = np.sqrt(0.5), -np.sqrt(2.0)
    assert worth.plan_N == pytest.approx(
        [right, wrong, right, np.sqrt(2.0), -np.sqrt(0.5), -np.sqrt(0.5)], abs=1e-6
    )
    assert worth.solve_B == pytest.approx([1, -1, 0, 0, -1, 1, 0, 0, 0, 0], abs=1e-6)


def test_a_void_episode_leaves_its_groups_and_takes_no_gradient() -> None:
    void = np.array([False, False, True, False, False, False])
    worth = compute_advantages(rollout(void_N=void), CONFIG)
    assert worth.plan_N[:3] == pytest.approx([1, -1, 0], abs=1e-6)
    assert worth.trainable_N.tolist() == [True, True, False, True, True, True]
    assert worth.trainable_B.tolist() == [True] * 4 + [False] * 2 + [True] * 4
    assert worth.solve_B[4:6].tolist() == [0, 0]


def test_a_truncated_plan_counts_in_its_group_and_takes_no_gradient() -> None:
    whole = rollout()
    cut = replace(
        whole, plans=samples([one.token_ids for one in whole.plans.completions], truncated=(1,))
    )
    worth, cut_worth = compute_advantages(whole, CONFIG), compute_advantages(cut, CONFIG)
    assert cut_worth.plan_N.tolist() == worth.plan_N.tolist()
    assert cut_worth.trainable_N.tolist() == [True, False, True, True, True, True]
    # Without the truncated sequence's gradient the weights end up elsewhere.
    some = weights_after(CONFIG, whole)
    assert any(
        not torch.equal(weight, some[name]) for name, weight in weights_after(CONFIG, cut).items()
    )


def test_equal_sequences_go_through_the_model_once() -> None:
    policy = Policy(model())
    programs = rollout().programs
    batches = distinct_batches(policy, programs, np.arange(10), max_tokens=10_000)
    assert len(batches) == 1
    assert len(batches[0].completions) == 4
    assert sorted(batches[0].members.tolist()) == list(range(10))
    for member, row in zip(batches[0].members, batches[0].rows, strict=True):
        assert batches[0].prompts[row] == programs.prompts[member]
        assert batches[0].completions[row] == programs.completions[member].token_ids


def gradient(**changes: object) -> torch.Tensor:
    """The update's gradient, shown by plain descent; Adam would hide its size."""
    policy = Policy(model())
    learner = Learner(policy, None, replace(CONFIG, max_grad_norm=0.0, **changes))  # type: ignore[arg-type]
    learner.optimizer = torch.optim.SGD(policy.parameters(), lr=1.0)  # type: ignore[assignment]
    learner.update(rollout(), 0)
    assert {weight.dtype for weight in policy.parameters()} == {torch.float32}
    return torch.cat(
        [weight.grad.flatten() for weight in policy.parameters() if weight.grad is not None]
    )


def test_micro_batches_add_up_to_the_whole_batch() -> None:
    assert gradient(micro_batch_tokens=8) == pytest.approx(gradient(), abs=1e-6)


def test_checkpointed_activations_give_the_same_gradient() -> None:
    assert torch.equal(gradient(checkpoint_activations=True), gradient())


def test_bf16_gives_nearly_the_same_gradient_on_float32_weights() -> None:
    exact, rough = gradient(), gradient(bf16=True)
    assert not torch.equal(exact, rough)
    assert torch.nn.functional.cosine_similarity(exact, rough, dim=0) > 0.99


def test_bf16_sees_no_divergence_between_equal_models() -> None:
    policy = Policy(model())
    learner = Learner(
        policy, Policy(model()), replace(CONFIG, bf16=True, beta_plan=0.1, beta_solve=0.1)
    )
    metrics = learner.update(rollout(), 0)
    assert metrics["kl_plan"] == metrics["kl_solve"] == 0


def test_a_right_program_becomes_likelier_and_a_wrong_one_less_likely() -> None:
    policy = Policy(model())
    prompt, right, wrong = (5, 6, 7), (20, 2), (23, 24, 2)
    with torch.no_grad():
        before = policy([prompt, (5, 6, 8, 9)], [right, wrong], 0.7).sum(-1)
    learner = Learner(policy, None, replace(CONFIG, lr=1e-3))
    solver = np.array([[1, 0]] * 6, dtype=float)
    programs = samples([(20, 2), (23, 24, 2)] * 5)
    learner.update(rollout(programs=programs, solver_rewards_NK=solver, rewards_N=np.zeros(6)), 0)
    with torch.no_grad():
        after = policy([prompt, (5, 6, 8, 9)], [right, wrong], 0.7).sum(-1)
    assert after[0] > before[0]
    assert after[1] < before[1]


def test_the_pull_on_plans_falls_in_the_last_sixth_of_the_steps() -> None:
    falling = replace(CONFIG, steps=12, beta_plan=0.5, beta_plan_final=0.1, beta_solve=0.2)
    betas = [falling.region("plan", step).beta for step in range(12)]
    assert betas == [0.5] * 10 + [0.1] * 2
    assert {falling.region("solve", step).beta for step in range(12)} == {0.2}
    assert replace(falling, beta_plan=0.0, beta_solve=0.0).anchored

    def after(config: TrainConfig, step: int) -> torch.Tensor:
        policy, reference = Policy(model()), Policy(model())
        with torch.no_grad():
            for weight in reference.parameters():
                weight.mul_(0.9)
        Learner(policy, reference, config).update(rollout(), step)
        return torch.cat([weight.detach().flatten() for weight in policy.parameters()])

    constant = replace(falling, beta_plan_final=None)
    assert torch.equal(after(falling, 9), after(constant, 9))
    assert torch.equal(after(falling, 10), after(replace(constant, beta_plan=0.1), 10))
    assert not torch.equal(after(falling, 10), after(constant, 10))


def test_weights_of_16_bits_and_a_missing_reference_are_refused() -> None:
    with pytest.raises(UsageError, match="float32"):
        Learner(Policy(model().to(torch.bfloat16)), None, CONFIG)
    with pytest.raises(UsageError, match="reference"):
        Learner(Policy(model()), None, replace(CONFIG, beta_plan=0.1))


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"steps": "12"}, "steps: got '12'; input should be a valid integer"),
        (
            {"planner": "skils"},
            "planner: got 'skils'; input should be 'policy', 'none' or 'skills'",
        ),
        ({"lr": math.nan}, "lr: got nan, expected 0 or more"),
        ({"epsilon_plan": -0.1}, "epsilon_plan: got -0.1, expected 0 or more"),
        ({"micro_batch_tokens": 0}, "micro_batch_tokens: got 0, expected at least 1"),
        ({"k": 27}, "k: got 27, expected 1 to 26"),
        ({"temperature_plan": 0.0}, "temperature_plan: got 0.0, expected more than 0"),
        ({"env": "CPPO-APS-v0"}, "did you mean 'CPPO-APPS-v0'"),
        ({"env": "CartPole-v1"}, "env: got 'CartPole-v1', expected one of CPPO-APPS-v0"),
        ({"sampler": "vlm"}, "no samplers named 'vlm'; did you mean 'vllm'"),
        ({"tuples": 1}, "a group of one has nobody to be compared with; raise tuples"),
        ({"k": 1}, "k=1, .* no outcome is better than another; raise k"),
        ({"k": 1, "algorithm": "loo_max"}, "algorithm=loo_max, .* group of 1"),
        (
            {"algorithm": "passk_training", "solver_group": "tuple"},
            "K of K attempts carry no signal",
        ),
        (
            {"algorithm": "passk_training", "tuples": 1, "planner": "none"},
            "no outcome is better than another",
        ),
        (
            {"algorithm": "grpo", "plan_only": True, "reward": "validity"},
            "never sees the planner's reward",
        ),
        ({"algorithm": "pkpo", "reward": "outcome"}, "never sees the planner's reward"),
    ],
)
def test_settings_that_cannot_be_carried_out_or_cannot_learn_are_refused(
    settings: dict[str, Any], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        check(TrainConfig(**settings))


@pytest.mark.parametrize(
    "settings",
    [
        {"k": 1, "solver_group": "problem"},
        {"k": 1, "lambda_solve": 0.0},
        {"algorithm": "rloo", "tuples": 1, "planner": "none"},
    ],
)
def test_settings_that_can_learn_are_not(settings: dict[str, Any]) -> None:
    check(TrainConfig(**settings))


@pytest.mark.parametrize(
    "algorithm", ["cppo", "grpo", "rloo", "dr_grpo", "pkpo", "passk_training", "loo_max", "upskill"]
)
def test_an_algorithm_knows_how_its_tokens_are_averaged_unless_told(algorithm: str) -> None:
    sums = algorithm in ("rloo", "dr_grpo", "pkpo", "loo_max")
    config = TrainConfig(algorithm=algorithm)
    assert config.region("solve").aggregation == ("constant_length" if sums else "sequence_mean")
    assert replace(config, aggregation_plan="token_mean").region("plan").aggregation == "token_mean"


def test_the_learning_rate_rises_and_falls_linearly() -> None:
    config = TrainConfig(lr=1.0, lr_warmup_steps=4, steps=101, lr_final=0.2)
    assert [learning_rate(step, config) for step in (0, 50, 100)] == pytest.approx([0.25, 0.6, 0.2])
    constant = TrainConfig(lr=1.0, lr_warmup_steps=1, steps=101)
    assert {learning_rate(step, constant) for step in range(101)} == {1.0}
