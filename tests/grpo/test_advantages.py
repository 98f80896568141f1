"""The estimators against published vectors, exact arithmetic and enumeration of every outcome."""

from fractions import Fraction
from itertools import combinations, product
from math import comb

import numpy as np
import pytest
from cppo_grpo.advantages import (
    group_advantages,
    leave_one_out_max,
    leave_one_out_mean,
    pass_at_k,
    passk_training,
    pkpo,
)
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from cppo_env.errors import UsageError

EIGHT = [1.0, 1.0] + [0.0] * 6
MIXED = [0.1, 0.9, 0.4, 0.4, 0.0]

ESTIMATORS = {
    "group": group_advantages,
    "mean_only": lambda r, mask=None: group_advantages(r, std=False, mask=mask),
    "rloo": leave_one_out_mean,
    "loo_max": leave_one_out_max,
    "pkpo": lambda r, mask=None: pkpo(r, 3, mask=mask),
    "pkpo_loo": lambda r, mask=None: pkpo(r, 3, baseline="loo", mask=mask),
    "pkpo_none": lambda r, mask=None: pkpo(r, 3, baseline="none", mask=mask),
    "passk": lambda r, mask=None: passk_training(r, 3, mask=mask),
}
ZERO_MEAN = ("group", "mean_only", "rloo", "passk")
every = pytest.mark.parametrize("name", ESTIMATORS)


def rewards_of(name: str, n: int = 6) -> st.SearchStrategy[np.ndarray]:
    members = st.sampled_from([0.0, 1.0]) if name == "passk" else st.floats(-2, 2, width=32)
    return arrays(
        np.float64,
        array_shapes(max_dims=2, max_side=3).map(lambda shape: (*shape, n)),
        elements=members,
    )


@pytest.mark.parametrize(
    ("n", "c", "right", "wrong"),
    [
        (4, 1, 1.7320508, -0.5773503),
        (4, 2, 1.0, -1.0),
        (4, 3, 0.5773503, -1.7320508),
        (8, 1, 2.6457513, -0.3779645),
    ],
)
def test_group_vectors(n: int, c: int, right: float, wrong: float) -> None:
    np.testing.assert_allclose(
        group_advantages([1] * c + [0] * (n - c)), [right] * c + [wrong] * (n - c), atol=1e-6
    )


@pytest.mark.parametrize("rewards", [[1.0], [0.3] * 5, [[0.0] * 4, [1.0] * 4]])
def test_no_variance_no_signal(rewards: list) -> None:
    assert not group_advantages(rewards).any()
    assert not group_advantages(rewards, std=False).any()


@pytest.mark.parametrize(
    ("estimate", "right", "wrong"),
    [
        (pkpo(EIGHT, 4, baseline="none"), 0.5, 0.357143),
        (pkpo(EIGHT, 4, baseline="loo"), 0.173469, -0.132653),
        (pkpo(EIGHT, 4), 0.285714, 0.0),
        (passk_training(EIGHT, 4), 0.522233, -0.174078),
    ],
)
def test_binary_vectors(estimate: np.ndarray, right: float, wrong: float) -> None:
    np.testing.assert_allclose(estimate, [right] * 2 + [wrong] * 6, atol=1e-6)


def test_continuous_vectors() -> None:
    np.testing.assert_allclose(
        pkpo(MIXED, 3, baseline="none"), [0.39, 0.54, 0.39, 0.39, 0.39], atol=1e-12
    )
    np.testing.assert_allclose(
        pkpo(MIXED, 3, baseline="loo"), [-0.19125, 0.24, -0.19125, -0.19125, -0.19125], atol=1e-12
    )
    np.testing.assert_allclose(pkpo(MIXED, 3), [0, 0.33, 0.03, 0.03, 0], atol=1e-12)


def test_leave_one_out_max_is_pkpo_at_full_k() -> None:
    rewards = np.random.default_rng(0).random((7, 5)).round(1)  # rounding makes ties
    np.testing.assert_allclose(leave_one_out_max(rewards), pkpo(rewards, 5), atol=1e-12)
    np.testing.assert_allclose(leave_one_out_max([0.2, 0.9, 0.5]), [0, 0.4, 0], atol=1e-12)


def test_leave_one_out_mean() -> None:
    np.testing.assert_allclose(leave_one_out_mean([1.0, 0.0, 0.5]), [0.75, -0.75, 0.0], atol=1e-12)


def test_pass_at_k_is_exact_at_any_size() -> None:
    assert pass_at_k(8, 2, 4) == pytest.approx(11 / 14, abs=1e-12)
    for n, c, k in [
        (10, 0, 3),
        (10, 10, 3),
        (10_000, 1, 1),
        (10_000, 3, 5_000),
        (10_000, 5_000, 3),
        (10_000, 40, 200),
    ]:
        exact = 1 - Fraction(comb(n - c, k), comb(n, k))
        assert pass_at_k(n, c, k) == pytest.approx(float(exact), rel=1e-9)
    np.testing.assert_allclose(
        pass_at_k(4, np.array([[0], [2]]), np.array([1, 2])), [[0, 0], [0.5, 5 / 6]]
    )


def test_large_groups_stay_finite_and_exact() -> None:
    rewards = np.random.default_rng(1).random(10_000)
    n, k = rewards.size, 7
    ranks = np.argsort(np.argsort(rewards))
    expected = sum(
        Fraction(comb(int(rank), k - 1), comb(n, k)) * Fraction(float(r))
        for r, rank in zip(rewards, ranks, strict=True)
    )
    assert pkpo(rewards, k, baseline="none").sum() == pytest.approx(k * float(expected), rel=1e-9)
    assert np.isfinite(pkpo(rewards, 5_000)).all()
    binary = (rewards > 0.999).astype(float)
    assert np.isfinite(passk_training(binary, 5_000)).all()


@pytest.mark.parametrize("baseline", ["none", "loo", "loo_minus_one"])
def test_pkpo_equals_its_definition_by_subsets(baseline: str) -> None:
    rewards = np.random.default_rng(2).random(6).round(1)
    k, n = 3, 6

    def best(members: list[int], size: int) -> float:
        return float(
            np.mean([max(rewards[list(subset)]) for subset in combinations(members, size)])
        )

    for i, weight in enumerate(pkpo(rewards, k, baseline=baseline)):
        others = [j for j in range(n) if j != i]
        with_i = [max(rewards[list(s)]) for s in combinations(range(n), k) if i in s]
        base = {
            "none": 0.0,
            "loo": k / (n - 1) * best(others, k),
            "loo_minus_one": k / n * best(others, k - 1),
        }[baseline]
        assert weight == pytest.approx(sum(with_i) / comb(n, k) - base, abs=1e-12)


@pytest.mark.parametrize(
    "estimator",
    [
        lambda r: pkpo(r, 3),
        lambda r: pkpo(r, 3, baseline="loo"),
        lambda r: pkpo(r, 3, baseline="none"),
    ],
)
def test_unbiased_for_the_gradient_of_max_at_k(estimator) -> None:
    """E[Σ s_i ∇log p_i] = ∇E[max of 3], by enumeration.

    Every outcome of a 3-outcome softmax policy at n = 5, k = 3.
    """
    assert_unbiased(estimator, n=5, k=3)


def test_leave_one_out_max_is_unbiased_at_k_equal_n() -> None:
    assert_unbiased(leave_one_out_max, n=4, k=4)


def assert_unbiased(estimator, *, n: int, k: int) -> None:
    logits = np.array([0.3, -0.5, 0.1])
    values = np.array([0.0, 0.4, 1.0])
    p = np.exp(logits) / np.exp(logits).sum()
    score = np.eye(3) - p  # ∇ log p(outcome), one row for each outcome

    def expectation(draws: int, of) -> np.ndarray:
        outcomes = np.array(list(product(range(3), repeat=draws)))
        return (p[outcomes].prod(-1)[:, None] * of(outcomes)).sum(0)

    truth = expectation(k, lambda o: values[o].max(-1)[:, None] * score[o].sum(1))
    estimate = expectation(n, lambda o: (estimator(values[o])[..., None] * score[o]).sum(1))
    np.testing.assert_allclose(estimate, truth, atol=1e-12)


@every
@given(data=st.data())
def test_permuting_a_group_permutes_its_advantages(name: str, data: st.DataObject) -> None:
    rewards = data.draw(rewards_of(name))
    order = data.draw(st.permutations(range(rewards.shape[-1])))
    np.testing.assert_allclose(
        ESTIMATORS[name](rewards)[..., order], ESTIMATORS[name](rewards[..., order]), atol=1e-6
    )


@every
@given(data=st.data())
def test_every_group_is_its_own(name: str, data: st.DataObject) -> None:
    rewards = data.draw(rewards_of(name))
    result = ESTIMATORS[name](rewards)
    for index in np.ndindex(rewards.shape[:-1]):
        np.testing.assert_allclose(result[index], ESTIMATORS[name](rewards[index]), atol=1e-9)


@pytest.mark.parametrize("name", ZERO_MEAN)
@given(data=st.data())
def test_zero_mean(name: str, data: st.DataObject) -> None:
    np.testing.assert_allclose(ESTIMATORS[name](data.draw(rewards_of(name))).mean(-1), 0, atol=1e-6)


@every
@given(data=st.data())
def test_void_members_leave_their_group(name: str, data: st.DataObject) -> None:
    rewards = data.draw(rewards_of(name).filter(lambda r: r.ndim == 2))
    mask = data.draw(arrays(bool, rewards.shape))
    result = ESTIMATORS[name](np.where(mask, rewards, np.nan), mask=mask)
    assert not result[~mask].any()
    for row, kept, got in zip(rewards, mask, result, strict=True):
        if kept.sum() >= 4:  # the largest minimum of the estimators under test
            np.testing.assert_allclose(got[kept], ESTIMATORS[name](row[kept]), atol=1e-9)


def test_a_group_that_voids_made_too_small_has_no_signal() -> None:
    mask = [True, True, False, False]
    assert not pkpo([1.0, 0.0, 1.0, 0.0], 3, mask=mask).any()
    assert not leave_one_out_mean([1.0, 0.0], mask=[True, False]).any()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: leave_one_out_mean([1.0]), "group of 1, expected at least 2"),
        (lambda: leave_one_out_max([1.0]), "group of 1, expected at least 2"),
        (lambda: pkpo([1.0, 0.0], 3), "got k=3, expected 2 ≤ k ≤ 2"),
        (lambda: pkpo([1.0, 0.0], 1), "got k=1, expected 2 ≤ k ≤ 2"),
        (lambda: pkpo([1.0, 0.0], 2, baseline="loo"), "got k=2, expected 1 ≤ k ≤ 1"),
        (lambda: pkpo([1.0, 0.0], 2, baseline="mean"), "baseline='mean'"),
        (lambda: passk_training([1.0, 0.0], 3), "got k=3"),
        (lambda: passk_training([0.5, 0.0], 2), "other than 0 and 1"),
        (lambda: group_advantages([np.nan, 1.0]), "not finite"),
        (lambda: pass_at_k(4, 5, 2), "got c=5"),
        (lambda: pass_at_k(4, 1, 5), "got k=5"),
    ],
)
def test_refusals_say_which_knob(call, says: str) -> None:
    with pytest.raises(UsageError, match=says.replace("≤", ".")):
        call()
