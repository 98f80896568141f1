"""pass@k of tuples and of independent attempts, against full enumeration."""

from itertools import combinations, product

import numpy as np
import pytest

from cppo_env.errors import UsageError
from cppo_env.estimators import (
    pass_at_k,
    pass_at_k_in_order,
    policy_pass_at_k,
    tuple_pass_at_k,
)

SHAPES = [(1, 1), (1, 4), (2, 3), (3, 2), (4, 4)]


def samples(t: int, k: int) -> list[np.ndarray]:
    rng = np.random.default_rng([t, k])
    return [rng.random((t, k)) < share for share in (0.0, 0.2, 0.5, 1.0) for _ in range(5)]


@pytest.mark.parametrize(("t", "k"), SHAPES)
def test_whole_tuples_are_the_mean_over_all_choices_of_tuples(t: int, k: int) -> None:
    for solved in samples(t, k):
        for size in range(1, t + 1):
            choices = [solved[list(chosen)].any() for chosen in combinations(range(t), size)]
            assert tuple_pass_at_k(solved, size * k) == pytest.approx(np.mean(choices))
            assert policy_pass_at_k(solved, size * k, independent=False) == pytest.approx(
                np.mean(choices)
            )


@pytest.mark.parametrize(("t", "k"), SHAPES)
def test_below_k_a_joint_policy_is_scored_by_parts_of_one_tuple(t: int, k: int) -> None:
    for solved in samples(t, k):
        for size in range(1, k + 1):
            parts = [
                row[list(part)].any() for row in solved for part in combinations(range(k), size)
            ]
            assert policy_pass_at_k(solved, size, independent=False) == pytest.approx(
                np.mean(parts)
            )
            first = [row[:size].any() for row in solved]
            assert pass_at_k_in_order(solved, size) == pytest.approx(np.mean(first))


@pytest.mark.parametrize(("t", "k"), SHAPES)
def test_independent_attempts_are_the_mean_over_all_choices_of_attempts(t: int, k: int) -> None:
    for solved in samples(t, k):
        for size in range(1, t * k + 1):
            choices = [any(chosen) for chosen in combinations(solved.ravel(), size)]
            assert policy_pass_at_k(solved, size, independent=True) == pytest.approx(
                np.mean(choices)
            )


JOINT = {(1, 0): 0.5, (0, 1): 0.3, (0, 0): 0.2}
"""A policy of two attempts that are never both right."""


def expected(estimate) -> float:
    """The mean of an estimate over every outcome of three tuples."""
    return sum(
        np.prod([JOINT[row] for row in rows]) * estimate(np.array(rows))
        for rows in product(JOINT, repeat=3)
    )


def test_the_estimates_of_a_joint_policy_are_unbiased() -> None:
    def at(k: int) -> float:
        return expected(lambda solved: policy_pass_at_k(solved, k, independent=False))

    assert at(1) == pytest.approx(0.4)
    assert at(2) == pytest.approx(0.8)
    assert at(4) == pytest.approx(1 - 0.2**2)
    assert at(6) == pytest.approx(1 - 0.2**3)
    assert expected(lambda solved: pass_at_k_in_order(solved, 1)) == pytest.approx(0.5)
    # Pooling, which tuples must not suffer, hides what the policy does.
    assert expected(lambda solved: pass_at_k(6, int(solved.sum()), 2)) < 0.7


@pytest.mark.parametrize("t", [1, 2, 8])
def test_a_perfect_coordinator_is_perfect_however_many_tuples_it_plays(t: int) -> None:
    solved = np.eye(4, dtype=bool)[np.arange(t) % 4]
    assert tuple_pass_at_k(solved, 4) == 1.0
    pooled = policy_pass_at_k(solved, 4, independent=True)
    assert pooled == pytest.approx({1: 1.0, 2: 0.786, 8: 0.705}[t], abs=5e-4)


@pytest.mark.parametrize(
    ("attempts", "message"),
    [
        (6, r"attempts: got 6 with K=4, expected whole tuples of 4; give 4 or 8"),
        (3, r"attempts: got 3 with K=4, expected whole tuples of 4; give 4$"),
        (0, "attempts: got 0, expected 1 or more"),
        (12, "attempts: got 12 with 2 tuples of K=4, expected at most 8"),
    ],
)
def test_a_budget_that_breaks_tuples_up_is_refused(attempts: int, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        tuple_pass_at_k(np.ones((2, 4)), attempts)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tuple_pass_at_k([1, 0], 1), r"solved_TK: got shape \(2,\)"),
        (lambda: tuple_pass_at_k(np.ones((0, 4)), 4), r"solved_TK: got shape \(0, 4\)"),
        (lambda: tuple_pass_at_k([[0.5, 1.0]], 2), "other values than 0 and 1"),
        (lambda: pass_at_k_in_order([[1, 0]], 3), "got k=3 with tuples of 2"),
        (lambda: policy_pass_at_k([[1, 0]], 3, independent=True), "got k=3 with n=2"),
        (lambda: policy_pass_at_k([[1, 0]] * 2, 3, independent=False), "give 2 or 4"),
        (lambda: policy_pass_at_k([[1, 0]], 0, independent=False), "got k=0"),
    ],
)
def test_what_is_no_record_of_attempts_is_refused(call, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        call()
