"""What each algorithm makes of rewards; found by name, like a user's."""

import numpy as np
import pytest
from cppo_grpo.advantages import group_advantages, pkpo
from cppo_grpo.algorithms import Advantages, EpisodeRewards, Options

from cppo_env import plugins
from cppo_env.errors import UsageError

NAMES = (
    *("cppo", "dr_grpo", "grpo", "loo_max", "passk_training", "pkpo", "pkpo_loo", "pkpo_plain"),
    *("poly_epo", "redundancy", "rloo", "upskill"),
)
WHOLE_PROBLEMS = ("passk_training", "pkpo_loo", "poly_epo")
"""Those that need groups of more than K attempts."""
P, M, K = 3, 4, 4


def rewards(seed: int = 0) -> EpisodeRewards:
    """Tuple (0, 1) could not be read, tuple (1, 2) is void."""
    generator = np.random.default_rng(seed)
    solutions = (generator.random((P, M, K)) < 0.12).astype(float)
    ran, void = np.ones((P, M), bool), np.zeros((P, M), bool)
    ran[0, 1], void[1, 2] = False, True
    solutions[0, 1] = 0.0
    plans = solutions.max(-1) * (generator.random((P, M)) < 0.8)
    return EpisodeRewards(plans, solutions, void, ran)


CASES = [
    (name, group)
    for name in NAMES
    for group in ("tuple", "problem")
    if name not in WHOLE_PROBLEMS or group == "problem"
]
every = pytest.mark.parametrize(("name", "group"), CASES)


@every
def test_voids_and_missing_branches_have_no_advantage(name: str, group: str) -> None:
    batch = rewards()
    result: Advantages = plugins.load("algorithms", name)(batch, Options(solver_group=group))
    assert result.plans_PM.shape == (P, M) and result.solutions_PMK.shape == (P, M, K)
    assert result.solutions_PMK.any()
    assert not result.plans_PM[1, 2] and not result.solutions_PMK[1, 2].any()
    assert not result.solutions_PMK[0, 1].any()


@every
def test_what_is_void_does_not_matter(name: str, group: str) -> None:
    batch = rewards()
    other = EpisodeRewards(
        batch.plans_PM.copy(), batch.solutions_PMK.copy(), batch.void_PM, batch.ran_PM
    )
    other.plans_PM[1, 2] = 1 - other.plans_PM[1, 2]
    other.solutions_PMK[1, 2] = 1 - other.solutions_PMK[1, 2]
    algorithm = plugins.load("algorithms", name)
    mine, theirs = algorithm(batch, Options(group)), algorithm(other, Options(group))
    np.testing.assert_array_equal(mine.plans_PM, theirs.plans_PM)
    np.testing.assert_array_equal(mine.solutions_PMK, theirs.solutions_PMK)


def test_cppo_is_split_region_grpo() -> None:
    batch = rewards()
    result = plugins.load("algorithms", "cppo")(batch, Options())
    np.testing.assert_array_equal(
        result.plans_PM[0], group_advantages(batch.plans_PM[0])
    )  # the unread plan counts
    np.testing.assert_array_equal(
        result.solutions_PMK[2, 1], group_advantages(batch.solutions_PMK[2, 1])
    )
    kept = [0, 1, 3]
    np.testing.assert_allclose(result.plans_PM[1, kept], group_advantages(batch.plans_PM[1, kept]))
    by_problem = plugins.load("algorithms", "cppo")(batch, Options("problem"))
    np.testing.assert_allclose(  # an unread plan has no branches that could count
        by_problem.solutions_PMK[0, [0, 2, 3]].ravel(),
        group_advantages(batch.solutions_PMK[0, [0, 2, 3]].ravel()),
    )
    mean_only = plugins.load("algorithms", "cppo")(batch, Options(normalise=False))
    np.testing.assert_allclose(mean_only.plans_PM[2], batch.plans_PM[2] - batch.plans_PM[2].mean())


def test_baselines_see_attempts() -> None:
    batch = rewards()
    result = plugins.load("algorithms", "pkpo")(batch, Options("problem"))
    # The unread plan spent K wrong attempts; the learner takes means over the M·K attempts, and
    # PKPO is a sum.
    weights = M * K * pkpo(batch.solutions_PMK[0].ravel(), K).reshape(M, K)
    np.testing.assert_allclose(result.plans_PM[0], weights.sum(-1))
    np.testing.assert_allclose(result.solutions_PMK[0, [0, 2, 3]], weights[[0, 2, 3]])


def test_every_algorithm_prefers_what_was_right() -> None:
    solutions = np.array([[[1.0, 0, 0, 0], [0, 0, 0, 0]]])
    batch = EpisodeRewards(
        solutions.max(-1), solutions, np.zeros((1, 2), bool), np.ones((1, 2), bool)
    )
    for name in NAMES:
        result = plugins.load("algorithms", name)(batch, Options("problem"))
        assert result.plans_PM[0, 0] > result.plans_PM[0, 1]
        assert (result.solutions_PMK[0, 0, 0] > result.solutions_PMK[0, 0, 1:]).all()


@pytest.mark.parametrize("name", WHOLE_PROBLEMS)
def test_algorithms_that_need_larger_groups_say_which_knob(name: str) -> None:
    with pytest.raises(UsageError, match="set solver_group=problem"):
        plugins.load("algorithms", name)(rewards(), Options("tuple"))
