"""Filters, views, lookups and reproducible sampling."""

import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cppo_env.errors import ProblemDataError, UnknownNameError, UsageError
from cppo_env.problems import load_problems, select
from cppo_env.problems.sampling import Curriculum, ProblemSampler
from cppo_env.problems.views import Indexed
from cppo_env.testing import ProblemSetContract
from cppo_env.types import Problem, TestCase


def problem(number: int) -> Problem:
    return Problem(
        id=f"p{number}",
        statement="s" * (number + 1),
        tests=(TestCase("1", "2"),) * (number % 4 + 1),
        metadata={
            "split": ("train", "test")[number % 2],
            "difficulty": number % 3,
            "platform": "atcoder" if number < 5 else None,
            "date": f"2024-0{number % 9 + 1}-15T00:00:00" if number else None,
            "languages": ("python3", "cpp") if number % 5 == 0 else (),
        },
    )


PROBLEMS = [problem(number) for number in range(12)]


def ids(**filters: object) -> list[int]:
    return [int(entry.id[1:]) for entry in load_problems(PROBLEMS, **filters)]


class TestView(ProblemSetContract):
    def make(self):
        return load_problems(PROBLEMS, split="test").shuffle(seed=1).skip(1)


def test_every_filter_says_what_it_says():
    assert ids(split="test") == [1, 3, 5, 7, 9, 11]
    assert ids(difficulty=2) == ids(difficulty="2") == [2, 5, 8, 11]
    assert ids(difficulty=[0, 1]) == [0, 1, 3, 4, 6, 7, 9, 10]
    assert ids(platform="atcoder", split="train") == [0, 2, 4]
    assert ids(start_date="2024-03-15", end_date="2024-04-15") == [2, 3, 11]
    assert ids(min_tests=4) == [3, 7, 11]
    assert ids(max_statement_chars=3) == [0, 1, 2]
    assert ids(languages="cpp") == [0, 5, 10]
    assert ids(languages=["cpp", "java"]) == [0, 5, 10]
    assert ids(keep=["p1", "p3"]) == [1, 3]
    assert ids(split=None) == list(range(12))


def test_filters_that_cannot_work_are_errors():
    with pytest.raises(UsageError, match="no filter named 'dificulty'; did you mean 'difficulty'"):
        load_problems(PROBLEMS, dificulty=1)
    with pytest.raises(
        ProblemDataError,
        match=r"none of 12 problems fulfils split='dev'; the set has split: train \(6\)",
    ):
        load_problems(PROBLEMS, split="dev")
    with pytest.raises(UsageError, match=r"keep: got absent\.json, expected a keep-list"):
        load_problems(PROBLEMS, keep="absent.json")


def test_a_set_without_filters_is_given_back_as_it_is():
    assert list(load_problems(PROBLEMS)) == list(PROBLEMS)
    indexed = Indexed(PROBLEMS)
    assert select(indexed) is indexed


def test_lookup_by_id_names_the_nearest():
    problems = load_problems(PROBLEMS, split="train")
    assert problems[problems.index("p4")].id == "p4"
    with pytest.raises(
        UnknownNameError, match="no problem 'p5' among 6; did you mean 'p"
    ) as caught:
        problems.index("p5")
    assert "\n" not in str(caught.value)


@given(st.integers(0, 2**32), st.integers(0, 15), st.integers(0, 15))
def test_views_are_cheap_permutations_and_cuts(seed: int, skip: int, take: int):
    base = Indexed(PROBLEMS)
    shuffled = base.shuffle(seed)
    order = [entry.id for entry in shuffled]
    assert sorted(order) == sorted(entry.id for entry in PROBLEMS)
    assert order == [entry.id for entry in base.shuffle(seed)]
    cut = shuffled.skip(skip).take(take)
    assert [entry.id for entry in cut] == order[skip:][:take]
    for position, name in enumerate(order[skip:][:take]):
        assert cut.index(name) == position
        assert cut.summary(position).id == name


@given(st.integers(1, 30), st.integers(0, 99), st.lists(st.integers(1, 20), min_size=1, max_size=8))
def test_each_epoch_shows_every_problem_once_whatever_the_batches(
    size: int, seed: int, counts: list[int]
):
    sampler = ProblemSampler(size, seed)
    drawn = np.concatenate([sampler.draw(count) for count in counts])
    assert list(drawn) == list(ProblemSampler(size, seed).draw(sum(counts)))
    for start in range(0, len(drawn) - size + 1, size):
        assert sorted(drawn[start : start + size]) == list(range(size))


@given(
    st.integers(2, 20),
    st.booleans(),
    st.booleans(),
    st.lists(st.integers(1, 9), min_size=1, max_size=5),
    st.lists(st.integers(1, 9), min_size=1, max_size=5),
)
def test_a_run_goes_on_from_its_state(
    size: int, replacement: bool, weighted: bool, before: list[int], after: list[int]
):
    def make() -> ProblemSampler:
        weights = list(range(size)) if weighted else None
        return ProblemSampler(
            size, 3, replacement=replacement, weights=weights, curriculum=Curriculum(size)
        )

    def step(sampler: ProblemSampler, count: int) -> list[int]:
        drawn = sampler.draw(count).tolist()
        for index in drawn:
            sampler.curriculum.observe(index, index % 3 == 1, sampler.epoch)
        return drawn

    original, resumed = make(), make()
    for count in before:
        step(original, count)
    resumed.restore(json.loads(json.dumps(original.state())))
    assert [step(resumed, count) for count in after] == [step(original, count) for count in after]


def test_weights_decide_how_often_a_problem_is_drawn():
    drawn = Counter(
        ProblemSampler(4, 0, replacement=True, weights=[1, 2, 0, 5]).draw(8000).tolist()
    )
    assert set(drawn) == {0, 1, 3}
    assert drawn[0] / 8000 == pytest.approx(1 / 8, abs=0.02)
    assert drawn[3] / 8000 == pytest.approx(5 / 8, abs=0.02)
    firsts = Counter(
        int(ProblemSampler(3, seed, weights=[1, 1, 2]).draw(3)[0]) for seed in range(2000)
    )
    assert firsts[2] / 2000 == pytest.approx(1 / 2, abs=0.04)


def test_the_curriculum_leaves_out_what_teaches_nothing_and_comes_back_to_it():
    curriculum = Curriculum(4, retry_epochs=2)
    for index, teaches in enumerate((False, True, False)):
        curriculum.observe(index, teaches, epoch=0)
    assert [curriculum.active(epoch).tolist() for epoch in (0, 1, 2)] == [
        [False, True, False, True],
        [False, True, False, True],
        [True, True, True, True],
    ]
    sampler = ProblemSampler(4, 0, curriculum=curriculum)
    assert sorted(sampler.draw(2)) == [1, 3]
    for index in range(4):
        curriculum.observe(index, False, epoch=1)
    assert sorted(sampler.draw(4)) == [0, 1, 2, 3], "with nothing left, all are used"


def test_with_replacement_a_problem_comes_back_after_as_many_epochs_as_without():
    for batch in (1, 8, 32):
        curriculum = Curriculum(8, retry_epochs=4)
        sampler = ProblemSampler(8, 0, replacement=True, curriculum=curriculum)
        curriculum.observe(3, False, sampler.epoch)
        before = [index for _ in range(32 // batch) for index in sampler.draw(batch).tolist()]
        assert 3 not in before
        assert 3 in sampler.draw(80), f"after {len(before)} of 8 problems, {batch} at once"


@pytest.mark.parametrize("weights", [[1, -1], [0, 0], [1], [float("nan"), 1]])
def test_weights_that_cannot_work_are_errors(weights: list[float]):
    with pytest.raises(UsageError, match="weights: expected 2 numbers from 0, not all 0"):
        ProblemSampler(2, 0, weights=weights)
