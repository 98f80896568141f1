"""How vLLM draws for a learner on a CPU: all rows of a step at once, each with its own seed.

vLLM's own way costs about a tenth of the time of a small model: it asks each row's generator for
one number after the other, and ranks every sampled token for a field that nobody reads. It also
fails on a seeded request whose prompt it reads in several steps: all draws before the last step
must be taken back, which CPU generators cannot do.
"""

from __future__ import annotations

import random
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from vllm.v1.outputs import LogprobsTensors  # pyright: ignore[reportMissingImports] - of an environment of its own
from vllm.v1.sample.ops.topk_topp_sampler import apply_top_k_top_p  # pyright: ignore[reportMissingImports] - of an environment of its own

from cppo_grpo.samplers.inversion import invert

NOISE = 256
"""Numbers drawn from a generator at once."""

OFFSET = 4
"""What one draw adds to the offset of a generator, as vLLM expects."""


def draw_together(runner: Any) -> None:
    """Make a vLLM `CPUModelRunner` draw this way; its log-probs are processed ones."""
    sampler = runner.sampler
    if isinstance(sampler.topk_topp_sampler, _Together):
        return  # a server meets one trainer after the other
    runner.input_batch.generators = _Streams()
    sampler.topk_topp_sampler = _Together()
    ranked = sampler.gather_logprobs

    def gather_logprobs(logprobs: Tensor, num_logprobs: int, token_ids: Tensor) -> LogprobsTensors:
        if num_logprobs:
            return ranked(logprobs, num_logprobs, token_ids)
        ids_B1 = token_ids[:, None]
        return LogprobsTensors(
            ids_B1.int(), logprobs.gather(-1, ids_B1), torch.zeros_like(token_ids)
        )

    sampler.gather_logprobs = gather_logprobs


class _Stream:
    """The noise of one request, shaped like a generator that can be rewound."""

    def __init__(self, seed: int) -> None:
        self._generator = torch.Generator().manual_seed(seed)
        self._noise: list[float] = []
        self._drawn = 0

    def draw(self) -> float:
        if self._drawn == len(self._noise):
            self._noise += torch.rand(
                NOISE, dtype=torch.float64, generator=self._generator
            ).tolist()
        self._drawn += 1
        return self._noise[self._drawn - 1]

    def get_offset(self) -> int:
        return self._drawn * OFFSET

    def set_offset(self, offset: int) -> None:
        self._drawn = offset // OFFSET


class _Streams(dict[int, _Stream]):
    """The streams of the seeded rows; vLLM inserts generators and moves them between rows."""

    def __init__(self) -> None:
        super().__init__()
        # A request that vLLM puts off comes back with its generator, and goes on where it was.
        self._known: WeakKeyDictionary[torch.Generator, _Stream] = WeakKeyDictionary()

    def __setitem__(self, row: int, given: torch.Generator | _Stream) -> None:
        if isinstance(given, torch.Generator):
            given = self._known.setdefault(given, _Stream(given.initial_seed()))
        super().__setitem__(row, given)


class _Together(nn.Module):
    """The last stage of vLLM's sampler."""

    def forward(
        self, logits: Tensor, streams: dict[int, _Stream], k: Tensor | None, p: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Tokens and log-probs from logits at their temperature; unseeded rows have no stream."""
        logps_BV = apply_top_k_top_p(logits, k, p).log_softmax(-1, dtype=torch.float32)
        noise = [
            streams[row].draw() if row in streams else random.random() for row in range(len(logits))
        ]
        return invert(logps_BV, torch.tensor(noise, dtype=torch.float64)), logps_BV
