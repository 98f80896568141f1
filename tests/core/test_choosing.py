"""The environment for algorithms that write no text."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import cppo_env
from cppo_env.problems.strategies import STRATEGIES
from cppo_env.testing import FakeSandbox, make_problem
from cppo_env.types import Report, Verdict


@pytest.fixture(scope="module")
def box():
    with cppo_env.make_sandbox("local", workers=1) as sandbox:
        yield sandbox


def make(env_id="CPPO-Strategies-v0", attempts="joint", **kwargs):
    return cppo_env.ChooseMethods(
        gym.make(env_id, **{"sandbox": FakeSandbox(), "judge": "accept", **kwargs}), attempts
    )


def test_a_place_means_the_same_rule_in_all_strategy_problems():
    problems = cppo_env.load_problems("strategies")
    first = [known.program for known in cppo_env.known_methods(problems[0])]
    assert set(first) == {strategy.program for strategy in STRATEGIES}
    words = {strategy.program: strategy.action for strategy in STRATEGIES}
    for problem in (problems[1], problems[77], problems[400]):
        known = cppo_env.known_methods(problem)
        assert [one.program for one in known] == first
        assert all(words[one.program] in one.method for one in known)
        assert all(problem.metadata["family"] in one.method for one in known)


def test_the_order_does_not_tell_which_programs_are_right():
    places = {
        [known.program for known in cppo_env.known_methods(problem)].index(problem.references[0])
        for problem in cppo_env.load_problems("strategies").take(64)
    }
    assert places == set(range(len(STRATEGIES)))


@pytest.mark.parametrize("env_id", ["CPPO-Strategies-v0", "CPPO-Samples-v0"])
def test_the_chosen_programs_are_judged_for_real(env_id, box):
    env = make(env_id, k=2, sandbox=box)
    _, info = env.reset(seed=5)
    problems = env.unwrapped.assembly.problems
    problem = problems[problems.index(info["problem_id"])]
    programs = [known.program for known in cppo_env.known_methods(problem)]
    right, wrong = programs.index(problem.references[0]), programs.index(problem.wrong[0])
    _, reward, terminated, truncated, info = env.step(np.array([wrong, right]))
    assert (reward, terminated, truncated) == (1.0, True, False)
    assert info["solver_rewards"].tolist() == [0.0, 1.0]
    assert info["chosen"] == (wrong, right)
    env.reset(options={"problem_id": problem.id})
    assert env.step([wrong, wrong])[1] == 0.0


def test_independent_attempts_see_nothing_and_autoregressive_ones_see_what_was_chosen():
    for attempts, shown in (("independent", False), ("autoregressive", True)):
        env = make(attempts=attempts, k=3)
        first, _ = env.reset(seed=1)
        for step, number in enumerate((6, 2, 6)):
            observation, _, terminated, *_ = env.step(number)
            assert observation in env.observation_space
            assert terminated == (step == 2)
            assert (observation == first).all() != shown
        if shown:
            assert observation[-8:].tolist() == [0, 0, 1, 0, 0, 0, 2, 0]


def test_the_observation_is_the_family():
    env = make()
    seen = {}
    for index in range(24):
        observation, _ = env.reset(options={"problem_id": f"strategies/train/{index}"})
        assert observation.sum() == 1.0
        seen.setdefault(index % 8, set()).add(int(observation.argmax()))
    assert len(env.contexts) == 8
    assert all(len(places) == 1 for places in seen.values())
    assert len(set.union(*seen.values())) == 8


@pytest.mark.filterwarnings("ignore:.*is different from the unwrapped version:UserWarning")
@pytest.mark.parametrize("attempts", ["joint", "independent", "autoregressive"])
def test_gymnasium_and_stable_baselines_accept_it(attempts):
    check_env(make(attempts=attempts), skip_render_check=True)
    checker = pytest.importorskip(
        "stable_baselines3.common.env_checker", reason="needs the extra sb3"
    )
    checker.check_env(make(attempts=attempts), warn=True)


def test_an_infrastructure_failure_is_void_here_too():
    class Broken(FakeSandbox):
        def run(self, jobs):
            return [Report(Verdict.IE)] * len(jobs)

    env = make(sandbox=Broken())
    env.reset(seed=0)
    _, reward, terminated, truncated, info = env.step([0, 1, 2, 3])
    assert (reward, terminated, truncated, info["void"]) == (0.0, False, True, True)


def test_bad_use_is_a_one_line_error():
    env = make()
    with pytest.raises(cppo_env.UsageError, match="attempts: got 'all'"):
        cppo_env.ChooseMethods(env.env, "all")
    with pytest.raises(cppo_env.UsageError, match="env: got CartPoleEnv"):
        cppo_env.ChooseMethods(gym.make("CartPole-v1"))
    bare = cppo_env.Problem("bare", "No programs.", make_problem().tests)
    with pytest.raises(cppo_env.ProblemDataError, match="1 of 2 have no known programs"):
        make(problems=[make_problem(), bare])
    with pytest.raises(cppo_env.OrderError):
        env.step([0, 1, 2, 3])
    env.reset(seed=0)
    env.step([0, 1, 2, 3])
    with pytest.raises(cppo_env.OrderError):
        env.step([0, 1, 2, 3])


def test_an_action_of_another_size_is_refused_and_chooses_nothing():
    joint, single = make(), make(attempts="independent")
    joint.reset(seed=0)
    with pytest.raises(cppo_env.ActionError, match="expected 4 numbers"):
        joint.step([0, 1])
    single.reset(seed=0)
    with pytest.raises(cppo_env.ActionError, match="expected one number"):
        single.step([0, 1, 2, 3])
    assert joint.step([0, 1, 2, 3])[2]


@pytest.mark.parametrize("attempts", ["joint", "independent", "autoregressive"])
@pytest.mark.parametrize("number", [-1, 8, 1.5, float("nan"), None, "1", 1 << 70], ids=str)
def test_what_is_no_number_of_a_method_is_refused_and_chooses_nothing(attempts, number):
    env = make(attempts=attempts)
    first, _ = env.reset(seed=0)
    wrong, right = ([0, 1, 2, number], [0, 1, 2, 3]) if attempts == "joint" else (number, 3)
    with pytest.raises(cppo_env.ActionError, match="of methods, from 0 to 7"):
        env.step(wrong)
    observation, *_ = env.step(right)
    assert observation.sum() == first.sum() + (attempts == "autoregressive")
