"""What a program says about its method: by hand, by enumeration, and by the policy."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from cppo_grpo.config import TrainConfig
from cppo_grpo.learner.credit import compute_advantages
from cppo_grpo.learner.information import add_information, rollout_information, token_information
from cppo_grpo.model.policy import Policy
from cppo_grpo.model.tiny import make_model, train_tokenizer
from cppo_grpo.rollouts.values import Rollout, Samples
from cppo_grpo.samplers import Completion

from cppo_env import UsageError

K = 3
CONFIG = TrainConfig(algorithm="upskill", problems_per_step=1, tuples=2, k=K, max_tokens_solve=4)


def test_by_hand() -> None:
    # Two skills. Token 1 has probability .8 under z = 0 and .2 under z = 1, token 2 has .5 under
    # both, then padding.
    logps_BKT = torch.tensor([[[0.8, 0.5, 1.0], [0.2, 0.5, 1.0]]] * 3).log()
    mask_BT = torch.tensor([[True, True, False], [True, True, False], [True, False, False]])
    got = token_information(logps_BKT, torch.tensor([0, 1, 0]), mask_BT)
    expected = [math.log(0.8 / 0.5) / 2, math.log(0.2 / 0.5) / 2, math.log(0.8 / 0.5)]
    assert got.tolist() == pytest.approx(expected, abs=1e-6)


def test_equal_methods_say_nothing_and_perfect_ones_log_k() -> None:
    mask_BT = torch.ones(2, 4, dtype=torch.bool)
    same = torch.full((2, K, 4), -1.5)
    assert token_information(same, torch.tensor([0, 2]), mask_BT).tolist() == pytest.approx(
        [0, 0], abs=1e-6
    )
    sure = torch.full((2, K, 4), -1e4)
    sure[0, 0], sure[1, 2] = 0.0, 0.0
    assert token_information(sure, torch.tensor([0, 2]), mask_BT).tolist() == pytest.approx(
        [math.log(K)] * 2
    )


@pytest.mark.parametrize("seed", range(5))
def test_expectation_is_the_divergence_from_the_mixture(seed: int) -> None:
    # A softmax policy of two tokens over a vocabulary of 3; the second token depends on the first.
    generator = torch.Generator().manual_seed(seed)
    first_KV = torch.randn(K, 3, generator=generator, dtype=torch.float64).log_softmax(-1)
    second_KVV = torch.randn(K, 3, 3, generator=generator, dtype=torch.float64).log_softmax(-1)
    texts = list(itertools.product(range(3), repeat=2))
    logps_BKT = torch.stack(
        [torch.stack([first_KV[:, a], second_KVV[:, a, b]], -1) for a, b in texts]
    )
    mask_BT = torch.ones(len(texts), 2, dtype=torch.bool)
    for z in range(K):
        chances_B = logps_BKT[:, z].sum(-1).exp()
        information_B = token_information(logps_BKT, torch.full((len(texts),), z), mask_BT)
        expected = divergence(first_KV, z) + sum(
            float(first_KV[z, a].exp()) * divergence(second_KVV[:, a], z) for a in range(3)
        )
        assert float(chances_B @ information_B) == pytest.approx(expected / 2, abs=1e-9)
        assert expected > 0


def divergence(logps_KV: torch.Tensor, z: int) -> float:
    """KL(p_z ‖ mean of all p)."""
    return float((logps_KV[z].exp() * (logps_KV[z] - logps_KV.exp().mean(0).log())).sum())


def rollout() -> Rollout:
    """Two episodes of K = 3 branches; their skills are tokens 3, 4 and 5 of the prompt."""
    tokens = [(10, 2), (11, 12, 2), (10, 2), (13, 2), (10, 2), (14, 15, 16, 2)]
    programs = Samples(
        [(7, 8, 3 + i % K) for i in range(6)],
        [Completion(ids, (-1.0,) * len(ids), "stop") for ids in tokens],
        [""] * 6,
    )
    return Rollout(
        plans=Samples([], [], []),
        programs=programs,
        branches=np.array([(n, i) for n in range(2) for i in range(K)]),
        problems_N=np.array([0, 0]),
        rewards_N=np.zeros(2),
        r_out_N=np.zeros(2),
        validity_N=np.zeros(2),
        solver_rewards_NK=np.zeros((2, K)),
        void_N=np.zeros(2, dtype=bool),
        records=[],
    )


def policy() -> Policy:
    return Policy(make_model(train_tokenizer(["some text"]), hidden=32, layers=1))


@pytest.mark.parametrize("micro_batch_tokens", [16384, 8])
def test_a_batch_equals_one_sequence_at_a_time(micro_batch_tokens: int) -> None:
    trained, played = policy(), rollout()
    got = rollout_information(
        trained, played, replace(CONFIG, micro_batch_tokens=micro_batch_tokens)
    )
    with torch.no_grad():
        for (n, i), completion in zip(
            played.branches.tolist(), played.programs.completions, strict=True
        ):
            logps_KT = torch.stack(
                [
                    trained([(7, 8, 3 + z)], [completion.token_ids], CONFIG.temperature_solve)[0]
                    for z in range(K)
                ]
            )
            gain_T = logps_KT[i] - logps_KT.exp().mean(0).log()
            assert got[n, i] == pytest.approx(float(gain_T.mean()), abs=1e-5)
    assert np.abs(got).min() > 1e-4  # a model with random weights reads its prompt
    assert all(weight.grad is None for weight in trained.parameters())


def test_the_bonus_ranks_programs_that_earn_the_same() -> None:
    trained, played = policy(), rollout()
    with pytest.raises(UsageError, match="information_NK"):
        compute_advantages(played, CONFIG)
    paid = add_information(trained, played, CONFIG)
    assert paid.information_NK is not None
    order = np.argsort(paid.information_NK.ravel())
    assert (np.diff(compute_advantages(paid, CONFIG).solve_B[order]) >= 0).all()
    # Without the bonus, or in an algorithm that does not ask for it, nothing is computed, and
    # nobody is better.
    for other in (
        replace(CONFIG, skill_bonus=0.0),
        replace(CONFIG, algorithm="grpo", planner="skills"),
    ):
        assert add_information(trained, played, other) is played
        assert not compute_advantages(played, other).solve_B.any()


def test_a_truncated_program_earns_nothing() -> None:
    whole = rollout()
    cut = replace(whole.programs.completions[2], finish_reason="length")
    completions = [*whole.programs.completions[:2], cut, *whole.programs.completions[3:]]
    got = rollout_information(
        policy(), replace(whole, programs=replace(whole.programs, completions=completions)), CONFIG
    )
    expected = rollout_information(policy(), whole, CONFIG)
    expected[0, 2] = 0.0
    np.testing.assert_array_equal(got, expected)


def test_an_episode_without_programs_says_nothing() -> None:
    empty = replace(
        rollout(), programs=Samples([], [], []), branches=np.zeros((0, 2), dtype=np.int64)
    )
    assert not rollout_information(policy(), empty, CONFIG).any()
