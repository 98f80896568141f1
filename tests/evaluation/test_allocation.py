"""Attempts by what they are worth: the rule against brute force, and `cppo allocate` on runs."""

import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cppo_env
from cppo_env import UsageError
from cppo_env.estimators import tuple_pass_at_k
from cppo_env.evaluation.allocation.rule import allocate, fixed, prospects, solved
from cppo_env.evaluation.allocation.summary import compare_allocations
from cppo_env.evaluation.comparison.loading import load_run
from cppo_env.evaluation.summary import solved_by_problem
from cppo_env.testing import FakeSandbox, make_problem
from tests.support.cli import cppo, fault
from tests.support.finished_runs import Scripted
from tests.support.records import code_contests, write_lines

CHANCES = st.floats(0, 1)
COORDINATED = [1 / 4, 1 / 3, 1 / 2, 1.0]
"""One of four methods is right, equally often: each adds a quarter."""
EASY = [1.0, 0.0, 0.0, 0.0]


def expected(chances_NJ, spent_N):
    """Solved problems, by enumeration of the rows without an attempt that is right."""
    return sum(
        1 - np.prod([1 - one for one in row[:spent]])
        for row, spent in zip(chances_NJ, spent_N, strict=True)
    )


def best(chances_NJ, budget):
    """The most that any allocation without feedback is expected to solve."""
    attempts = range(len(chances_NJ[0]) + 1)
    every = itertools.product(attempts, repeat=len(chances_NJ))
    return max(expected(chances_NJ, one) for one in every if sum(one) <= budget)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(CHANCES, min_size=3, max_size=3), min_size=1, max_size=3),
    st.integers(0, 9),
)
def test_the_rule_is_optimal_where_each_attempt_is_worth_less_than_the_one_before(rows, budget):
    chances = np.array([sorted(row, reverse=True) for row in rows])
    spent = allocate(prospects(chances).rates(), budget)
    assert spent.sum() == min(budget, chances.size)
    assert expected(chances, spent) == pytest.approx(best(chances, budget))


def test_two_kinds_of_problems_with_a_known_optimum():
    chances = np.array([EASY, COORDINATED])
    rates = prospects(chances).rates()
    optimum = {1: 1.0, 2: 1.25, 3: 1.5, 4: 1.75, 5: 2.0}
    for budget, value in optimum.items():
        assert expected(chances, allocate(rates, budget)) == pytest.approx(value)
        assert best(chances, budget) == pytest.approx(value)
    assert expected(chances, fixed(2, 4)) == pytest.approx(1.5)


def test_equal_problems_whose_attempts_are_all_worth_the_same_gain_nothing():
    chances = np.array([COORDINATED] * 3)
    rates = prospects(chances).rates()
    for budget in range(13):
        assert expected(chances, allocate(rates, budget)) == pytest.approx(budget / 4)
        assert expected(chances, fixed(3, budget)) == pytest.approx(budget / 4)


def test_a_last_method_that_is_worth_more_is_reached():
    """The greedy rule would stop before it."""
    chances = np.array([[0.1, 0.9], [0.2, 0.0]])
    assert allocate(prospects(chances).rates(), 2).tolist() == [2, 0]


def test_feedback_stops_at_a_solved_problem_and_is_worth_what_enumeration_says():
    rates = prospects(np.array([COORDINATED] * 2), np.array([COORDINATED] * 2)).rates()
    budget, without, with_feedback = 5, [], []
    for places in itertools.product(range(4), repeat=2):
        right = np.eye(4, dtype=bool)[list(places)]
        spent = allocate(rates, budget, right)
        assert spent.sum() <= budget
        assert all(spent[n] <= place + 1 for n, place in enumerate(places))
        with_feedback.append(solved(right, spent).sum())
        without.append(solved(right, fixed(2, budget)).sum())
    # Without feedback 3 + 2 attempts are worth a quarter each. With it, one problem is solved for
    # sure, and both are if they need 5 attempts or fewer: 10 of the 16 pairs of places.
    assert np.mean(without) == pytest.approx(5 / 4)
    assert np.mean(with_feedback) == pytest.approx(1 + 10 / 16)


@pytest.mark.parametrize("closes", [[[0.1]], [[0.5, 0.5]]])
def test_public_tests_close_at_least_what_is_right(closes):
    with pytest.raises(UsageError, match="closes_NJ"):
        prospects(np.array([[0.5]]), np.array(closes))


class Families:
    """Right at once in one family; the other's methods complement each other."""

    independent_attempts = False

    def __init__(self, flipped=False):
        self.flipped = flipped

    def act(self, observations):
        raise AssertionError("the evaluation asks by episode")

    def act_in(self, episodes, observations):
        return [self._play(*key, one) for key, one in zip(episodes, observations, strict=True)]

    def _play(self, problem_id, episode, observation):
        if observation["phase"] == 0:
            return tuple(f"Method {n}." for n in range(4))
        number = int(problem_id.rpartition("/")[2])
        right = [n == 0 for n in range(4)] if number % 2 == 0 else np.eye(4)[number // 2 % 4]
        return tuple(f"```\n{'AC' if one != self.flipped else 'WA'}\n```" for one in right)


def played(folder, split, agent=None, **changed):
    cppo_env.evaluate(
        agent or Families(),
        "CPPO-Strategies-v0",
        split=split,
        families=2,
        sandbox=FakeSandbox(),
        run=folder,
        **{"limit": 64, **changed},
    )
    return folder


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("allocation")
    return played(folder / "test", "test"), played(folder / "train", "train")


def test_the_command_finds_which_problems_need_more_attempts(runs, tmp_path):
    held_out, other = runs
    out = tmp_path / "out.json"
    done = cppo("allocate", held_out, f"--learn=[{other}]", "--by=[family]", "--json", out)
    assert done.returncode == 0, done.stderr
    assert "known before an attempt: place, repeated, refused or unreadable plan, family" in (
        done.stdout
    )
    result = json.loads(out.read_text())
    found = result["budgets"]["2"]
    assert found["fixed"]["solved"]["mean"] == pytest.approx(0.75)
    assert found["marginal"]["solved"]["mean"] == pytest.approx(0.875, abs=0.03)
    assert found["marginal"]["attempts"]["1"] >= 0.5
    assert found["marginal"]["spent"] == found["fixed"]["spent"] == 2.0
    change = found["difference"]["marginal - fixed"]
    assert (
        0
        < change["low"]
        <= change["mean"]
        == pytest.approx(found["marginal"]["solved"]["mean"] - found["fixed"]["solved"]["mean"])
    )
    assert result["budgets"]["4"]["fixed"]["solved"]["mean"] == 1.0


def test_verdicts_of_held_out_problems_decide_nothing(runs, tmp_path):
    held_out, other = runs
    flipped = played(tmp_path / "flipped", "test", Families(flipped=True))
    results = [
        compare_allocations([(load_run(one), load_run(other))], by=("family",))
        for one in (held_out, flipped)
    ]
    shares = [
        {one: found["marginal"]["attempts"] for one, found in result["budgets"].items()}
        for result in results
    ]
    assert shares[0] == shares[1]
    assert results[0]["budgets"]["2"] != results[1]["budgets"]["2"]


def test_whole_tuples_score_as_in_the_evaluation(tmp_path):
    def outcome(problem, episode):
        return [(problem + episode + n) % 5 == 0 for n in range(4)]

    for name, first in (("test", 0), ("train", 100)):
        problems = [make_problem(f"p{first + n}") for n in range(12)]
        cppo_env.evaluate(
            Scripted(outcome),
            problems=problems,
            sandbox=FakeSandbox(),
            attempts=12,
            run=tmp_path / name,
        )
    held_out = load_run(tmp_path / "test")
    result = compare_allocations([(held_out, load_run(tmp_path / "train"))])
    tables = solved_by_problem(held_out.records, 4)
    for budget in (4, 12):
        assert result["budgets"][str(budget)]["fixed"]["solved"]["mean"] == pytest.approx(
            np.mean([tuple_pass_at_k(one, budget) for one in tables.values()])
        )


def test_what_no_agent_could_know_is_refused(runs):
    held_out, other = runs
    refused = [
        (["--by=[strategy]"], "no agent knows it"),
        (["--by=[colour]"], "expected method, or one of family"),
        (["--public=true"], "has no public tests"),
        (["--attempts=[5]"], "expected 1 to 4"),
    ]
    for words, reason in refused:
        assert reason in fault(cppo("allocate", held_out, f"--learn=[{other}]", *words), 2)
    assert "share 64 problems" in fault(cppo("allocate", held_out, f"--learn=[{held_out}]"), 2)
    assert "expected one of each" in fault(cppo("allocate", held_out), 2)


def test_statistics_of_another_agent_are_refused(runs, tmp_path):
    held_out, _ = runs
    cppo_env.evaluate(
        "random",
        "CPPO-Strategies-v0",
        split="train",
        families=2,
        limit=2,
        sandbox=FakeSandbox(),
        run=tmp_path / "random",
    )
    with pytest.raises(UsageError, match="differ in agent"):
        compare_allocations([(load_run(held_out), load_run(tmp_path / "random"))])


class Guesses:
    """Prints the public answer first, and the double next: the first passes public tests only."""

    independent_attempts = False

    def act(self, observations):
        wrong, public_only, right = "print(0)", "print(4)", "print(2 * int(input()))"
        return [
            tuple(
                f"```python\n{program}\n```" if one["phase"] else f"Method {n}."
                for n, program in enumerate(
                    (public_only, right) if "Careless" in one["problem"] else (wrong, right)
                )
            )
            for one in observations
        ]


def test_public_tests_are_the_only_feedback(tmp_path):
    """A program that passes them and is wrong ends its problem; the other problem goes on."""
    folders = []
    for name in ("test", "train"):
        records = [
            code_contests(name=f"{name}{n}", description=f"Double a number. {kind} {name}")
            for n, kind in enumerate(("Careless", "Honest"))
        ]
        cppo_env.evaluate(
            Guesses(),
            "CPPO-CodeContests-v0",
            problems=str(write_lines(tmp_path / f"{name}.jsonl", records)),
            k=2,
            sandbox="local",
            run=tmp_path / name,
        )
        folders.append(load_run(tmp_path / name))
    result = compare_allocations([(folders[0], folders[1])], public=True)
    found = result["budgets"]["2"]
    assert found["fixed"]["solved"]["mean"] == 1.0
    assert found["rounds"]["solved"]["mean"] == found["marginal"]["solved"]["mean"] == 0.5
    assert found["rounds"]["attempts"] == {"1": 0.5, "2": 0.5}
