"""Thoughts with a budget of their own: one rule, in the samplers, the learner and the agents."""

import copy
import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from cppo_agents.backends import Request
from cppo_agents.backends.openai_compatible import OpenAICompatible
from cppo_agents.backends.transformers import Transformers
from cppo_agents.models.chat_format import ChatFormat
from cppo_agents.models.check import check_model
from cppo_agents.models.lengths import Lengths
from cppo_agents.models.thinking import Draw, think
from cppo_grpo.learner.batches import distinct_batches
from cppo_grpo.learner.credit import compute_advantages
from cppo_grpo.model.policy import Policy
from cppo_grpo.rollouts.values import Samples
from cppo_grpo.samplers import Completion, SamplingParams, in_order
from cppo_grpo.samplers.thoughts import stream_with_thoughts
from cppo_grpo.samplers.transformers import TransformersSampler
from transformers import PreTrainedModel

from cppo_env.errors import UsageError
from cppo_env.parsing import read_plan, without_thoughts
from cppo_env.records import read_records
from tests.grpo.test_update import CONFIG, gradient, learnt, played
from tests.support.architectures import CHATML, SWITCH, THINKS, make_tokenizer
from tests.support.chat_server import Reply, chat_server
from tests.support.models import plain_log_probs, tiny, tiny_qwen3
from tests.support.tiny_runs import carry_out, facts

END = 4
ASKED = [{"role": "user", "content": "Add."}]


def chat_of(template: str = SWITCH, tag: bool = True) -> ChatFormat:
    """A chat format; with `tag`, the closing tag is a token of its own."""
    tokenizer = make_tokenizer(template)
    if tag:
        tokenizer.add_tokens(["</think>"])
    return ChatFormat(tokenizer)


@cache
def thinker() -> PreTrainedModel:
    """A random model that often closes its thoughts, and often ends its turn."""
    model = copy.deepcopy(tiny("qwen3", vocab_size=300, tie_word_embeddings=False))
    closing = chat_of().tokenizer.convert_tokens_to_ids("</think>")
    with torch.no_grad():
        model.get_output_embeddings().weight[[closing, END]] *= 1.8
    return model


def drawn_by(chat: ChatFormat, parts: Sequence[tuple[str, bool]]):
    """An engine that says these texts; True: it ends there. Keeps what it was asked."""
    said, asked = iter(parts), list[tuple[int, int, bool]]()

    def draw(places, prompts, most, second):
        for n in range(len(places)):
            text, ended = next(said)
            asked.append((len(prompts[n]), most, second))
            ids = chat._ids(text) + ((END,) if ended else ())
            yield {n: Draw(ids, ended, (-1.0,) * len(ids))}

    return draw, asked


LONG = "x" * 40
CASES = {
    "a whole answer": ([("hm</think>A: b", True)], "hm</think>A: b", True, False),
    "it ends in its thoughts": ([("hm", True)], "hm", True, False),
    "an answer over its limit": ([(f"hm</think>{LONG}", True)], f"hm</think>{LONG[:20]}", 0, 0),
    "the rest of an answer": (
        [("h" * 30 + "</think>A: b", False), (" and c", True)],
        "h" * 30 + "</think>A: b and c",
        True,
        False,
    ),
    "a rest over the limit": (
        [("hm</think>" + LONG[:15], False), (LONG[:18], False)],
        f"hm</think>{LONG[:20]}",
        False,
        False,
    ),
    "a budget used up": (
        [(LONG, False), ("A: b", True)],
        f"{LONG}\n</think>\n\nA: b",
        True,
        True,
    ),
    "an answer cut off after that": (
        [(LONG, False), (LONG[:20], False)],
        f"{LONG}\n</think>\n\n{LONG[:20]}",
        False,
        True,
    ),
    "a tag in quotation marks": (
        [('say "</think>" or', False), ("A: b", True)],
        'say "</think>" or\n</think>\n\nA: b',
        True,
        True,
    ),
}


@pytest.mark.parametrize("tag", [True, False], ids=["one token", "many tokens"])
@pytest.mark.parametrize(("parts", "text", "ended", "cut"), CASES.values(), ids=list(CASES))
def test_thoughts_have_a_budget_and_the_answer_its_own_limit(parts, text, ended, cut, tag) -> None:
    chat = chat_of(tag=tag)
    prompt = chat.encode(ASKED, True)
    draw, asked = drawn_by(chat, parts)
    [[one]] = [list(some.values()) for some in think(chat, [prompt], 40, 20, draw)]
    assert chat.decode([one.token_ids], True) == [f"<think>\n{text}"]
    assert (one.ended, one.appended > 0) == (ended, cut)
    assert len(one.log_probs) == len(one.token_ids)
    behind = one.token_ids[one.thoughts :]
    if cut:
        assert behind[: one.appended] == chat.closing
        assert set(one.log_probs[one.thoughts : one.thoughts + one.appended]) == {0.0}
    closed = text.partition("</think>")[0] + ("</think>" if "</think>" in text else "")
    if not cut:
        assert chat.decode([one.token_ids[: one.thoughts]]) == [closed.removesuffix("\n")]
    assert len(behind) - one.appended - one.ended <= 20
    assert [one[1:] for one in asked] == [(40, False), (20, True)][: len(parts)]


@pytest.mark.parametrize(
    ("template", "opener"),
    [(SWITCH, "assistant\n<think>\n"), (CHATML, "assistant\n<think>\n"), (THINKS, "<think>\n")],
    ids=["a switch", "none", "always"],
)
def test_the_prompt_opens_the_thoughts_whatever_the_template(template: str, opener: str) -> None:
    chat = chat_of(template)
    shown = chat.tokenizer.decode(chat.encode(ASKED, True))
    assert shown.endswith(opener) and shown.count("<think>") == 1
    assert chat.decode([chat._ids("hm")], True) == ["<think>\nhm"]
    added = len(chat.encode(ASKED, True)) - len(chat.encode(ASKED))
    assert chat.thinking_tokens == len(chat.closing) + max(0, added)


def test_a_model_with_tags_of_its_own_gets_those() -> None:
    tokenizer = make_tokenizer(CHATML)
    tokenizer.add_special_tokens({"additional_special_tokens": ["[THINK]", "[/THINK]"]})
    chat = ChatFormat(tokenizer)
    assert tokenizer.decode(chat.encode(ASKED, True)).endswith("[THINK]\n")
    assert tokenizer.decode(chat.closing) == "\n[/THINK]\n\n"


def test_thoughts_in_channels_are_refused_and_too_long_ones_too() -> None:
    tokenizer, config = make_tokenizer(CHATML), thinker().config
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|channel|>"]})
    lengths = Lengths(8, 8, 256, plan_thoughts=16, marks=9)
    with pytest.raises(UsageError, match="thinking: its thoughts go into a channel"):
        check_model("m", config, ChatFormat(tokenizer), lengths).required()
    found = {row.name: row for row in check_model("m", config, chat_of(), lengths).rows}
    assert found["thinking"].value == (
        "switch enable_thinking; <think> opens at most 16 tokens before a plan"
    )
    assert lengths.room_plan == 256 - 8 - 16 - 9 and lengths.room_solve == 256 - 8 - 8
    with pytest.raises(UsageError, match=r"beside a solution of 8, its thoughts of 200 and a"):
        check_model("m", config, chat_of(), replace(lengths, solve_thoughts=200)).required()


PARAMS = SamplingParams(6, (END,), 0.7, seed=3, region="solve")


def sampled(batch_size: int = 256, count: int = 48) -> tuple[list[Any], list[Completion]]:
    chat = chat_of()
    prompts = [
        chat.encode([{"role": "user", "content": f"Add {n % 7}."}], True) for n in range(count)
    ]
    sampler = TransformersSampler(thinker(), batch_size=batch_size)
    return prompts, in_order(stream_with_thoughts(sampler, chat, prompts, PARAMS, 12))


def test_log_probs_are_the_trainers_at_every_sampled_token() -> None:
    prompts, drawn = sampled()
    kinds = {(one.appended > 0, one.finish_reason, one.thoughts < one.sampled) for one in drawn}
    assert len(kinds) >= 4  # closed by itself or for it, ended or cut off, without an answer
    policy = Policy(copy.deepcopy(thinker()))
    samples = Samples(prompts, drawn, [""] * len(drawn))
    for batch in distinct_batches(policy, samples, np.arange(len(drawn)), 4000):
        gap = (batch.log_probs(policy, 0.7) - batch.sampler_logps_BT(samples)).abs()
        assert gap[batch.mask_BT].max() <= 1e-4
        assert int(batch.mask_BT.sum()) == samples.tokens[batch.members].sum()
    for prompt, one in zip(prompts, drawn, strict=True):
        span = slice(one.thoughts, one.thoughts + one.appended)
        assert one.thoughts <= 12 and one.sampled - one.thoughts <= 6
        with torch.no_grad():
            logps = plain_log_probs(thinker(), list(prompt), list(one.token_ids), 0.7)
        off = (logps - torch.tensor(one.log_probs)).abs()
        off[span] = 0.0
        assert off.max() <= 1e-4


def test_draws_follow_from_the_seed_whatever_the_batch() -> None:
    _, drawn = sampled()
    assert [one.token_ids for one in sampled(batch_size=5)[1]] == [one.token_ids for one in drawn]
    assert [one.token_ids for one in sampled(count=9)[1]] == [one.token_ids for one in drawn[:9]]


def appending(samples: Samples, at: int, ids: tuple[int, ...]) -> Samples:
    """The samples with tokens that nobody sampled behind their first `at` tokens."""
    longer = [
        Completion(
            (*one.token_ids[:at], *ids, *one.token_ids[at:]),
            (*one.log_probs[:at], *(0.0 for _ in ids), *one.log_probs[at:]),
            one.finish_reason,
            thoughts=at,
            appended=len(ids),
        )
        for one in samples.completions
    ]
    return Samples(samples.prompts, longer, samples.texts)


def test_appended_tokens_carry_no_gradient_and_count_in_no_mean() -> None:
    """The update equals one written out over the sampled tokens."""
    config = replace(CONFIG, beta_plan=0.0, beta_solve=0.0, correction="token_truncate")
    rollout = replace(
        played(),
        plans=appending(played().plans, 1, (7, 8, 9)),
        programs=appending(played().programs, 2, (7,)),
    )
    [got], metrics = learnt(config, rollout)
    model = copy.deepcopy(tiny_qwen3(layers=1))
    worth = compute_advantages(rollout, config)
    total = int(worth.trainable_N.sum() + worth.trainable_B.sum())
    for samples, advantages, trainable, weight, temperature in (
        (rollout.plans, worth.plan_N, worth.trainable_N, 2.0, config.temperature_plan),
        (rollout.programs, worth.solve_B, worth.trainable_B, 1.0, config.temperature_solve),
    ):
        for n, one in enumerate(samples.completions):
            if not trainable[n]:
                continue
            logps = plain_log_probs(
                model, list(samples.prompts[n]), list(one.token_ids), temperature
            )
            kept = torch.ones(len(one.token_ids), dtype=torch.bool)
            kept[one.thoughts : one.thoughts + one.appended] = False
            said = torch.tensor(one.log_probs, dtype=torch.float32)
            trust = (logps.detach() - said).exp().clamp(max=config.correction_cap)
            loss = -(weight * advantages[n] * trust * logps)[kept].sum() / one.sampled / total
            loss.backward()
    wanted = gradient(model.parameters())
    torch.testing.assert_close(got, wanted, atol=1e-6 * float(wanted.abs().max()), rtol=1e-4)
    assert metrics["tokens_plan"] == rollout.plans.tokens[worth.trainable_N].sum()


@pytest.mark.parametrize("planner", ["policy", "none"])
def test_a_run_thinks_and_its_records_say_so(tmp_path: Path, planner: str) -> None:
    run = carry_out(
        tmp_path / "run",
        max_thoughts_plan=10,
        max_thoughts_solve=6,
        planner=planner,
        steps=1,
        eval_episodes=2,
    )
    [row] = [row for row in facts(run.path) if row["stage"] == "joint"]
    region, budget = {"policy": ("plan", 10), "none": ("solve", 6)}[planner]
    assert row[f"thoughts_cut_{region}"] > 0
    assert 0 < row[f"thoughts_{region}"] <= budget
    assert row.get(f"sampler_gap_max_{region}", 0.0) <= 1e-4
    [file] = (run.path / "rollouts").glob("step-*.jsonl")
    records = read_records(file)
    assert sum(one.thoughts_cut for one in records) > 0
    assert all(0 < one.thought_tokens <= one.tokens for one in records)
    texts = {"plan": [one.plans for one in records], "solve": [one.answers for one in records]}
    assert all(text.startswith("<think>\n") for one in texts[region] for text in one)
    [after] = [row for row in facts(run.path) if row["stage"] == "after"]
    assert after["thoughts_cut"] > 0


def test_agents_and_samplers_follow_one_rule() -> None:
    chat = chat_of()
    backend = Transformers(thinker(), chat.tokenizer)
    requests = [Request(ASKED, 0.0, 6, thoughts=12), Request(ASKED, 0.0, 6)]
    thinking, plain = backend.complete(requests)
    [drawn] = in_order(
        stream_with_thoughts(
            TransformersSampler(thinker()),
            chat,
            [chat.encode(ASKED, True)],
            replace(PARAMS, temperature=0.0),
            12,
        )
    )
    assert [thinking.text] == chat.decode([drawn.token_ids], True)
    assert (thinking.thoughts, thinking.thoughts_cut) == (drawn.thoughts, drawn.appended > 0)
    assert plain.thoughts == 0 and not plain.text.startswith("<think>")
    drawn = backend.complete([Request(ASKED, 0.7, 6, seed=n, thoughts=12) for n in range(24)])
    assert len({one.thoughts_cut for one in drawn}) == 2
    again = backend.complete([Request(ASKED, 0.7, 6, seed=5, thoughts=12)])
    assert again == [drawn[5]]


PLAN = "A: x\nB: y"


def body(message: dict[str, Any], reason: str, tokens: int, **details: int) -> Reply:
    usage = {"completion_tokens": tokens, "prompt_tokens": 1, "total_tokens": 1 + tokens}
    return Reply(
        body=json.dumps(
            {
                "choices": [{"message": message, "finish_reason": reason}],
                "usage": usage | ({"completion_tokens_details": details} if details else {}),
            }
        )
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"content": "<think>\nhm, no"}, {"content": PLAN}),
        ({"content": "hm, no"}, {"content": PLAN}),
        ({"content": None, "reasoning_content": "hm, no"}, {"reasoning_content": PLAN}),
    ],
    ids=["tags", "opened by the template", "a field of their own"],
)
def test_an_endpoint_goes_on_behind_thoughts_that_used_up_their_budget(first, second) -> None:
    replies = iter([body(first, "length", 30), body({"content": None} | second, "stop", 9)])
    with chat_server(lambda request: next(replies)) as server:
        [reply] = OpenAICompatible("m", base_url=server.url).complete(
            [Request(ASKED, 0.9, 64, seed=1, thoughts=30)]
        )
    begun, rest = server.requests
    assert (begun["max_tokens"], rest["max_tokens"]) == (30, 64)
    assert begun["chat_template_kwargs"] == {"enable_thinking": True}
    assert "continue_final_message" not in begun
    assert rest["continue_final_message"] and not rest["add_generation_prompt"]
    assert rest["messages"][-1] == {
        "role": "assistant",
        "content": "<think>\nhm, no\n</think>\n\n",
    }
    assert rest["seed"] != begun["seed"] == 1
    assert (reply.methods(2), reply.tokens) == (("x", "y"), 39)
    assert (reply.thoughts, reply.thoughts_cut, reply.truncated) == (30, True, False)


def test_an_endpoint_that_counts_thoughts_holds_the_answer_to_its_limit() -> None:
    message = {"content": PLAN, "reasoning_content": "hm"}
    for limit, cut in ((12, False), (11, True)):
        with chat_server(lambda request: body(message, "stop", 20, reasoning_tokens=8)) as server:
            [reply] = OpenAICompatible("m", base_url=server.url).complete(
                [Request(ASKED, 0.9, limit, thoughts=30)]
            )
        assert len(server.requests) == 1
        assert (reply.truncated, reply.thoughts, reply.thoughts_cut) == (cut, 8, False)
        assert read_plan(without_thoughts(reply.text), 2) == ("x", "y")


def test_an_endpoint_that_cannot_go_on_is_said_once() -> None:
    def strict(request: dict[str, Any]) -> Reply:
        for name in ("continue_final_message", "chat_template_kwargs"):
            if name in request:
                error = {"error": {"message": f"Unrecognized request argument: {name}"}}
                return Reply(status=400, body=json.dumps(error))
        return body({"content": "<think>\nhm"}, "length", 5)

    asked = Request(ASKED, 0.9, 64, thoughts=5)
    with chat_server(strict) as server:
        backend = OpenAICompatible("m", base_url=server.url, retries=0)
        with pytest.warns(UserWarning, match="endpoint") as said:
            [reply] = backend.complete([asked])
        assert [str(one.message).partition(":")[0] for one in said] == [
            "the endpoint takes no thinking switch",
            "the endpoint does not go on with an answer that has begun",
        ]
        met = len(server.requests)
        assert backend.complete([asked]) == [reply]
    assert len(server.requests) == met + 1
    assert (reply.truncated, reply.thoughts_cut) == (True, True)
