"""Algorithms that look at the programs: against enumeration, and by hand."""

from itertools import combinations

import numpy as np
import pytest
from cppo_grpo.algorithms import EpisodeRewards, Options, load_algorithm
from cppo_grpo.algorithms.poly_epo import marginal_advantages
from cppo_grpo.algorithms.similarity import clusters, redundancy, shape, similarity
from cppo_grpo.config import TrainConfig
from cppo_grpo.learner.credit import compute_advantages

from cppo_env.errors import UsageError
from tests.support.rollouts import rollout

SUM = "a, b = map(int, input().split())\nprint(a + b)\n"
RENAMED = "x,y=map(int,input().split())  # read\nprint(x+y)\n"
LOOP = "total = 0\nfor word in input().split():\n    total += int(word)\nprint(total)\n"


def by_enumeration(rewards, groups, k):
    scores = {
        chosen: rewards[list(chosen)].mean()
        * len({groups[i] for i in chosen if groups[i] >= 0})
        / k
        for chosen in combinations(range(len(rewards)), k)
    }
    overall = np.mean([*scores.values()])
    return [
        np.mean([score for chosen, score in scores.items() if i in chosen]) - overall
        for i in range(len(rewards))
    ]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("n", "k"), [(5, 1), (5, 2), (6, 4), (7, 3), (8, 7), (3, 2)])
def test_marginal_advantages_equal_enumeration(n, k, seed):
    random = np.random.default_rng(seed)
    rewards = random.integers(0, 2, n).astype(float)
    groups = random.integers(-1, 4, n)
    np.testing.assert_allclose(
        marginal_advantages(rewards, groups, k), by_enumeration(rewards, groups, k), atol=1e-12
    )


def test_a_wrong_program_that_is_different_beats_a_wrong_copy():
    gains = marginal_advantages(np.array([1.0, 1, 0, 0]), np.array([0, 0, 0, 1]), 2)
    assert gains[3] > gains[2]
    assert gains[0] > gains[2]


def test_names_layout_and_comments_make_no_other_program():
    assert shape(SUM) == shape(RENAMED)
    assert similarity(SUM, RENAMED) == 1.0
    assert 0.0 <= similarity(SUM, LOOP) < 0.8
    assert similarity(SUM, LOOP) == similarity(LOOP, SUM)
    assert similarity(SUM, "print(") < 1.0
    assert clusters([SUM, None, LOOP, RENAMED, "print("]).tolist() == [0, -1, 1, 0, -1]
    alike = redundancy([SUM, RENAMED, None, LOOP])
    assert alike[2] == 1.0
    assert alike[0] == alike[1] == pytest.approx((1 + similarity(LOOP, SUM)) / 3)
    assert redundancy([SUM]).tolist() == [0.0]


def batch(programs, solved):
    solutions = np.array(solved, float).reshape(1, 1, -1)
    return EpisodeRewards(
        solutions.max(-1),
        solutions,
        np.zeros((1, 1), bool),
        np.ones((1, 1), bool),
        programs_PMK=np.array(programs, dtype=object).reshape(solutions.shape),
    )


def test_a_copy_earns_less_than_the_only_one_of_its_kind():
    algorithm = load_algorithm("redundancy")
    given = batch([SUM, RENAMED, LOOP], [1, 1, 1])
    copies = algorithm(given, Options(redundancy_penalty=0.5)).solutions_PMK[0, 0]
    assert copies[2] > 0 > copies[0] == copies[1]
    grpo = load_algorithm("grpo")(given, Options()).solutions_PMK
    assert (algorithm(given, Options()).solutions_PMK == grpo).all()


@pytest.mark.parametrize("nonsense", [None, "print(sum(\nprint(", "no program"])
def test_nonsense_which_resembles_nothing_earns_no_more_than_a_wrong_program(nonsense):
    given = batch([SUM, RENAMED, LOOP, nonsense], [0, 0, 0, 0])
    earned = load_algorithm("redundancy")(given, Options(redundancy_penalty=0.5)).solutions_PMK
    assert earned[0, 0].argmin() == 3


def test_equally_alike_programs_leave_grpo_as_it_is():
    given = batch([SUM, RENAMED, SUM], [1, 0, 0])
    np.testing.assert_allclose(
        load_algorithm("redundancy")(given, Options(redundancy_penalty=2.0)).solutions_PMK,
        load_algorithm("grpo")(given, Options()).solutions_PMK,
    )


def test_a_rollout_without_records_is_refused():
    config = TrainConfig(tuples=3, k=2, algorithm="redundancy", planner="none")
    with pytest.raises(UsageError, match="0 records of 6 episodes"):
        compute_advantages(rollout(), config)
