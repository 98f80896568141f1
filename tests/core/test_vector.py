"""The native vector environment equals N single ones."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from gymnasium.wrappers.vector import RecordEpisodeStatistics
from hypothesis import given, settings
from hypothesis import strategies as st

import cppo_env
from cppo_env.testing import FakeSandbox, make_problem

PROBLEMS = [make_problem(f"p{i}") for i in range(7)]
K = 3

plans = st.tuples(*[st.sampled_from(["", "sort", "Sort.", "use a heap", "count", "print(1)"])] * K)
solutions = st.tuples(
    *[st.sampled_from(["AC", "WA", "TLE", "IE", "```\nAC\n```", "```\nAC", "no program, prose"])]
    * K
)


def make_vec(n, **kwargs):
    return gym.make_vec(
        "CPPO-Samples-v0",
        num_envs=n,
        **{"problems": PROBLEMS, "sandbox": FakeSandbox(), "k": K, **kwargs},
    )


@settings(max_examples=60, deadline=None)
@given(data=st.data(), n=st.integers(1, 5), seed=st.integers(0, 1000), end_on_refusal=st.booleans())
def test_a_vector_environment_equals_n_single_ones(data, n, seed, end_on_refusal):
    sandbox = FakeSandbox()
    vector = make_vec(n, sandbox=sandbox, end_on_refusal=end_on_refusal)
    singles = [
        gym.make(
            "CPPO-Samples-v0",
            problems=PROBLEMS,
            sandbox=FakeSandbox(),
            k=K,
            end_on_refusal=end_on_refusal,
        )
        for _ in range(n)
    ]
    batch, infos = vector.reset(seed=seed)
    assert batch in vector.observation_space
    results = [env.reset(seed=seed + i) for i, env in enumerate(singles)]
    assert cppo_env.unbatch(batch) == [observation for observation, _ in results]
    assert list(infos["problem_id"]) == [info["problem_id"] for _, info in results]

    live = list(range(n))
    for phase in (plans, solutions):
        if not live:
            break
        actions = data.draw(st.tuples(*[phase] * n))
        assert actions in vector.action_space
        batch, rewards, terminations, truncations, infos = vector.step(actions)
        ended = set()
        for i in live:
            observation, reward, terminated, truncated, info = singles[i].step(actions[i])
            assert cppo_env.unbatch(batch)[i] == observation
            assert (rewards[i], terminations[i], truncations[i]) == (reward, terminated, truncated)
            assert {key for key in infos if not key.startswith("_") and infos["_" + key][i]} == set(
                info
            )
            for key, value in info.items():
                np.testing.assert_array_equal(
                    np.asarray(infos[key][i]), np.asarray(value, dtype=infos[key].dtype)
                )
            if terminated or truncated:
                ended.add(i)
        live = [i for i in live if i not in ended]
    assert len(sandbox.batches) <= 1


def test_layout_of_spaces_and_infos():
    vector = make_vec(2)
    assert vector.metadata["autoreset_mode"] is AutoresetMode.DISABLED
    vector.reset(seed=0)
    vector.step((("a", "b", "c"), ("d", "e", "f")))
    batch, rewards, terminations, _, infos = vector.step((("AC", "WA", "WA"), ("WA", "WA", "WA")))
    assert batch["phase"].dtype == np.int64
    assert batch["methods"] == (("a", "b", "c"), ("d", "e", "f"))
    assert rewards.tolist() == [1.0, 0.0]
    assert terminations.all()
    assert infos["solver_rewards"].dtype == np.float32
    assert infos["solver_rewards"].tolist() == [[1, 0, 0], [0, 0, 0]]
    assert infos["verdicts"].tolist() == [["AC", "WA", "WA"], ["WA", "WA", "WA"]]
    assert infos["reports"].shape == (2, K)
    assert infos["r_out"].tolist() == [1.0, 0.0]
    assert infos["void"].tolist() == [False, False]


def test_reset_takes_problem_indices_and_a_mask():
    vector = make_vec(4)
    _, infos = vector.reset(options={"problems": np.repeat([2, 5], 2)})
    assert infos["problem_id"].tolist() == ["p2", "p2", "p5", "p5"]
    vector.step(tuple([("a", "b", "c")] * 4))
    batch, infos = vector.reset(
        options={"problems": [1], "reset_mask": np.array([False, True, False, False])}
    )
    assert batch["phase"].tolist() == [1, 0, 1, 1]
    assert infos["problem_id"][1] == "p1"
    assert infos["_problem_id"].tolist() == [False, True, False, False]


def test_reset_takes_problem_ids_like_the_single_environment():
    vector = make_vec(3)
    _, infos = vector.reset(options={"problem_id": "p4"})
    assert infos["problem_id"].tolist() == ["p4"] * 3
    _, infos = vector.reset(options={"problem_id": ["p1", "p2", "p1"]})
    assert infos["problem_id"].tolist() == ["p1", "p2", "p1"]
    _, infos = vector.reset(
        options={"problem_id": "p5", "reset_mask": np.array([False, True, False])}
    )
    assert infos["_problem_id"].tolist() == [False, True, False]
    assert infos["problem_id"][1] == "p5"
    for options, message in (
        ({"problem_id": "p9"}, "no problem 'p9'"),
        ({"problem_id": ["p1"]}, "expected 3 indices"),
        ({"problem_id": "p1", "problems": [0] * 3}, "expected one of them"),
    ):
        with pytest.raises(cppo_env.UsageError, match=message):
            vector.reset(options=options)


def test_vector_statistics_wrapper_works():
    vector = RecordEpisodeStatistics(make_vec(2))
    vector.reset(seed=0)
    vector.step((("a", "b", "c"),) * 2)
    *_, infos = vector.step((("AC", "WA", "WA"), ("WA", "WA", "WA")))
    assert infos["episode"]["r"].tolist() == [1.0, 0.0]


def test_gymnasiums_own_vector_environment_gives_the_same_observations():
    def one():
        return gym.make("CPPO-Samples-v0", problems=PROBLEMS, sandbox=FakeSandbox(), k=K)

    sync, native = gym.vector.SyncVectorEnv([one] * 3), make_vec(3)
    theirs, ours = sync.reset(seed=3)[0], native.reset(seed=3)[0]
    assert {**theirs, "phase": theirs["phase"].tolist()} == {
        **ours,
        "phase": ours["phase"].tolist(),
    }
    actions = (("a", "b", "c"),) * 3
    assert sync.step(actions)[0]["methods"] == native.step(actions)[0]["methods"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda v: v.step(()), "call reset() first"),
        (lambda v: (v.reset(), v.step((("a", "b", "c"),))), "actions: got 1, expected 2"),
        (
            lambda v: (v.reset(), v.step((("a", "b"), ("a", "b", "c")))),
            "action: got 2 texts, expected 3",
        ),
        (lambda v: v.reset(options={"problems": [0, 7]}), "indices 0 to 7, expected 0 to 6"),
        (lambda v: v.reset(options={"problems": [0]}), "expected 2 indices"),
        (
            lambda v: v.reset(options={"problem": [0]}),
            "expected 'problems', 'problem_id' or 'reset_mask'",
        ),
        (lambda v: v.reset(seed=[1]), "got 1 seeds, expected 2"),
    ],
)
def test_bad_use_is_a_one_line_error(call, message):
    with pytest.raises(cppo_env.CppoError) as caught:
        call(make_vec(2))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_stepping_ended_episodes():
    vector = make_vec(2, end_on_refusal=True)
    vector.reset(seed=0)
    _, _, terminations, _, _ = vector.step((("a", "a", "c"), ("a", "b", "c")))
    assert terminations.tolist() == [True, False]
    _, rewards, terminations, _, infos = vector.step((("AC", "AC", "AC"),) * 2)
    assert rewards.tolist() == [0.0, 1.0]
    assert infos["_r_out"].tolist() == [False, True]
    with pytest.raises(cppo_env.OrderError, match="every episode has ended"):
        vector.step((("AC", "AC", "AC"),) * 2)
