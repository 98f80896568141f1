"""How vLLM draws for a learner on a CPU: all rows of a step at once, each with the noise of its own seed.

vLLM's own way costs about a tenth of the time of a small model: it asks the generator of each row for a number, one
after the other, and ranks every sampled token for a field that nobody reads. It also fails on a request with a seed
whose prompt it reads in several steps: what is drawn before the last of them has to be taken back, which generators of
a CPU cannot do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from vllm.v1.outputs import LogprobsTensors

from cppo_grpo.samplers.inversion import invert

NOISE = 256
"""Numbers that are taken from a generator at once."""

OFFSET = 4
"""What one draw adds to the offset of a generator, as vLLM expects it."""


def draw_together(runner: Any) -> None:
    """Let a model runner of vLLM (`vllm.v1.worker.cpu_model_runner.CPUModelRunner`) draw so."""
    sampler = runner.sampler
    if isinstance(sampler.topk_topp_sampler, _Together):
        return  # a server meets one trainer after the other
    runner.input_batch.generators = _Streams()
    sampler.topk_topp_sampler = _Together(sampler.topk_topp_sampler)
    ranked = sampler.gather_logprobs

    def gather_logprobs(logprobs: Tensor, num_logprobs: int, token_ids: Tensor) -> LogprobsTensors:
        if num_logprobs:
            return ranked(logprobs, num_logprobs, token_ids)
        ids_B1 = token_ids[:, None]
        return LogprobsTensors(ids_B1.int(), logprobs.gather(-1, ids_B1), torch.zeros_like(token_ids))

    sampler.gather_logprobs = gather_logprobs


class _Stream:
    """The noise of one request, as far as vLLM knows a generator that can be set back."""

    def __init__(self, generator: torch.Generator) -> None:
        self._generator, self._noise, self._drawn = generator, list[float](), 0

    def next(self) -> float:
        if self._drawn == len(self._noise):
            self._noise += torch.rand(NOISE, dtype=torch.float64, generator=self._generator).tolist()
        self._drawn += 1
        return self._noise[self._drawn - 1]

    def get_offset(self) -> int:
        return self._drawn * OFFSET

    def set_offset(self, offset: int) -> None:
        self._drawn = offset // OFFSET


class _Streams(dict[int, Any]):
    """The streams of the rows; vLLM puts generators in and moves what it finds to other rows."""

    def __init__(self) -> None:
        super().__init__()
        # A request that vLLM puts off comes back with its generator and goes on where it was.
        self._known: WeakKeyDictionary[torch.Generator, _Stream] = WeakKeyDictionary()

    def __setitem__(self, row: int, given: torch.Generator | _Stream) -> None:
        if isinstance(given, torch.Generator):
            given = self._known.setdefault(given, _Stream(given))
        super().__setitem__(row, given)


class _Together(nn.Module):
    """The last stage of vLLM's sampler: processed logits → tokens and log-probs."""

    def __init__(self, otherwise: Callable[..., tuple[Tensor, Tensor | None]]) -> None:
        super().__init__()
        self._otherwise = otherwise

    def forward(
        self, logits: Tensor, streams: dict[int, _Stream], k: Tensor | None, p: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        """Draw one token for each row; `streams` are those of the rows whose request has a seed."""
        noise_B = torch.rand(len(logits), dtype=torch.float64)
        if streams:
            for row, stream in streams.items():
                noise_B[row] = stream.next()
        return noise_B, None
