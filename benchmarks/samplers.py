"""Measure tokens/s of the samplers on one core, after a warm-up.

    taskset -c 1 .venv-vllm/bin/python benchmarks/samplers.py     # includes vLLM if installed

A 0.59 M Qwen3 draws 64 sequences of 128 new tokens. The baseline is `LLM.generate` with vLLM's
default settings, without seeds or log-probs, in a separate process because a process holds one
engine. The engines take turns, one at a time.
"""

from __future__ import annotations

import argparse
import importlib.util
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

import torch
from cppo_grpo.samplers import Sampler, SamplingParams
from cppo_grpo.samplers.transformers import TransformersSampler
from rich.console import Console
from rich.table import Table
from transformers import PreTrainedModel, Qwen3Config, Qwen3ForCausalLM

BASELINE = "vLLM, plain"
Prompts = list[list[int]]
Turn = Callable[[Prompts, int], tuple[float, float]]
"""Draws this many tokens after each prompt; returns tokens/s by wall time and by CPU time."""


def tiny_qwen3(intermediate_size: int = 256) -> PreTrainedModel:
    """A randomly initialised model of 2 layers, 128 wide, with 2,048 tokens."""
    torch.manual_seed(0)
    config = Qwen3Config(
        vocab_size=2048,
        hidden_size=128,
        intermediate_size=intermediate_size,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4,
        head_dim=32,
        max_position_embeddings=4096,
        tie_word_embeddings=True,
    )
    return Qwen3ForCausalLM(config).eval()


def rates(draw: Callable[[], int]) -> tuple[float, float]:
    """Tokens/s by wall time and by CPU time of one call that draws and counts them."""
    wall, cpu = time.perf_counter(), time.process_time()
    tokens = draw()
    return tokens / (time.perf_counter() - wall), tokens / (time.process_time() - cpu)


def turn_of(sampler: Sampler) -> Turn:
    """A turn of one of our samplers."""

    def turn(prompts: Prompts, new_tokens: int) -> tuple[float, float]:
        params = SamplingParams(new_tokens, ())
        return rates(
            lambda: sum(len(completion.token_ids) for completion in sampler.sample(prompts, params))
        )

    return turn


def serve_plain(pipe: Connection, folder: str) -> None:
    """The other process: plain vLLM, controlled through a pipe."""
    os.environ |= {
        "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
        "VLLM_CPU_KVCACHE_SPACE": "1",
    }
    import vllm  # pyright: ignore[reportMissingImports] - from a separate environment

    torch.set_num_threads(1)
    llm = vllm.LLM(
        folder, dtype="float32", enforce_eager=True, max_model_len=1024, skip_tokenizer_init=True
    )
    while (request := pipe.recv()) is not None:
        prompts, options, seeded = request
        params = [
            vllm.SamplingParams(detokenize=False, seed=i if seeded else None, **options)
            for i in range(len(prompts))
        ]
        inputs: Any = [{"prompt_token_ids": prompt} for prompt in prompts]
        pipe.send(rates(partial(_drawn_tokens, llm, inputs, params)))


def _drawn_tokens(llm: Any, inputs: Any, params: Any) -> int:
    """Draw, and count the tokens."""
    return sum(
        len(one.outputs[0].token_ids) for one in llm.generate(inputs, params, use_tqdm=False)
    )


@contextmanager
def plain_vllm(model: PreTrainedModel) -> Iterator[dict[str, Turn]]:
    """Turns of plain vLLM, without and with what a learner needs."""
    context = multiprocessing.get_context("spawn")
    pipe, other = context.Pipe()
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        process = context.Process(target=serve_plain, args=(other, folder))
        process.start()

        def turn(options: dict[str, Any], seeded: bool) -> Turn:
            def call(prompts: Prompts, new_tokens: int) -> tuple[float, float]:
                pipe.send(
                    (prompts, {"max_tokens": new_tokens, "ignore_eos": True} | options, seeded)
                )
                return pipe.recv()

            return call

        log_probs = {"logprobs": 0, "flat_logprobs": True}
        try:
            yield {
                BASELINE: turn({}, False),
                "vLLM, plain, greedy": turn({"temperature": 0.0}, False),
                "vLLM, with a seed for each request": turn({}, True),
                "vLLM, with log-probs": turn(log_probs, False),
                "vLLM, with seeds and log-probs": turn(log_probs, True),
            }
        finally:
            pipe.send(None)
            process.join()


def measure(turns: dict[str, Turn], rounds: int, prompts: Prompts, new_tokens: int) -> None:
    """Measure the engines in turns; print each one's best turn and ratio to the baseline."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in turns}
    for number in range(rounds + 1):
        for name, turn in turns.items():
            rate = turn(prompts[:8] if "one by one" in name else prompts, new_tokens)
            if number:  # the first round warms up
                found[name].append(rate)
    table = Table("engine", "tokens by second of wall time", "by second of CPU time", "× plain")
    for name, turned in found.items():
        wall, cpu = (max(column) for column in zip(*turned, strict=True))
        # Other work on the machine slows a round as a whole, so ratios are taken within rounds.
        pairs = zip(turned, found.get(BASELINE, ()), strict=False)
        ratios = [own / plain for (_, own), (_, plain) in pairs]
        table.add_row(
            name,
            f"{wall:,.0f}",
            f"{cpu:,.0f}",
            f"{statistics.median(ratios):.2f}" if ratios else "",
        )
    Console().print(table)


def main() -> None:
    """Measure the installed engines."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--sequences", type=int, default=64)
    parser.add_argument(
        "--prompt", type=int, default=50, help="prompt tokens; no two prompts are alike"
    )
    parser.add_argument("--new-tokens", type=int, default=128)
    options = parser.parse_args()
    torch.set_num_threads(1)
    model = tiny_qwen3()
    prompts = torch.randint(0, 2048, (options.sequences, options.prompt)).tolist()
    turns = {
        "transformers, one by one": turn_of(TransformersSampler(model, batch_size=1)),
        "transformers, batched": turn_of(TransformersSampler(model)),
    }
    if not importlib.util.find_spec("vllm"):
        measure(turns, options.rounds, prompts, options.new_tokens)
        return
    from cppo_grpo.samplers.vllm import VllmSampler

    with plain_vllm(model) as plain:
        ours = {
            "sampler vllm: seeds, log-probs, streaming": turn_of(
                VllmSampler(model, max_model_len=1024)
            )
        }
        measure(turns | plain | ours, options.rounds, prompts, options.new_tokens)


if __name__ == "__main__":
    main()
