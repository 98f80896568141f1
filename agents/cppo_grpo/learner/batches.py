"""The forward passes of an update: each distinct sequence once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.distributed.fsdp import FSDPModule

from cppo_grpo.model.lora import WithoutAdapter
from cppo_grpo.model.policy import Policy, completion_mask
from cppo_grpo.parallel import Processes
from cppo_grpo.rollouts.values import Samples
from cppo_grpo.samplers import Completion


@dataclass(frozen=True, slots=True)
class DistinctBatch:
    """The sequences of a forward pass: each distinct (prompt, completion) once, and its members."""

    prompts: list[tuple[int, ...]]
    completions: list[tuple[int, ...]]
    appended: list[tuple[int, int]]
    """Of each, the tokens from and to which nobody sampled; see `Completion.appended`."""
    members: NDArray[np.int64]
    """Indices of the sequences in their samples."""
    rows: NDArray[np.int64]
    """The distinct sequence of each member."""

    @property
    def mask_BT(self) -> Tensor:
        """True at the tokens of the members that were sampled."""
        return sampled_mask(self.completions, self.appended)[self.rows]

    def log_probs(self, policy: Policy | WithoutAdapter, temperature: float) -> Tensor:
        """The members' log-probs under a policy."""
        return policy(self.prompts, self.completions, temperature)[torch.from_numpy(self.rows)]

    def sampler_logps_BT(self, samples: Samples) -> Tensor:
        """The sampler's log-probs of the members' tokens."""
        logps_BT = torch.zeros(self.mask_BT.shape)
        for row, member in enumerate(self.members):
            own = samples.completions[member].log_probs
            logps_BT[row, : len(own)] = torch.tensor(own)
        return logps_BT


def sampled_mask(
    completions: Sequence[tuple[int, ...]], appended: Sequence[tuple[int, int]]
) -> Tensor:
    """True at completion tokens that were sampled: (sequences, longest completion)."""
    mask_BT = completion_mask(completions)
    for row, (start, end) in enumerate(appended):
        mask_BT[row, start:end] = False
    return mask_BT


def span_appended(completion: Completion) -> tuple[int, int]:
    """From and to which of its tokens nobody sampled."""
    return completion.thoughts, completion.thoughts + completion.appended


def in_step(
    processes: Processes, policy: Policy, samples: Samples, mine: NDArray[np.int64], max_tokens: int
) -> list[DistinctBatch]:
    """This process's forward passes, padded with idle ones to match the other processes.

    All processes gather shards at once, so all need the same number of passes. An idle pass runs on
    a sequence of another process.
    """
    batches = distinct_batches(policy, samples, mine, max_tokens)
    if not isinstance(policy, FSDPModule):
        return batches
    missing = max(processes.gather(len(batches))) - len(batches)
    others = np.setdiff1d(np.arange(len(samples.completions)), mine)[:1]
    return batches + missing * distinct_batches(policy, samples, others, max_tokens)


def distinct_batches(
    policy: Policy, samples: Samples, members: NDArray[np.int64], max_tokens: int
) -> list[DistinctBatch]:
    """The forward passes for these sequences, each distinct sequence once."""
    # A tag that was sampled is not one that was appended, though the tokens be equal.
    sharing: dict[tuple[tuple[int, ...], tuple[int, ...], tuple[int, int]], list[int]] = {}
    for member in members.tolist():
        drawn = samples.completions[member]
        span = span_appended(drawn) if drawn.appended else (0, 0)
        sharing.setdefault((samples.prompts[member], drawn.token_ids, span), []).append(member)
    prompts = [prompt for prompt, _, _ in sharing]
    completions = [completion for _, completion, _ in sharing]
    spans = [span for _, _, span in sharing]
    owners = list(sharing.values())
    batches: list[DistinctBatch] = []
    for chosen in policy.micro_batches(prompts, completions, max_tokens) if sharing else []:
        batches.append(
            DistinctBatch(
                [prompts[i] for i in chosen],
                [completions[i] for i in chosen],
                [spans[i] for i in chosen],
                np.array([member for i in chosen for member in owners[i]]),
                np.array([row for row, i in enumerate(chosen) for _ in owners[i]]),
            )
        )
    return batches
