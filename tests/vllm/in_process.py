"""A separate process for one vLLM engine: prints its distance from transformers as JSON.

python -m tests.vllm.in_process {vllm,vllm_worker} FOLDER [adapters]
"""

import json
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from cppo_agents.models.chat_format import ChatFormat
from cppo_grpo.rollouts.agent import PolicyAgent, Regions
from cppo_grpo.rollouts.play import play
from cppo_grpo.samplers import SamplingParams
from cppo_sandboxes.cached import CachedSandbox
from safetensors.torch import save_file
from transformers import AutoTokenizer

from cppo_env import make_sandbox, plugins
from cppo_env.protocols import Sandbox
from cppo_env.types import Job
from tests.vllm.comparison import (
    EPISODES,
    LONG,
    PROMPTS,
    SHARED_PREFIX,
    compare,
    distance,
    load_model,
)

LORA = {"enable_lora": True, "max_lora_rank": 8, "max_model_len": 512}


def cached_tokens(sampler: Any) -> list[int]:
    """Tokens of a prompt that came from the prefix cache when it was given first and again."""
    from vllm import SamplingParams

    request = {"prompt_token_ids": SHARED_PREFIX}, SamplingParams(max_tokens=1, detokenize=False)
    return [sampler.llm.generate(*request, use_tqdm=False)[0].num_cached_tokens for _ in range(2)]


def left_behind(sampler: Any) -> int:
    """Requests left in the engine after the listener stopped at the first completions."""
    stream = sampler.stream(PROMPTS, LONG)
    next(stream)
    stream.close()
    return sampler.llm.llm_engine.get_num_unfinished_requests()


class Noting(CachedSandbox):
    """Notes how many requests the engine still works on when programs are handed in."""

    def __init__(self, inner: Sandbox, unfinished: Callable[[], int]) -> None:
        super().__init__(inner)
        self.unfinished, self.noted = unfinished, []

    def prefetch(self, jobs: Sequence[Job], /) -> None:
        self.noted.append(self.unfinished())
        super().prefetch(jobs)


def judged_early(sampler: Any, folder: Path) -> list[int]:
    """A rollout: what the engine still worked on whenever programs went to the sandbox."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    params = SamplingParams(64, (tokenizer.eos_token_id,), 1.0)
    with make_sandbox("local") as box:
        noting = Noting(box, sampler.llm.llm_engine.get_num_unfinished_requests)
        env: Any = gym.make_vec("CPPO-Strategies-v0", num_envs=EPISODES, k=4, sandbox=noting)
        rollout = play(
            env.unwrapped,
            PolicyAgent(ChatFormat(tokenizer), sampler, Regions(params, params)),
            np.arange(EPISODES),
            (1, 2),
        )
        env.close()
    assert noting.tests == rollout.tests_run > 0
    return noting.noted


def through_adapters(name: str, folder: Path, **options: Any) -> dict[str, Any]:
    """The engine that keeps the base and draws through an adapter, beside merged weights."""
    model = load_model(folder)
    sampler = plugins.load("samplers", name)(model, **options)
    assert sampler.takes_adapters
    found = {"base": distance(sampler, model)}
    for step in range(2):
        base = {key: weight.clone() for key, weight in model.state_dict().items()}
        sampler.update_adapter(partial(merge_and_write, model, step))
        found[f"adapter {step}"] = distance(sampler, model)
        model.load_state_dict(base)
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(1.1)
    sampler.update(model.named_parameters())
    sampler.update_adapter(partial(merge_and_write, model, 2))
    return found | {"another base": distance(sampler, model)}


def require_adapters(found: dict[str, Any]) -> None:
    """Assert that `through_adapters` found the same tokens, and log-probs within rounding."""
    assert len(found) == 4
    for one in found.values():
        assert one["greedy_equal"] and one["repeats"]
        assert one["largest_gap"] < 1e-4


def merge_and_write(model: Any, seed: int, folder: Path) -> None:
    """Write a random adapter in peft's format, and merge it into the model."""
    random, weights, rank = torch.Generator().manual_seed(seed), {}, 4
    for name, layer in model.model.named_modules():
        if isinstance(layer, torch.nn.Linear):
            down = torch.randn(rank, layer.in_features, generator=random) * 0.1
            up = torch.randn(layer.out_features, rank, generator=random) * 0.1
            key = f"base_model.model.model.{name}"
            weights |= {f"{key}.lora_A.weight": down, f"{key}.lora_B.weight": up}
            layer.weight.data += 2 * up @ down
    save_file(weights, folder / "adapter_model.safetensors")
    targets = sorted({key.split(".")[-3] for key in weights})
    settings = {"peft_type": "LORA", "r": rank, "lora_alpha": 2 * rank, "target_modules": targets}
    (folder / "adapter_config.json").write_text(json.dumps(settings))


def main() -> None:
    """Compare with the first weights and with new ones."""
    torch.set_num_threads(1)
    name, folder = sys.argv[1], Path(sys.argv[2])
    if "adapters" in sys.argv[3:]:
        print(json.dumps(through_adapters(name, folder, **LORA)))
        return
    model = load_model(folder)
    sampler = plugins.load("samplers", name)(model, max_model_len=512)
    cached = cached_tokens(sampler)
    judged = judged_early(sampler, folder)
    found = compare(sampler, model, folder, sampler.llm.llm_engine.get_num_unfinished_requests)
    found["left_behind"] = left_behind(sampler)
    sampler.update(model.named_parameters())
    cached += cached_tokens(sampler)
    print(
        json.dumps(
            found | {"cached": cached, "judged_early": judged, "threads": torch.get_num_threads()}
        )
    )


if __name__ == "__main__":
    main()
