"""How far an engine is from transformers, in tokens, log-probs and whole rollouts."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium as gym
import torch
from cppo_agents.models.chat_format import ChatFormat
from cppo_grpo.rollouts.agent import PolicyAgent, Regions
from cppo_grpo.rollouts.play import play
from cppo_grpo.samplers import Sampler, SamplingParams, in_order, stream
from cppo_grpo.samplers.thoughts import stream_with_thoughts
from cppo_grpo.samplers.transformers import TransformersSampler
from transformers import AutoModelForCausalLM, AutoTokenizer

from cppo_env import parsing
from tests.support.models import plain_log_probs, random_ids

GREEDY = SamplingParams(24, (), 0.0)
DRAWN = SamplingParams(24, tuple(range(0, 512, 16)), 0.7, seed=5)
SHARED_PREFIX = random_ids(150, seed=1)[0]
"""More than one 128-token block of the prefix cache."""
PROMPTS = [SHARED_PREFIX + ids for ids in random_ids(5, 9, 40, seed=2)] + [SHARED_PREFIX] * 5
LONG = SamplingParams(300, tuple(range(0, 512, 64)), 1.0, seed=6)
"""Some end soon and some late."""
MANY = [ids * 3 for ids in random_ids(*[150] * 20, seed=4)]
"""More tokens than vLLM reads in one step (4,096), so that it reads some prompts in parts."""
EPISODES = 8


def load_model(folder: Path) -> Any:
    """The model of a folder."""
    return AutoModelForCausalLM.from_pretrained(folder).eval()


def compare(
    sampler: Sampler, model: Any, folder: Path, unfinished: Callable[[], int]
) -> dict[str, Any]:
    """The engine beside the model: at first, in a rollout, and after an update.

    `unfinished` tells how many requests the engine is working on.
    """
    before = distance(sampler, model)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    rollout = played(sampler, model, tokenizer)
    thoughts = thinks_equally(sampler, model, tokenizer)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(
                0.3
                * weight.std()
                * torch.randn(weight.shape, generator=torch.Generator().manual_seed(3))
            )
    sampler.update(model.named_parameters())
    after = distance(sampler, model)
    found = {"streamed": streamed(sampler, unfinished), "split_unchanged": split_unchanged(sampler)}
    return {"before": before, "rollout": rollout, "thoughts": thoughts, "after": after} | found


def require_equal(found: dict[str, Any]) -> None:
    """Assert that the engine did what transformers does."""
    for weights in ("before", "after"):
        one = found[weights]
        assert one["greedy_equal"]
        assert one["largest_gap"] < 1e-4
        assert one["ends_where_it_stops"]
        assert one["distinct"] >= 6  # five of the eight prompts are copies: their draws must differ
        assert one["repeats"]
    rollout = found["rollout"]
    assert rollout["equal"]
    assert rollout["readable"] > 0
    assert rollout["programs"] == 4 * rollout["readable"]
    assert rollout["prompts_show_their_method"]
    thoughts = found["thoughts"]
    assert thoughts["equal"] and thoughts["cut"] > 0
    assert thoughts["largest_gap"] < 1e-4
    found_early = found["streamed"]
    # Whether a server is still at work when a report is looked at depends on the machine; that the
    # completions come one after the other does not.
    assert found_early["unfinished"][-1] == 0
    assert len(found_early["unfinished"]) > 2  # how many depends on what the model draws
    assert found_early["draws_unchanged"]
    assert found_early["alone_unchanged"]
    assert found["split_unchanged"]


def distance(sampler: Sampler, model: Any) -> dict[str, Any]:
    """The sampler's distance from the model: greedy tokens, and log-probs of drawn tokens."""
    greedy, expected = (
        sampler.sample(PROMPTS, GREEDY),
        TransformersSampler(model).sample(PROMPTS, GREEDY),
    )
    drawn = sampler.sample(PROMPTS, DRAWN)
    gaps = []
    with torch.no_grad():
        for prompt, completion in zip(PROMPTS, drawn, strict=True):
            plain = plain_log_probs(model, prompt, list(completion.token_ids), DRAWN.temperature)
            gaps.append(float((plain - torch.tensor(completion.log_probs)).abs().max()))
    return {
        "greedy_equal": [c.token_ids for c in greedy] == [c.token_ids for c in expected],
        "largest_gap": max(gaps),
        "ends_where_it_stops": all(
            (c.token_ids[-1] in DRAWN.end_ids) == (c.finish_reason == "stop") for c in drawn
        ),
        "distinct": len({c.token_ids for c in drawn}),
        "repeats": [c.token_ids for c in drawn]
        == [c.token_ids for c in sampler.sample(PROMPTS, DRAWN)],
    }


def thinks_equally(sampler: Sampler, model: Any, tokenizer: Any) -> dict[str, Any]:
    """Thoughts and answers of the engine beside those of transformers, greedy."""
    chat, params = ChatFormat(tokenizer), replace(GREEDY, max_tokens=6)
    prompts = [chat.encode([{"role": "user", "content": f"Add {n}."}], True) for n in range(4)]
    ours, plain = (
        in_order(stream_with_thoughts(one, chat, prompts, params, 10))
        for one in (sampler, TransformersSampler(model))
    )
    return {
        "equal": [c.token_ids for c in ours] == [c.token_ids for c in plain],
        "largest_gap": max(
            abs(a - b)
            for one, other in zip(ours, plain, strict=True)
            for a, b in zip(one.log_probs, other.log_probs, strict=True)
        ),
        "cut": sum(one.appended > 0 for one in ours),
    }


def streamed(sampler: Sampler, unfinished: Callable[[], int]) -> dict[str, Any]:
    """What was unfinished at each report, and whether the draws equal those of `sample`.

    A completion drawn alone is also the same: its seed decides, not the rest of the batch.
    """
    expected = sampler.sample(PROMPTS, LONG)
    found, working = {}, []
    for finished in stream(sampler, PROMPTS, LONG):
        working.append(unfinished())
        found |= finished
    (alone,) = sampler.sample(PROMPTS[3:4], replace(LONG, streams=(3,)))
    return {
        "unfinished": working,
        "draws_unchanged": [found[i].token_ids for i in range(len(PROMPTS))]
        == [c.token_ids for c in expected],
        "alone_unchanged": alone.token_ids == expected[3].token_ids,
    }


def split_unchanged(sampler: Sampler) -> bool:
    """Whether prompts that are read in parts are gone on with as they are alone."""
    together = sampler.sample(MANY, DRAWN)
    alone = [
        sampler.sample([prompt], replace(DRAWN, streams=(i,)))[0] for i, prompt in enumerate(MANY)
    ]
    return [c.token_ids for c in together] == [c.token_ids for c in alone]


def played(sampler: Sampler, model: Any, tokenizer: Any) -> dict[str, Any]:
    """A greedy rollout in the environment, with the engine and with transformers."""
    greedy = SamplingParams(64, (tokenizer.eos_token_id,), 0.0)
    env: Any = gym.make_vec("CPPO-Strategies-v0", num_envs=EPISODES, k=4, sandbox="local")
    try:
        ours, plain = (
            play(
                env.unwrapped,
                PolicyAgent(ChatFormat(tokenizer), one, Regions(greedy, greedy)),
                torch.arange(EPISODES).numpy(),
                (0, 0),
            )
            for one in (sampler, TransformersSampler(model))
        )
    finally:
        env.close()
    written = [
        [c.token_ids for c in (*rollout.plans.completions, *rollout.programs.completions)]
        for rollout in (ours, plain)
    ]
    return {
        "equal": written[0] == written[1],
        "readable": sum(parsing.read_plan(text, 4) != () for text in ours.plans.texts),
        "programs": len(ours.branches),
        "prompts_show_their_method": all(
            ours.records[n].methods[i] in tokenizer.decode(prompt)
            for (n, i), prompt in zip(ours.branches.tolist(), ours.programs.prompts, strict=True)
        ),
    }
