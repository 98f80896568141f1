"""Sampling with transformers: the right distribution, its log-probs, no avoidable work."""

import copy
from dataclasses import replace

import pytest
import torch
from cppo_grpo.memory.tracking import AliveBytes
from cppo_grpo.samplers import Completion, Sampler, SamplingParams, in_order
from cppo_grpo.samplers import transformers as transformers_sampler
from cppo_grpo.samplers.kv_cache import bytes_of_sequence, final_room, held_bytes
from cppo_grpo.samplers.transformers import TransformersSampler, draw

from cppo_env.errors import UsageError
from tests.support.models import (
    VOCABULARY,
    plain_log_probs,
    random_ids,
    tiny,
    tiny_hybrid,
    tiny_qwen3,
)

ENDS = tuple(range(0, VOCABULARY, 16))
PROMPTS = random_ids(3, 17, 9, 17, 30, 1) + random_ids(9, seed=1) * 4


@pytest.mark.parametrize("make_model", [tiny_qwen3, tiny_hybrid])
@pytest.mark.parametrize(("temperature", "batch_size"), [(1.0, 256), (0.7, 3), (0.0, 256)])
def test_log_probs_are_those_of_the_sampled_distribution(
    temperature: float, batch_size: int, make_model
) -> None:
    model = make_model()
    params = SamplingParams(10, ENDS, temperature, seed=3)
    completions = TransformersSampler(model, batch_size=batch_size).sample(PROMPTS, params)
    assert {c.finish_reason for c in completions} == {"stop", "length"} or temperature == 0
    for prompt, completion in zip(PROMPTS, completions, strict=True):
        ids = list(completion.token_ids)
        with torch.no_grad():
            expected = plain_log_probs(model, prompt, ids, temperature or 1.0)
        torch.testing.assert_close(torch.tensor(completion.log_probs), expected, atol=1e-5, rtol=0)
        stopped = completion.finish_reason == "stop"
        assert (ids[-1] in ENDS) == stopped
        assert not set(ids[:-1]) & set(ENDS)
        assert stopped or len(ids) == params.max_tokens


@pytest.mark.parametrize("part", [None, 4])
def test_a_completion_goes_on_as_if_it_had_been_drawn_at_once(part: int | None) -> None:
    sampler, params = TransformersSampler(tiny_qwen3()), SamplingParams(10, ENDS, 0.7, seed=3)
    whole = sampler.sample(PROMPTS, params)
    begun = sampler.sample(PROMPTS, replace(params, part=3))
    assert begun == [
        one
        if len(one.token_ids) <= 3 and one.finish_reason == "stop"
        else Completion(one.token_ids[:3], one.log_probs[:3], "length")
        for one in whole
    ]
    going = [i for i, one in enumerate(begun) if one.finish_reason == "length"]
    longer = [(*PROMPTS[i], *begun[i].token_ids) for i in going]
    later = replace(params, drawn=3, part=part, streams=tuple(going))
    for i, one in zip(going, sampler.sample(longer, later), strict=True):
        end = None if part is None else 3 + part
        assert one.token_ids == whole[i].token_ids[3:end]
        assert one.log_probs == pytest.approx(whole[i].log_probs[3:end], abs=1e-5)


def test_greedy_is_the_argmax_of_transformers_generate() -> None:
    model = tiny_qwen3()
    prompt = PROMPTS[1]
    expected = model.generate(
        torch.tensor([prompt]),
        max_new_tokens=20,
        do_sample=False,
        pad_token_id=0,
        eos_token_id=None,
    )[0, len(prompt) :]
    completion = TransformersSampler(model).sample(
        [PROMPTS[0], prompt], SamplingParams(20, (), 0.0)
    )[1]
    assert list(completion.token_ids) == expected.tolist()


def test_draws_follow_the_distribution() -> None:
    logits = torch.tensor([[2.0, 1.0, -torch.inf, 0.0, 0.5, -torch.inf]])
    probabilities = (logits[0] / 0.8).softmax(-1)
    noise = torch.rand(200_000, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    tokens, logps = draw(logits.expand(len(noise), -1), 0.8, noise)
    shares = torch.bincount(tokens, minlength=6) / len(noise)
    torch.testing.assert_close(shares, probabilities, atol=0.005, rtol=0)  # 4.5 standard errors
    torch.testing.assert_close(logps.exp(), probabilities[tokens])


@pytest.mark.parametrize("noise", [0.0, 1 - 2**-53])
def test_the_ends_of_the_unit_interval_draw_possible_tokens(noise: float) -> None:
    logits = torch.full((1, 1000), -torch.inf)
    logits[0, 300:700] = torch.randn(400, generator=torch.Generator().manual_seed(0))
    token, logp = draw(logits, 1.0, torch.tensor([noise], dtype=torch.float64))
    assert token.item() == (300 if noise == 0 else 699)
    assert torch.isfinite(logp).all()


def test_a_seed_decides_each_row_whatever_the_batch() -> None:
    sampler = TransformersSampler(tiny_qwen3())
    params = SamplingParams(12, ENDS, seed=7)
    tokens = [c.token_ids for c in sampler.sample(PROMPTS, params)]
    assert tokens == [
        c.token_ids for c in TransformersSampler(tiny_qwen3(), batch_size=2).sample(PROMPTS, params)
    ]
    assert tokens[:2] == [c.token_ids for c in sampler.sample(PROMPTS[:2], params)]
    assert tokens != [
        c.token_ids for c in sampler.sample(PROMPTS, SamplingParams(12, ENDS, seed=8))
    ]
    assert len(set(tokens[-4:])) > 1  # copies of one prompt differ


def test_no_avoidable_work() -> None:
    """A shared prompt is prefilled once, and rows that ended leave the batch."""
    model = copy.deepcopy(tiny_qwen3())
    shapes: list[tuple[int, ...]] = []
    model.register_forward_pre_hook(
        lambda _, __, kw: shapes.append(tuple(kw["input_ids"].shape)), with_kwargs=True
    )
    completions = TransformersSampler(model).sample(
        random_ids(20) * 64, SamplingParams(40, ENDS, seed=0)
    )
    assert shapes[0] == (1, 20)
    longest = max(len(c.token_ids) for c in completions)
    assert len(shapes) == longest
    sampled = sum(len(c.token_ids) for c in completions)
    assert sum(rows for rows, _ in shapes[1:]) < 1.2 * sampled


def test_copies_of_a_prompt_are_read_once_until_their_draws_part() -> None:
    model = copy.deepcopy(tiny_qwen3())
    rows: list[int] = []
    model.register_forward_pre_hook(
        lambda _, __, kw: rows.append(len(kw["input_ids"])), with_kwargs=True
    )
    prompts, params = random_ids(20) * 16 + random_ids(20, seed=1) * 16, SamplingParams(12, (), 0.1)
    drawn = TransformersSampler(model).sample(prompts, params)
    beginnings = [
        len({(p, one.token_ids[:n]) for p, one in zip(map(tuple, prompts), drawn, strict=True)})
        for n in range(12)
    ]
    assert beginnings[0] == 2 < beginnings[1] < beginnings[-1]
    assert rows == beginnings

    rows.clear()
    greedy = TransformersSampler(model).sample(prompts, SamplingParams(12, (), 0.0))
    assert len({one.token_ids for one in greedy}) == 2
    assert rows == [2] * 12


def test_weights_are_taken_and_the_mode_is_kept() -> None:
    model, other = copy.deepcopy(tiny_qwen3()), tiny_qwen3(seed=1)
    model.train()
    sampler = TransformersSampler(model)
    sampler.update(other.state_dict().items())
    params = SamplingParams(8, (), 0.0)
    assert sampler.sample(PROMPTS, params) == TransformersSampler(other).sample(PROMPTS, params)
    assert model.training
    with pytest.raises(UsageError, match="no_such"):
        sampler.update([("no_such", torch.zeros(1))])


def test_it_plays_the_role() -> None:
    assert isinstance(TransformersSampler(tiny_qwen3()), Sampler)


@pytest.mark.parametrize("options", [{"max_tokens": 0}, {"max_tokens": 4, "temperature": -1.0}])
def test_what_cannot_be_drawn_is_refused(options: dict) -> None:
    with pytest.raises(UsageError, match="expected"):
        SamplingParams(end_ids=(), **options)


@pytest.mark.parametrize("make_model", [tiny_qwen3, tiny_hybrid])
def test_a_bound_on_the_cache_changes_batches_and_no_completion(
    make_model, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, params = make_model(), SamplingParams(10, ENDS, 0.7, seed=3)
    whole = TransformersSampler(model).sample(PROMPTS, params)
    held: list[int] = []
    step = transformers_sampler._Batch._forward

    def noted(batch, ids, end) -> None:
        step(batch, ids, end)
        held.append(held_bytes(batch.cache))

    monkeypatch.setattr(transformers_sampler._Batch, "_forward", noted)
    once, each = bytes_of_sequence(model)
    bound = 3 * (once + each * final_room(30, 39))
    sampler = TransformersSampler(model, cache_gib=bound / 2**30)
    batches = list(sampler.stream(PROMPTS, params))
    assert len(PROMPTS) > max(map(len, batches)) > 1
    assert 0 < max(held) <= bound
    for i, got in enumerate(in_order(batches)):
        assert got.token_ids == whole[i].token_ids
    with pytest.raises(UsageError, match=r"cache_gib: got 1e-09, but a prompt of \d+ tokens and"):
        list(TransformersSampler(model, cache_gib=1e-9).stream(PROMPTS, params))


def sliding():
    return tiny("gemma3_text", sliding_window=16, layer_types=["sliding_attention"] * 2)


@pytest.mark.parametrize("make_model", [tiny_qwen3, sliding])
def test_prompts_in_parts_take_less_memory_and_change_no_draw(make_model) -> None:
    model, params = make_model(), SamplingParams(10, ENDS, 0.7, seed=3)
    prompts = random_ids(3, 150, 90, 150, 140) + PROMPTS
    peaks: list[int] = []
    drawn = []
    for most in (None, 200, 1):
        sampler = TransformersSampler(model, prefill_tokens=most)
        with AliveBytes([*model.parameters(), *model.buffers()]) as alive:
            drawn.append(sampler.sample(prompts, params))
        peaks.append(alive.peak)
    whole, *others = drawn
    for other in others:
        assert [one.token_ids for one in other] == [one.token_ids for one in whole]
        gaps = [
            abs(a - b)
            for one, two in zip(whole, other, strict=True)
            for a, b in zip(one.log_probs, two.log_probs, strict=True)
        ]
        assert max(gaps) < 1e-4
    assert peaks[1] < 0.5 * peaks[0]


def test_prompts_of_linear_attention_are_read_whole() -> None:
    with pytest.raises(UsageError, match="prefill_tokens: got 64, but the model has linear"):
        TransformersSampler(tiny_hybrid(), prefill_tokens=64)
    with pytest.raises(UsageError, match="prefill_tokens: got 0, expected at least 1"):
        TransformersSampler(tiny_qwen3(), prefill_tokens=0)


def test_a_cache_is_freed_before_its_draws_are_looked_at() -> None:
    model = tiny_qwen3()
    sampler, params = TransformersSampler(model, batch_size=3), SamplingParams(10, ENDS, seed=3)
    once, each = bytes_of_sequence(model)
    with AliveBytes([*model.parameters(), *model.buffers()]) as alive:
        for _ in sampler.stream(PROMPTS, params):
            assert alive.now < 2 * (once + each)
    assert alive.peak > 3 * (once + 9 * each)
