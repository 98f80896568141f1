"""What Gymnasium users put around an environment: processes, wrappers, pickles, arrays."""

import pickle

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.spaces.utils import flatdim, flatten, flatten_space, unflatten
from gymnasium.utils.env_checker import check_env
from gymnasium.wrappers import FlattenObservation, TimeAwareObservation, TimeLimit
from gymnasium.wrappers.vector import RecordEpisodeStatistics
from hypothesis import given, settings
from hypothesis import strategies as st

import cppo_env
from cppo_env.spaces import FLAT_LENGTH, Texts, UnicodeText, observation_space
from cppo_env.testing import FakeSandbox
from tests.support.jobs import BACK_ENDS

METHODS = ("sort the numbers", "use a heap", "count each value", "scan twice")
WRONG = ("```python\nprint('?')\n```",) * 4

texts = st.text(st.characters(exclude_categories=()), max_size=40)
"""Any characters, lone surrogates as well."""


def make(**kwargs):
    return gym.make("CPPO-Samples-v0", **{"sandbox": FakeSandbox(), **kwargs})


@settings(deadline=None)
@given(texts)
def test_a_flat_text_is_in_its_space_and_reads_back(text):
    space = UnicodeText()
    flat = flatten(space, text)
    assert flat in flatten_space(space)
    assert len(flat) == flatdim(space)
    assert unflatten(space, flat) == text


@settings(max_examples=20, deadline=None)
@given(st.tuples(texts, texts, texts, texts))
def test_a_flat_observation_reads_back(given_texts):
    problem, starter, *methods = given_texts
    space = observation_space(2)
    observation = {
        "phase": 1,
        "problem": problem,
        "starter_code": starter,
        "methods": tuple(methods),
    }
    assert unflatten(space, flatten(space, observation)) == observation


def test_a_text_too_long_to_be_flat_says_what_to_do():
    with pytest.raises(cppo_env.UsageError, match="shared_memory"):
        flatten(UnicodeText(), "x" * (FLAT_LENGTH + 1))


@pytest.mark.parametrize("wrapper", [FlattenObservation, TimeAwareObservation])
def test_wrappers_that_flatten_play_an_episode(wrapper):
    env = wrapper(TimeLimit(make(), 3))
    observation, _ = env.reset(seed=0)
    assert observation in env.observation_space
    observation, *_ = env.step(METHODS)
    assert observation in env.observation_space


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("shared", [True, False])
def test_processes_give_the_native_observations_and_rewards(shared):
    options = {"num_envs": 3, "k": 4, "sandbox": "local"}
    native = gym.make_vec("CPPO-Samples-v0", **options)
    workers = gym.make_vec(
        "CPPO-Samples-v0",
        vectorization_mode="async",
        vector_kwargs={"shared_memory": shared},
        **options,
    )
    try:
        ours, infos = native.reset(seed=7)
        theirs, _ = workers.reset(seed=7)
        assert cppo_env.unbatch(theirs) == cppo_env.unbatch(ours)
        plans = tuple(tuple(f"{method} ({i}) ✓" for method in METHODS) for i in range(3))
        assert cppo_env.unbatch(workers.step(plans)[0]) == cppo_env.unbatch(native.step(plans)[0])
        problems = cppo_env.load_problems("samples")
        right = tuple(
            (f"```python\n{problems[problems.index(name)].references[0]}```", *WRONG[1:])
            for name in infos["problem_id"]
        )
        _, rewards, terminated, *_ = workers.step(right)
        assert rewards.tolist() == native.step(right)[1].tolist() == [1.0] * 3
        assert terminated.all()
    finally:
        workers.close()
        native.close()


def test_an_episode_that_ends_early_is_counted_once():
    env = RecordEpisodeStatistics(
        gym.make_vec("CPPO-Samples-v0", num_envs=3, sandbox=FakeSandbox(), end_on_refusal=True)
    )
    env.reset(seed=0)
    refused = ("",) * 4
    _, _, terminated, _, _ = env.step((METHODS, refused, METHODS))
    assert terminated.tolist() == [False, True, False]
    _, _, terminated, _, _ = env.step((refused,) * 3)
    assert terminated.tolist() == [True, False, True]
    assert (env.episode_count, list(env.length_queue)) == (3, [1, 2, 2])
    env.reset(options={"reset_mask": np.array([False, True, False])})
    env.step((METHODS,) * 3)
    env.step((("AC",) * 4,) * 3)
    assert (env.episode_count, list(env.length_queue)) == (4, [1, 2, 2, 2])
    assert list(env.return_queue) == [0.0, 0.0, 0.0, 1.0]


odd = st.one_of(texts, st.integers(), st.none(), st.binary(max_size=3))
actions = st.one_of(
    odd,
    st.lists(odd, max_size=4).map(tuple),
    st.lists(odd, min_size=2, max_size=2),
    st.lists(st.text("ab", max_size=3), min_size=2, max_size=2).map(np.array),
    st.lists(odd, min_size=2, max_size=2).map(lambda row: np.array([*row, None], object)[:-1]),
    st.just(np.array([["a", "b"]])),
    st.just(np.array("ab")),
)


@settings(deadline=None)
@given(actions)
def test_step_takes_what_the_action_space_contains_and_nothing_else(action):
    env = cppo_env.CPPOEnv(k=2, sandbox=FakeSandbox())
    env.reset(seed=0)
    if env.action_space.contains(action):
        env.step(action)
    else:
        with pytest.raises(cppo_env.ActionError):
            env.step(action)


def test_a_vector_step_takes_an_array_of_texts():
    env = gym.make_vec("CPPO-Samples-v0", num_envs=2, sandbox=FakeSandbox())
    env.reset(seed=0)
    rows = np.array([METHODS, METHODS[::-1]])
    assert rows in env.action_space
    batch, *_ = env.step(rows)
    assert batch["methods"] == (METHODS, METHODS[::-1])
    assert all(type(text) is str for text in batch["methods"][0])


@pytest.mark.parametrize("sandbox", BACK_ENDS)
@pytest.mark.parametrize("env_id", ["CPPO-Samples-v0", "CPPO-Strategies-v0"])
def test_a_pickled_environment_plays_on(sandbox, env_id):
    env = gym.make(env_id, sandbox=sandbox, k=2, judge="accept")
    _, info = env.reset(seed=3)
    env.step(METHODS[:2])
    copy = pickle.loads(pickle.dumps(env))
    env.close()
    try:
        problem = copy.unwrapped.assembly.problems
        program = problem[problem.index(info["problem_id"])].references[0]
        _, reward, terminated, _, after = copy.step((f"```python\n{program}```", WRONG[0]))
        assert (reward, terminated, after["problem_id"]) == (1.0, True, info["problem_id"])
        assert after["verdicts"][0] == "AC"
    finally:
        copy.close()


@pytest.mark.parametrize("sandbox", BACK_ENDS)
def test_a_pickled_vector_environment_keeps_its_sandbox_object_by_its_settings(sandbox):
    with cppo_env.make_sandbox(sandbox, workers=1, isolation="strict") as box:
        env = gym.make_vec("CPPO-Samples-v0", num_envs=2, sandbox=box)
        copy = pickle.loads(pickle.dumps(env))
        with copy.assembly.engine.sandbox as other:
            assert other is not box
            assert (type(other), other.facts) == (type(box), box.facts)
            assert other._settings == box._settings == {**box._settings, "isolation": "strict"}
        copy.reset(seed=0)


def test_problem_sets_in_a_pickled_environment_are_equal():
    for problems in (cppo_env.load_problems("strategies", right=8, seed=2), None):
        env = make(problems=problems)
        copy = pickle.loads(pickle.dumps(env))
        ours, theirs = env.unwrapped.assembly.problems, copy.unwrapped.assembly.problems
        assert len(ours) == len(theirs)
        assert ours[5] == theirs[5]


@pytest.mark.parametrize("k", [1, 4])
def test_check_env_passes_for_arrays_and_long_texts(k):
    env = make(k=k)
    check_env(env.unwrapped, skip_render_check=True)
    assert isinstance(env.action_space, Texts)
