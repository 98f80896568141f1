"""The transformers back end on a tiny model made from scratch."""

import pytest
import torch
from cppo_agents import TransformersAgent
from cppo_agents.backends import Request
from cppo_agents.backends.transformers import Transformers
from cppo_grpo.model.tiny import make_model, train_tokenizer

from cppo_env import Observation, UsageError
from cppo_env.testing import AgentContract

TEXTS = [
    "Add up the numbers of the log.",
    "A: Sort them.\nB: Count them.",
    "print(sum(numbers))",
] * 3
PROMPTS = ("Add up.", "Sort the numbers of the log and count them, then print the sum.", "Count.")


@pytest.fixture(scope="module")
def parts():
    tokenizer = train_tokenizer(TEXTS, 400)
    model = make_model(tokenizer, hidden=64)
    # Fresh weights only repeat the prompt's last token, whatever came before it.
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weights in model.parameters():
            weights += 0.3 * torch.randn(weights.shape, generator=generator)
    return model, tokenizer


@pytest.fixture(scope="module")
def folder(parts, tmp_path_factory):
    path = tmp_path_factory.mktemp("model")
    for part in parts:
        part.save_pretrained(path)
    return str(path)


def request(
    prompt: str, temperature: float = 0.0, max_tokens: int = 12, seed: int | None = None
) -> Request:
    return Request([{"role": "user", "content": prompt}], temperature, max_tokens, seed)


class TestTransformersAgent(AgentContract):
    @pytest.fixture(autouse=True)
    def load(self, folder):
        self.folder = folder

    def make(self):
        return TransformersAgent(self.folder, plan_tokens=8, solve_tokens=8)


def test_one_model_plans_and_another_one_solves(folder, parts, tmp_path):
    """CPPO's planner with the base solver: `--options.planner`, `--options.solver`."""
    other = str(tmp_path)
    make_model(parts[1], hidden=64, seed=7).save_pretrained(other)
    parts[1].save_pretrained(other)
    limits = {"plan_tokens": 8, "solve_tokens": 8, "seed": 3, "k": 2}
    planning, solving = ({**observe(), "phase": phase, "methods": ("x", "y")} for phase in (0, 1))
    both = TransformersAgent(planner=folder, solver=other, **limits)
    said: dict[str, list[list[str]]] = {}
    agents = {"both": both, "planner": TransformersAgent(folder, **limits)}
    agents["solver"] = TransformersAgent(other, **limits)
    for name, agent in agents.items():
        said[name] = []
        for observation in (planning, solving):
            agent.act_in([("p", 0)], [observation])
            said[name].append([reply.text for reply in agent.replies[0]])
    assert said["both"] == [said["planner"][0], said["solver"][1]]
    assert said["planner"][0] != said["solver"][0] and said["planner"][1] != said["solver"][1]
    assert both.model_check["model"] == f"{folder} and {other}"
    assert {row["name"].split(":")[0] for row in both.model_check["rows"]} == {"planner", "solver"}
    assert TransformersAgent(folder, solver=folder, **limits).model_check["model"] == folder


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "model: got none for the planner and the solver; give"),
        ({"planner": "x"}, "model: got none for the solver"),
        ({"strategy": "direct"}, "model: got none for the solver"),
        ({"model": "x", "planner": "y", "strategy": "direct"}, "'direct' writes no plans"),
    ],
)
def test_a_region_without_a_model_is_refused(options, message):
    with pytest.raises(UsageError, match=message):
        TransformersAgent(**options)


def observe():
    return Observation(phase=0, problem="Add up.", starter_code="", methods=("",) * 2)


def test_padding_changes_nothing(parts):
    backend = Transformers(*parts)
    together = backend.complete([request(prompt) for prompt in PROMPTS])
    alone = [backend.complete([request(prompt)])[0] for prompt in PROMPTS]
    assert together == alone
    assert len({completion.text for completion in alone}) > 1
    assert (
        Transformers(*parts, batch_size=1).complete([request(prompt) for prompt in PROMPTS])
        == alone
    )


def plain_greedy(model, tokenizer, prompt: str, tokens: int) -> list[int]:
    """The obvious computation: one sequence, one token after another, no cache."""
    ids = tokenizer.apply_chat_template(request(prompt).messages, add_generation_prompt=True)[
        "input_ids"
    ]
    generated: list[int] = []
    with torch.inference_mode():
        for _ in range(tokens):
            logits = model(torch.tensor([ids + generated]), use_cache=False).logits[0, -1]
            generated.append(int(logits.argmax()))
    return generated


def test_greedy_text_is_that_of_the_plain_model(parts):
    model, tokenizer = parts
    generated = plain_greedy(model, tokenizer, PROMPTS[0], 12)
    [completion] = Transformers(model, tokenizer).complete([request(PROMPTS[0])])
    assert completion.text == tokenizer.decode(generated, skip_special_tokens=True)
    assert (completion.truncated, completion.tokens) == (True, 12)


def test_sampling_covers_the_whole_distribution(parts):
    """`generate` keeps the 50 likeliest tokens by default."""
    model, tokenizer = parts
    drawn = Transformers(model, tokenizer, batch_size=400).complete(
        [request("Add.", 5.0, 1, seed=seed) for seed in range(400)]
    )
    assert len({completion.text for completion in drawn}) > 60


def test_a_seed_repeats_the_texts_and_leaves_the_process_alone(parts):
    backend = Transformers(*parts)
    requests = [request(prompt, 1.0, seed=7) for prompt in PROMPTS]
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    first = backend.complete(requests)
    assert torch.equal(torch.rand(3), expected)
    assert backend.complete(requests) == first
    assert backend.complete([request(prompt, 1.0, seed=8) for prompt in PROMPTS]) != first


def test_a_draw_follows_from_its_own_seed_whatever_is_in_the_batch(parts):
    requests = [request(prompt, 1.0, seed=seed) for seed, prompt in enumerate(PROMPTS * 2)]
    together = Transformers(*parts).complete(requests)
    assert Transformers(*parts, batch_size=1).complete(requests[::-1])[::-1] == together
    assert together[0] != together[3]  # one prompt, two seeds


def test_an_end_token_ends_the_text_untruncated(parts):
    model, tokenizer = parts
    first, second, third = plain_greedy(model, tokenizer, PROMPTS[0], 3)
    assert third not in (first, second)
    model.generation_config.eos_token_id = [tokenizer.eos_token_id, third]
    try:
        [cut] = Transformers(model, tokenizer).complete([request(PROMPTS[0])])
    finally:
        model.generation_config.eos_token_id = tokenizer.eos_token_id
    assert (cut.text, cut.tokens, cut.truncated) == (tokenizer.decode([first, second]), 2, False)
