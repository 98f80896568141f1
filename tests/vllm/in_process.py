"""A separate process for one vLLM engine: prints its distance from transformers as JSON.

python -m tests.vllm.in_process {vllm,vllm_worker} FOLDER
"""

import json
import sys
from collections.abc import Callable, Sequence
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
from transformers import AutoTokenizer

from cppo_env import make_sandbox, plugins
from cppo_env.protocols import Sandbox
from cppo_env.types import Job
from tests.vllm.comparison import EPISODES, LONG, PROMPTS, SHARED_PREFIX, compare, load_model


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


def main() -> None:
    """Compare with the first weights and with new ones."""
    torch.set_num_threads(1)
    name, folder = sys.argv[1], Path(sys.argv[2])
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
