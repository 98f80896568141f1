"""A process of its own for one vLLM engine: prints its distance from transformers as JSON.

python -m tests.vllm.in_process {vllm,vllm_worker} FOLDER
"""

import json
import sys
from pathlib import Path
from typing import Any

import torch
from cppo_grpo.samplers import SamplingParams

from cppo_env import plugins
from tests.grpo.models import random_ids
from tests.vllm.comparison import LONG, PROMPTS, SHARED_PREFIX, compare, load_model


def cached_tokens(sampler: Any) -> list[int]:
    """Tokens of a prompt that came from the prefix cache when it was given first and again."""
    from vllm import SamplingParams

    request = {"prompt_token_ids": SHARED_PREFIX}, SamplingParams(max_tokens=1, detokenize=False)
    return [sampler.llm.generate(*request, use_tqdm=False)[0].num_cached_tokens for _ in range(2)]


def left_behind(sampler: Any) -> int:
    """Requests that the engine still has once somebody has stopped listening after the first completions."""
    stream = sampler.stream(PROMPTS, LONG)
    next(stream)
    stream.close()
    return sampler.llm.llm_engine.get_num_unfinished_requests()


def split_prompts(sampler: Any) -> list[int]:
    """Tokens that were drawn after so many prompt tokens that vLLM takes several steps to read them."""
    prompts = [ids * 3 for ids in random_ids(*[160] * 30)]
    return [len(completion.token_ids) for completion in sampler.sample(prompts, SamplingParams(2, ()))]


def main() -> None:
    """Compare with the first weights and with new ones."""
    torch.set_num_threads(1)
    name, folder = sys.argv[1], Path(sys.argv[2])
    model = load_model(folder)
    sampler = plugins.load("samplers", name)(model, max_model_len=512)
    cached = cached_tokens(sampler)
    found = compare(sampler, model, folder, sampler.llm.llm_engine.get_num_unfinished_requests)
    found["left_behind"], found["split_prompts"] = left_behind(sampler), split_prompts(sampler)
    sampler.update(model.named_parameters())
    cached += cached_tokens(sampler)
    print(json.dumps(found | {"cached": cached, "threads": torch.get_num_threads()}))


if __name__ == "__main__":
    main()
