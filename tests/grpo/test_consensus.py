"""CAPO: replicates of the update, averaged."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from cppo_grpo.checks import check
from cppo_grpo.learner.learner import Learner
from cppo_grpo.model.policy import Policy

from cppo_env.errors import UsageError
from tests.support.rollouts import CONFIG, model, rollout


def updated(seed=0, steps=1, **settings):
    torch.manual_seed(3)
    policy = Policy(model())
    learner = Learner(policy, None, replace(CONFIG, minibatches=2, seed=seed, **settings))
    metrics = [learner.update(rollout(), step) for step in range(steps)]
    return learner, torch.cat([one.detach().flatten() for one in policy.parameters()]), metrics[-1]


class Reversed(Learner):
    """The plain update with its two minibatches the other way round."""

    def _ordered(self, minibatches, step, replicate):
        yield from reversed(minibatches)


def swapped(seed):
    """Whether replicate 1 of a run with this seed takes the minibatches the other way round."""
    return np.random.default_rng([seed, 0, 1]).permutation(2)[0] == 1


def test_two_replicates_are_the_mean_of_both_orders():
    seed = next(seed for seed in range(99) if swapped(seed))
    _, plain, plain_metrics = updated(seed)
    torch.manual_seed(3)
    policy = Policy(model())
    Reversed(policy, None, replace(CONFIG, minibatches=2)).update(rollout(), 0)
    other = torch.cat([one.detach().flatten() for one in policy.parameters()])
    assert not torch.equal(plain, other)
    _, both, metrics = updated(seed, replicates=2)
    torch.testing.assert_close(both, (plain + other) / 2, rtol=0, atol=1e-7)
    assert metrics["replicate_spread"] > 0
    assert "replicate_spread" not in plain_metrics


def test_replicates_that_agree_change_nothing():
    seed = next(seed for seed in range(99) if not swapped(seed))
    plain_learner, plain, _ = updated(seed)
    learner, both, metrics = updated(seed, replicates=2)
    torch.testing.assert_close(both, plain, rtol=0, atol=1e-8)
    assert metrics["replicate_spread"] < 1e-6
    for ours, theirs in zip(
        learner.optimizer.state.values(), plain_learner.optimizer.state.values(), strict=True
    ):
        assert ours["step"] == theirs["step"]
        torch.testing.assert_close(ours["exp_avg"], theirs["exp_avg"])


def test_each_replicate_starts_from_the_same_weights_and_moments_in_later_steps_too():
    _, four, metrics = updated(0, steps=2, replicates=4)
    _, again, _ = updated(0, steps=2, replicates=4)
    assert torch.equal(four, again)
    assert torch.isfinite(four).all()
    learner, _, _ = updated(0, steps=2, replicates=4)
    assert {float(state["step"]) for state in learner.optimizer.state.values()} == {4.0}
    assert metrics["skipped_updates"] == 0
    assert learner.moved == 2 * 4 * 2


def test_replicates_need_an_order():
    with pytest.raises(UsageError, match="raise minibatches"):
        check(replace(CONFIG, replicates=2))
