"""What the trainer knows of single tokens, for a few episodes: see them in `cppo view`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch.distributed.fsdp import FSDPModule

from cppo_grpo.config import TrainConfig
from cppo_grpo.learner.batches import distinct_batches
from cppo_grpo.learner.credit import DIGITS, SequenceAdvantages
from cppo_grpo.model.policy import Policy
from cppo_grpo.regions import RegionName
from cppo_grpo.rollouts.agent import Chat
from cppo_grpo.rollouts.values import Rollout, Samples
from cppo_grpo.runs.tokens import EpisodeTokens, SequenceTokens
from cppo_grpo.stratified import stratified

EPISODES = 8
"""Episodes of a step whose tokens are recorded."""


Row = tuple[list[float], list[float]]
"""Log-probs and entropies of the tokens of a sequence."""


def episode_tokens(
    policy: Policy,
    chat: Chat,
    rollout: Rollout,
    advantages: SequenceAdvantages,
    config: TrainConfig,
) -> list[EpisodeTokens]:
    """The tokens of `EPISODES` episodes, some of each group, solved ones and others.

    Args:
        policy: as it stands before the update on the rollout.
        chat: turns tokens into texts.
        rollout: the step's episodes.
        advantages: of their sequences.
        config: the run's settings.
    """
    counts: Counter[str] = Counter()
    episode_N: list[int] = []
    for record in rollout.records:
        episode_N.append(counts[record.problem_id])
        counts[record.problem_id] += 1
    groups = [n // config.tuples for n in range(len(rollout.records))]
    solved = [record.correct > 0 for record in rollout.records]
    chosen = stratified(groups, solved, EPISODES, config.seed)
    found: dict[int, list[SequenceTokens]] = {n: [] for n in chosen}

    def add(region: RegionName, samples: Samples, members: NDArray[np.int64]) -> None:
        """The sequences of a region that hold tokens."""
        members = members[samples.tokens[members] > 0] if len(members) else members
        rows = _trainer_rows(policy, region, samples, members, config)
        earned, trained = (
            (advantages.plan_N, advantages.trainable_N)
            if region == "plan"
            else (advantages.solve_B, advantages.trainable_B)
        )
        for member in members.tolist():
            drawn = samples.completions[member]
            logps, entropy = rows.get(member, (None, None))
            n, branch = (member, None) if region == "plan" else rollout.branches[member].tolist()
            found[n].append(
                SequenceTokens(
                    region=region,
                    branch=branch,
                    advantage=round(float(earned[member]), DIGITS),
                    trained=bool(trained[member]),
                    pieces=chat.pieces(drawn.token_ids),
                    sampler=_rounded(drawn.log_probs),
                    trainer=logps,
                    entropy=entropy,
                )
            )

    planned = [n for n in chosen if n < len(rollout.plans.texts)]
    add("plan", rollout.plans, np.array(planned, dtype=np.int64))
    add("solve", rollout.programs, np.flatnonzero(np.isin(rollout.branches[:, 0], chosen)))
    return [
        EpisodeTokens(rollout.records[n].problem_id, episode_N[n], sequences)
        for n, sequences in found.items()
    ]


def _trainer_rows(
    policy: Policy,
    region: RegionName,
    samples: Samples,
    members: NDArray[np.int64],
    config: TrainConfig,
) -> dict[int, Row]:
    """The trainer's values; none where other processes hold a part of the weights."""
    if isinstance(policy, FSDPModule):
        return {}
    found: dict[int, Row] = {}
    device = next(policy.parameters()).device.type
    for batch in distinct_batches(policy, samples, members, config.micro_batch_tokens):
        with torch.autocast(device, torch.bfloat16, enabled=config.bf16):
            both = policy.inspect(
                batch.prompts, batch.completions, config.region(region).temperature
            )
        logps_BT, entropy_BT = (values.float().cpu().tolist() for values in both)
        for member, row in zip(batch.members.tolist(), batch.rows.tolist(), strict=True):
            length = len(batch.completions[row])
            found[member] = _rounded(logps_BT[row][:length]), _rounded(entropy_BT[row][:length])
    return found


def _rounded(values: Sequence[float]) -> list[float]:
    return [round(float(value), DIGITS) for value in values]
