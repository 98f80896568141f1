"""Compare the update with plain ways to compute it: completion tokens/s and peak memory.

    python benchmarks/learner.py                                # one core
    python benchmarks/learner.py --attention hybrid             # or sliding: windows of 128 tokens
    python benchmarks/learner.py --device cuda --shape 0.6b     # on a GPU

Every variant computes log-probs of the same batch and back-propagates through them. The variants
take turns, so a busy machine slows all of them alike: read the ratios. Each variant also runs once
in a fresh process to measure its memory.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from cppo_grpo.model.policy import Policy
from cppo_grpo.model.tree_attention import row_tokens, shared_prompts
from rich.console import Console
from rich.table import Table
from torch import Tensor
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

SHAPES: dict[str, dict[str, Any]] = {
    "tiny": {
        "vocab_size": 2048,
        "hidden_size": 128,
        "intermediate_size": 256,
        "num_hidden_layers": 2,
    }
    | {"num_attention_heads": 4, "num_key_value_heads": 4, "head_dim": 32},
    "0.6b": {
        "vocab_size": 151936,
        "hidden_size": 1024,
        "intermediate_size": 3072,
        "num_hidden_layers": 28,
    }
    | {"num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128},
}

Sequences = tuple[list[list[int]], list[list[int]]]
"""Prompts and completions, one each per sequence."""

BATCHES = {
    "16 plans of 200+64, 64 programs of 250+16…128": [(2, 8, 200, 64, 64), (16, 4, 250, 16, 128)],
    "64 programs of 100+100…300 (long answers)": [(16, 4, 100, 100, 300)],
    "64 programs of 600+32…96 (long prompts)": [(16, 4, 600, 32, 96)],
}
"""Name → (groups, members of each, shared prompt tokens, shortest and longest completion)."""


def make_batch(name: str, vocabulary: int) -> Sequences:
    """Random tokens in the batch's shape."""
    generator = torch.Generator().manual_seed(0)

    def tokens(count: int) -> list[int]:
        return torch.randint(0, vocabulary, (count,), generator=generator).tolist()

    prompts, completions = [], []
    for groups, members, shared, low, high in BATCHES[name]:
        for _ in range(groups):
            prompt = tokens(shared)
            for length in torch.randint(low, high + 1, (members,), generator=generator).tolist():
                prompts.append(prompt)
                completions.append(tokens(length))
    return prompts, completions


ATTENTION: dict[str, tuple[str, dict[str, Any]]] = {
    "full": ("qwen3", {}),
    "sliding": (
        "gemma3_text",
        {"sliding_window": 128, "layer_types": ["sliding_attention", "full_attention"]},
    ),
    "hybrid": (
        "qwen3_5_text",
        {
            "layer_types": ["linear_attention", "full_attention"],
            "linear_num_key_heads": 4,
            "linear_num_value_heads": 4,
            "linear_key_head_dim": 32,
            "linear_value_head_dim": 32,
        },
    ),
}
"""Name → architecture and its own settings; kinds of layers take turns."""


def make_model(shape: str, attention: str, device: str) -> PreTrainedModel:
    """A randomly initialised Qwen3, Gemma 3 or Qwen3.5."""
    torch.manual_seed(0)
    name, own = ATTENTION[attention]
    sizes = SHAPES[shape]
    if kinds := own.get("layer_types"):
        own = own | {"layer_types": kinds * (sizes["num_hidden_layers"] // 2)}
    config = AutoConfig.for_model(
        name,
        **sizes | own,
        tie_word_embeddings=True,
        max_position_embeddings=4096,
        bos_token_id=None,
        eos_token_id=None,
        pad_token_id=None,
    )
    return AutoModelForCausalLM.from_config(config).to(device)


def one_at_a_time(model: PreTrainedModel, batch: Sequences, completion_logits: bool) -> None:
    """One sequence per pass; logits everywhere, or at completion positions only."""
    for prompt, completion in zip(*batch, strict=True):
        ids = torch.tensor([prompt + completion], device=model.device)
        keep = len(completion) + 1 if completion_logits else 0
        logits = model(input_ids=ids, use_cache=False, logits_to_keep=keep).logits[
            0, -len(completion) - 1 : -1
        ]
        _backward(logits.log_softmax(-1).gather(-1, ids[0, -len(completion) :, None]))


def padded(model: PreTrainedModel, batch: Sequences, rows: int) -> None:
    """Right-padded batches of similar lengths; logits from the first completion on."""
    order = sorted(range(len(batch[0])), key=lambda i: len(batch[0][i]) + len(batch[1][i]))
    for start in range(0, len(order), rows):
        chosen = order[start : start + rows]
        sequences = [batch[0][i] + batch[1][i] for i in chosen]
        longest = max(map(len, sequences))
        ids = torch.tensor(
            [ids + [0] * (longest - len(ids)) for ids in sequences], device=model.device
        )
        lengths = torch.tensor([len(ids) for ids in sequences], device=model.device)[:, None]
        starts = torch.tensor([len(batch[0][i]) for i in chosen], device=model.device)[:, None]
        positions = torch.arange(longest, device=model.device)
        keep = longest - int(starts.min()) + 1
        logits = model(
            input_ids=ids,
            attention_mask=(positions < lengths).long(),
            use_cache=False,
            logits_to_keep=keep,
        ).logits
        logps = logits[:, :-1].log_softmax(-1).gather(-1, ids[:, -keep + 1 :, None])[..., 0]
        _backward(logps[((positions >= starts) & (positions < lengths))[:, -keep + 1 :]])


def shared(policy: Policy, batch: Sequences, max_tokens: int) -> None:
    """The learner's way."""
    prompts, completions = batch
    for rows in policy.micro_batches(prompts, completions, max_tokens):
        _backward(policy([prompts[i] for i in rows], [completions[i] for i in rows], 1.0))


def _backward(logps: Tensor) -> None:
    (-logps.sum()).backward()


VARIANTS: dict[str, Callable[[PreTrainedModel, Sequences, int], Callable[[], None]]] = {
    "one at a time": lambda model, batch, _: (
        lambda: one_at_a_time(model, batch, completion_logits=False)
    ),
    "one at a time, completion logits": lambda model, batch, _: (
        lambda: one_at_a_time(model, batch, completion_logits=True)
    ),
    "padded, 8 rows": lambda model, batch, _: lambda: padded(model, batch, 8),
    "shared prompts (the learner)": lambda model, batch, tokens: partial(
        shared, Policy(model), batch, tokens
    ),
}
"""Name → one update's forward and backward passes, for a model, a batch and a token budget."""


def seconds(update: Callable[[], None], device: str) -> float:
    """Time of one update: CPU time of this process, or wall time around a GPU."""
    clock = time.perf_counter if device == "cuda" else time.process_time
    start = clock()
    update()
    if device == "cuda":
        torch.cuda.synchronize()
    return clock() - start


def peak_bytes(options: argparse.Namespace, batch_name: str, variant: str, results: Any) -> None:
    """Send the memory that one update adds to model and gradients; runs in a fresh process."""
    torch.set_num_threads(1)
    model = make_model(options.shape, options.attention, options.device)
    prompts, completions = make_batch(batch_name, model.config.vocab_size)
    # Gradients and libraries are there before the count starts.
    VARIANTS[variant](model, (prompts[:1], completions[:1]), options.max_tokens)()
    update = VARIANTS[variant](model, (prompts, completions), options.max_tokens)
    if options.device == "cuda":
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        update()
        results.put(torch.cuda.max_memory_allocated() - before)
    else:
        Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far (Linux)
        before = resident_bytes("VmRSS")
        update()
        results.put(resident_bytes("VmHWM") - before)


def resident_bytes(field: str) -> int:
    """Current (VmRSS) or peak (VmHWM) memory of this process."""
    line = next(
        line
        for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith(field)
    )
    return int(line.split()[1]) * 1024


def measure(options: argparse.Namespace, batch_name: str) -> list[dict[str, Any]]:
    """Tokens/s of every variant on one batch, in turns; their gradients must agree."""
    models = {
        name: make_model(options.shape, options.attention, options.device) for name in VARIANTS
    }
    batch = make_batch(batch_name, models["one at a time"].config.vocab_size)
    updates = {
        name: make(models[name], batch, options.max_tokens) for name, make in VARIANTS.items()
    }
    times: dict[str, list[float]] = {name: [] for name in VARIANTS}
    for turn in range(options.rounds + 1):
        for name, update in updates.items():
            models[name].zero_grad()
            elapsed = seconds(update, options.device)
            if turn > 0:  # the first turn warms up
                times[name].append(elapsed)
    first, *others = (
        [p.grad for p in model.parameters() if p.grad is not None] for model in models.values()
    )
    scale = max(float(grad.abs().max()) for grad in first)
    for grads in others:
        for grad, expected in zip(grads, first, strict=True):
            torch.testing.assert_close(grad, expected, atol=1e-4 * scale, rtol=1e-4)

    prompts, completions = batch
    tokens = sum(map(len, completions))
    plain_row = sum(map(len, prompts)) + tokens - len(prompts)
    shared_row = sum(row_tokens(group, prompts, completions) for group in shared_prompts(prompts))
    fastest_plain = min(min(times[name]) for name in list(VARIANTS)[:-1])
    context = multiprocessing.get_context("spawn")
    results = []
    for name in VARIANTS:
        queue = context.Queue()
        process = context.Process(target=peak_bytes, args=(options, batch_name, name, queue))
        process.start()
        memory = queue.get(timeout=600)
        process.join()
        processed = shared_row if name == list(VARIANTS)[-1] else plain_row
        weights = sum(p.numel() for p in models[name].parameters())
        results.append(
            {
                "batch": batch_name,
                "variant": name,
                "completion_tokens_per_s": tokens / min(times[name]),
                "against_best_plain": fastest_plain / min(times[name]),
                "tokens_computed": processed,
                "tflops": 6 * weights * processed / min(times[name]) / 1e12,
                "peak_mib": memory / 2**20,
            }
        )
    return results


def main() -> None:
    """Measure, print a table, and write the rows as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--shape", default="tiny", choices=list(SHAPES))
    parser.add_argument(
        "--attention", default="full", choices=list(ATTENTION), help="kind of the model's layers"
    )
    parser.add_argument(
        "--rounds", type=int, default=5, help="timed turns of every variant; the best one counts"
    )
    parser.add_argument(
        "--max-tokens", type=int, default=4096, help="tokens of one forward pass of the learner"
    )
    parser.add_argument(
        "--peak-tflops",
        type=float,
        help="what the device can do, to print the share of it that is used",
    )
    parser.add_argument("--batches", type=int, default=len(BATCHES), help="the first of them only")
    parser.add_argument("--json", type=Path, help="write the rows there")
    options = parser.parse_args()
    torch.set_num_threads(1)

    rows = [row for name in list(BATCHES)[: options.batches] for row in measure(options, name)]
    table = Table(
        "variant",
        "completion tokens/s",
        "× best plain",
        "tokens computed",
        "peak MiB",
        "share of peak",
    )
    for row in rows:
        if row["variant"] == next(iter(VARIANTS)):
            table.add_section()
            table.add_row(f"[bold]{row['batch']}")
        share = f"{row['tflops'] / options.peak_tflops:.0%}" if options.peak_tflops else "–"
        table.add_row(
            row["variant"],
            f"{row['completion_tokens_per_s']:,.0f}",
            f"{row['against_best_plain']:.2f}",
            f"{row['tokens_computed']:,}",
            f"{row['peak_mib']:,.0f}",
            share,
        )
    Console().print(table)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
