"""Players on a local Ray cluster draw what the engine in this process draws."""

import gc
import os
import pickle
import signal
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import MISSING, astuple, fields, replace
from typing import Any, cast

import pytest
import torch
from cppo_grpo.samplers import Completion, HoldsVersions, SamplingParams
from cppo_grpo.samplers.transformers import TransformersSampler

import cppo_env
from cppo_env.errors import SamplerError, SandboxError, UsageError
from tests.support.models import plain_log_probs, random_ids, tiny_qwen3

ray = pytest.importorskip("ray", reason="needs the extra ray")

from cppo_cluster.draws import SentCompletions  # noqa: E402
from cppo_cluster.ray_node import Node  # noqa: E402
from cppo_cluster.ray_player import Player  # noqa: E402
from cppo_cluster.ray_sampler import RaySampler  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # Ray's own, about sockets and old names


def test_two_players_draw_what_one_process_does_and_one_goes_on_when_the_other_is_killed(
    monkeypatch,
):
    monkeypatch.setenv("RAY_raylet_start_wait_time_s", "120")  # a busy machine is slow
    monkeypatch.setenv("RAY_worker_niceness", "0")
    model = tiny_qwen3()
    prompts = [prompt for prompt in random_ids(*range(5, 60, 3)) for _ in range(2)]
    streams = tuple(range(10, 10 + len(prompts)))
    params = SamplingParams(24, (7, 8, 9), 0.9, seed=5, streams=streams)
    ray.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        sampler = RaySampler(model, players=2, batch_size=4)
        here = TransformersSampler(model, batch_size=4)
        assert sampler.sample(prompts, params) == here.sample(prompts, params)

        other = tiny_qwen3(seed=1)
        sampler.update(other.named_parameters())
        expected = TransformersSampler(other, batch_size=4).sample(prompts, params)
        assert expected != here.sample(prompts, params)
        streamed = sampler.stream(prompts, params)
        drawn = [*next(streamed).items()]
        os.kill(ray.get(sampler._players.ready()[0].process), signal.SIGKILL)
        drawn += [pair for ready in streamed for pair in ready.items()]
        assert len(drawn) == len(prompts), "each is told once"
        assert [one for _, one in sorted(drawn, key=lambda pair: pair[0])] == expected
    finally:
        ray.shutdown()


def test_threads_draw_with_versions_of_their_own_and_a_player_is_killed_meanwhile(monkeypatch):
    monkeypatch.setenv("RAY_raylet_start_wait_time_s", "120")  # a busy machine is slow
    monkeypatch.setenv("RAY_worker_niceness", "0")
    models = [tiny_qwen3(seed=seed) for seed in range(3)]
    prompts = [*random_ids(*range(5, 60, 3))]
    params = SamplingParams(24, (7, 8, 9), 0.9, seed=5, streams=tuple(range(len(prompts))))
    params_of_three = replace(params, streams=tuple(range(3 * len(prompts))))
    expected = [TransformersSampler(one, batch_size=4).sample(prompts, params) for one in models]
    ray.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        sampler = RaySampler(models[0], players=2, batch_size=4)
        held = [sampler.with_present_weights()]
        for model in models[1:]:
            sampler.update(model.named_parameters())
            held.append(sampler.with_present_weights())
        versions = [weakref.ref(one._weights) for one in held]
        assert isinstance(sampler, HoldsVersions)
        with ThreadPoolExecutor(3) as threads:
            draws = [threads.submit(one.sample, prompts, params) for one in held]
            os.kill(ray.get(sampler._players.ready()[0].process), signal.SIGKILL)
            found = [one.result() for one in draws]
        assert found == expected and found[0] != found[1] != found[2]
        assert held[0].sample(prompts, params) == expected[0], "as long as somebody holds it"
        young = held[2].stream(prompts * 3, params_of_three)
        next(young)
        held[0].sample(prompts, params)
        [waits] = sampler._desk._calls
        assert waits.left >= 6, "of 15 chunks: who was begun first gets the next player"
        assert sum(map(len, young)) > 40
        del held, draws, young, waits
        gc.collect()
        gone = [one() is None for one in versions]
        assert gone == [True, True, False], "nobody needs the old weights"
    finally:
        ray.shutdown()


def test_a_player_that_is_late_holds_no_step(monkeypatch):
    monkeypatch.setenv("RAY_raylet_start_wait_time_s", "120")  # a busy machine is slow
    monkeypatch.setenv("RAY_worker_niceness", "0")
    model = tiny_qwen3()
    prompts = [*random_ids(*range(5, 60, 3))]
    params = SamplingParams(8, (7, 8, 9), 0.9, seed=5, streams=tuple(range(len(prompts))))
    expected = TransformersSampler(model, batch_size=4).sample(prompts, params)
    ray.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        sampler = RaySampler(model, players=2, batch_size=4)
        while len(sampler._players.ready()) < 2:
            time.sleep(0.1)
        frozen = ray.get(sampler._players.ready()[0].process)
        os.kill(frozen, signal.SIGSTOP)
        assert sampler.sample(prompts, params) == expected, "the other one draws its chunk as well"
        assert [seat.free for seat in sampler._players.ready()] == [False, True]
        assert sampler.sample(prompts, params) == expected, "and draws all of the next step"
        os.kill(frozen, signal.SIGCONT)
        while not all(seat.free for seat in sampler._players.ready()):
            time.sleep(0.1)
        assert sampler.sample(prompts, params) == expected
    finally:
        ray.shutdown()


def test_an_update_reaches_what_is_drawn_in_parts(monkeypatch, caplog):
    monkeypatch.setenv("RAY_raylet_start_wait_time_s", "120")  # a busy machine is slow
    monkeypatch.setenv("RAY_worker_niceness", "0")
    old, new = tiny_qwen3(), tiny_qwen3(seed=1)
    prompts = [prompt for prompt in random_ids(*range(5, 60, 3)) for _ in range(2)]
    streams = tuple(range(10, 10 + len(prompts)))
    params = SamplingParams(24, tuple(range(40)), 0.9, seed=5, streams=streams)
    whole = TransformersSampler(old, batch_size=4).sample(prompts, params)
    assert {one.finish_reason for one in whole} == {"stop", "length"}
    ray.init("local", num_cpus=1, include_dashboard=False, log_to_driver=False)
    try:
        sampler = RaySampler(old, players=1, batch_size=64, segment_tokens=5)
        drawn = sampler.sample(prompts, params)
        for one, two in zip(drawn, whole, strict=True):
            assert (one.token_ids, one.finish_reason) == (two.token_ids, two.finish_reason)
            assert one.log_probs == pytest.approx(two.log_probs, abs=1e-4)
        assert "segment_tokens" not in caplog.text

        streamed = sampler.with_present_weights().stream(prompts, params)
        found = next(streamed)
        sampler.update(new.named_parameters())
        for some in streamed:
            found |= some
        assert "an update came between two parts of an answer" in caplog.text
    finally:
        ray.shutdown()
    crossed = [i for i, one in found.items() if len(one.versions) == 2]
    assert crossed and len(crossed) < len(prompts)
    for i in crossed:
        said = torch.tensor(found[i].log_probs)
        ids = [*found[i].token_ids]
        with torch.no_grad():
            by_old, by_new = (plain_log_probs(one, prompts[i], ids, 0.9) for one in (old, new))
        joints = [
            part
            for part in range(5, len(said), 5)
            if torch.allclose(said[:part], by_old[:part], atol=1e-4)
            and torch.allclose(said[part:], by_new[part:], atol=1e-4)
        ]
        assert len(joints) == 1, "each token has the log-prob of the weights that drew it"


def test_all_of_a_completion_travels():
    completions = [
        Completion((5, 6, 7, 8), (-0.5, -1.5, 0.0, -0.25), "stop", 3, 1, versions=(2,)),
        Completion((9,), (-2.0,), "length", versions=(2,)),
        Completion((), (), "length", versions=(2,)),
    ]
    sent = pickle.loads(pickle.dumps(SentCompletions.of(completions, 2)))
    assert list(map(astuple, sent.completions())) == list(map(astuple, completions))
    assert all(
        field.default is MISSING or getattr(completions[0], field.name) != field.default
        for field in fields(Completion)
    ), "each field has a value of its own"


def test_an_address_where_nothing_listens_is_told_at_once():
    for start, error in (
        (lambda: RaySampler(tiny_qwen3(), address="127.0.0.1:1"), SamplerError),
        (lambda: cppo_env.make_sandbox("ray", address="127.0.0.1:1"), SandboxError),
    ):
        with pytest.raises(error, match=r"Ray at 127\.0\.0\.1:1: .*refused; expected") as raised:
            start()
        assert "\n" not in str(raised.value)


def test_a_machine_with_another_version_refuses_to_work():
    for start in (
        lambda: Node("local", {}, [], "0.0"),
        lambda: Player("transformers", {}, cast(Any, None), 1, "0.0"),
    ):
        with pytest.raises(RuntimeError, match=r"this machine has cppo-env .*, and the driver 0.0"):
            start()


@pytest.mark.parametrize(
    "options, world, message",
    [
        ({"players": 0}, "1", "players: got 0, expected at least 1"),
        ({"segment_tokens": 0}, "1", "segment_tokens: got 0, expected at least 1"),
        ({"sampler": "ray"}, "1", "expected the engine of each player"),
        ({"sampler": "vlm"}, "1", "did you mean 'vllm'"),
        (
            {"sampler_options": {"batch": 1}},
            "1",
            "unexpected keyword argument 'batch'; its options",
        ),
        ({}, "2", "2 processes would each start a cluster"),
    ],
)
def test_what_cannot_work_is_told_before_anything_starts(options, world, message, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", world)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    with pytest.raises(UsageError, match=message) as raised:
        RaySampler(tiny_qwen3(), **options)
    assert "\n" not in str(raised.value)
