"""Mutual information of a program and its method, the intrinsic reward of UpSkill.

    I(y, z) = mean_t [ log p(y_t | x, z, y_<t) − log mean_z' p(y_t | x, z', y_<t) ]

The mean over z' = 1 … K includes z. I is at most log K, and 0 if the method changes nothing. The
expectation of a term over the next token, given z, is its KL from the mixture of all methods, so it
is never negative.

Source: docs/method.md, section 5, after Shah et al. 2026, arXiv 2602.22296.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cppo_grpo.config import TrainConfig
from cppo_grpo.learner.batches import in_step, sampled_mask, span_appended
from cppo_grpo.learner.credit import asks_for_information
from cppo_grpo.model.modes import evaluating
from cppo_grpo.model.policy import Policy
from cppo_grpo.parallel import Processes
from cppo_grpo.rollouts.values import Rollout, Samples


def token_information(logps_BKT: Tensor, own_B: Tensor, mask_BT: Tensor) -> Tensor:
    """The mutual information of each sequence and its method, averaged over its tokens.

    Args:
        logps_BKT: log-probs of the tokens of sequence b under method k.
        own_B: the method that b was written for.
        mask_BT: True at its tokens; at least one each.

    Returns:
        I of each sequence, at most log K.
    """
    rows_B = torch.arange(len(own_B), device=logps_BKT.device)
    mixture_BT = logps_BKT.logsumexp(1) - math.log(logps_BKT.shape[1])
    gain_BT = (logps_BKT[rows_B, own_B] - mixture_BT).masked_fill(~mask_BT, 0.0)
    return gain_BT.sum(-1) / mask_BT.sum(-1)


def add_information(
    policy: Policy, rollout: Rollout, config: TrainConfig, processes: Processes | None = None
) -> Rollout:
    """The rollout with `information_NK`, if the algorithm of the run needs it."""
    if not asks_for_information(config):
        return rollout
    return replace(rollout, information_NK=rollout_information(policy, rollout, config, processes))


def rollout_information(
    policy: Policy, rollout: Rollout, config: TrainConfig, processes: Processes | None = None
) -> NDArray[np.float64]:
    """I of each program and its method against the K methods of its episode: (N, K).

    It is 0 where no complete program exists. One forward pass without gradient covers each distinct
    (method, program) pair, K per program. Every process computes its share and receives all values.
    """
    processes = processes or Processes()
    samples, branches, k = rollout.programs, rollout.branches, config.k
    information_NK = np.zeros(rollout.solver_rewards_NK.shape)
    if not len(branches):
        return information_NK
    prompt_of = {
        (n, z): prompt for (n, z), prompt in zip(branches.tolist(), samples.prompts, strict=True)
    }
    crossed = Samples(
        [prompt_of[n, z] for n in branches[:, 0].tolist() for z in range(k)],
        [completion for completion in samples.completions for _ in range(k)],
        [],
    )
    own_C = processes.share(np.arange(len(branches) * k).reshape(-1, k)).reshape(-1)
    mask_BT = sampled_mask(
        [completion.token_ids for completion in samples.completions],
        [span_appended(completion) for completion in samples.completions],
    )
    logps_CT = torch.zeros(len(branches) * k, mask_BT.shape[1])
    device = next(policy.parameters()).device.type
    with (
        torch.no_grad(),
        evaluating(policy),
        torch.autocast(device, torch.bfloat16, enabled=config.bf16),
    ):
        for batch in in_step(processes, policy, crossed, own_C, config.micro_batch_tokens):
            logps = batch.log_probs(policy, config.temperature_solve)
            logps_CT[torch.from_numpy(batch.members), : logps.shape[1]] = logps.float().cpu()
    own_B = own_C[::k] // k
    own = token_information(
        logps_CT.view(-1, k, logps_CT.shape[1])[own_B],
        torch.from_numpy(branches[own_B, 1]),
        mask_BT[own_B],
    )
    information_B = np.concatenate(processes.gather(own.numpy()))
    information_NK[branches[:, 0], branches[:, 1]] = np.where(samples.truncated, 0.0, information_B)
    return information_NK
