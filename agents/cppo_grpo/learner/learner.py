"""Rollout → advantages → optimizer steps: split-region GRPO (METHOD, section 3).

Covered: one step on each rollout (ratio 1) or several, on minibatches of problems and in several passes; advantages
within planner and solver groups, k3 to a frozen reference, both regions in one loss, gradient accumulation. Equal
sequences (same prompt, same completion) go through the model once.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.distributed.fsdp import FSDPModule

from cppo_env import plugins
from cppo_env.errors import UsageError
from cppo_grpo.model.lora import WithoutAdapter
from cppo_grpo.algorithms import Algorithm, EpisodeRewards, is_on_skills
from cppo_grpo.config import Region, RegionName, TrainConfig
from cppo_grpo.model.policy import Policy, completion_mask
from cppo_grpo.loss import merge_metrics, needs_forward, policy_loss, sequence_weights
from cppo_grpo.model.modes import checkpoint_activations
from cppo_grpo.parallel import Processes
from cppo_grpo.rollouts.play import Rollout, Samples
from cppo_grpo.model.weights import trainable_weights, whole

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Worth:
    """What each sampled sequence is worth, and whether it may be learnt from; no `_N` where nobody wrote plans."""

    plan_N: NDArray[np.float64]
    trainable_N: NDArray[np.bool_]
    solve_B: NDArray[np.float64]
    trainable_B: NDArray[np.bool_]

    def within(self, chosen_N: NDArray[np.bool_], branches: NDArray[np.int64]) -> Worth:
        """The same advantages, of which only some episodes' may be learnt from."""
        planned_N = chosen_N[: len(self.trainable_N)]
        return replace(
            self, trainable_N=self.trainable_N & planned_N, trainable_B=self.trainable_B & chosen_N[branches[:, 0]]
        )


def asks_for_information(config: TrainConfig) -> bool:
    """Whether the run's algorithm pays for what a program says about its method."""
    return config.skill_bonus > 0 and is_on_skills(plugins.load("algorithms", config.algorithm))


def appraise(rollout: Rollout, config: TrainConfig) -> Worth:
    """The advantages that the run's algorithm gives; void episodes and masked truncated sequences take no gradient.

    Raises:
        UsageError: the algorithm asks for information that the rollout lacks.
    """
    algorithm: Algorithm = plugins.load("algorithms", config.algorithm)
    if rollout.information_NK is None and asks_for_information(config):
        raise UsageError(f"{config.algorithm}: the rollout lacks information_NK; pass it through information.informed")
    episodes, branches = rollout.branches[:, 0], rollout.branches[:, 1]
    groups = -1, config.tuples
    rewards = EpisodeRewards(
        plans_PM=rollout.rewards_N.reshape(groups),
        solutions_PMK=rollout.solver_rewards_NK.reshape(*groups, config.k),
        void_PM=rollout.void_N.reshape(groups),
        ran_PM=rollout.ran_N.reshape(groups),
        information_PMK=0.0 if rollout.information_NK is None else rollout.information_NK.reshape(*groups, config.k),
    )
    given = algorithm(rewards, config.options)
    planned_N = np.arange(len(rollout.plans.completions))
    return Worth(
        given.plans_PM.reshape(-1)[planned_N],
        ~rollout.void_N[planned_N] & ~(config.mask_truncated_plan & rollout.plans.truncated),
        given.solutions_PMK.reshape(-1, config.k)[episodes, branches],
        ~rollout.void_N[episodes] & ~(config.mask_truncated_solve & rollout.programs.truncated),
    )


class Learner:
    """A policy, its frozen reference and its optimizer.

    Args:
        policy: the trained policy; float32 weights.
        reference: the frozen policy of the KL terms; None only if neither region has one.
        config: the settings of METHOD, section 3.
        processes: those that share the update; all of them call it with the whole rollout, and all take the same step.

    Raises:
        UsageError: trainable weights that plain AdamW cannot move (16 bits), or a KL term without a reference.
    """

    def __init__(
        self,
        policy: Policy,
        reference: Policy | WithoutAdapter | None,
        config: TrainConfig,
        processes: Processes | None = None,
    ):
        self.policy, self.reference, self.config = policy, reference, config
        self.processes = processes or Processes()
        if reference is None and (config.beta_plan > 0 or config.beta_solve > 0):
            raise UsageError("beta_plan and beta_solve need a reference model; give one, or set both to 0")
        self.optimizer = make_optimizer(policy, config.lr, config.weight_decay)
        self.device = next(policy.parameters()).device
        if config.checkpoint_activations:
            checkpoint_activations(policy.model)

    def update(self, rollout: Rollout, step: int) -> dict[str, float]:
        """Take the optimizer steps that a rollout is worth: `update_epochs` passes of `minibatches` each.

        Args:
            rollout: what the policy played.
            step: counts rollouts from 0; decides the learning rate.

        Returns:
            Metrics, named as in docs/metrics.md; those of several optimizer steps are merged.
        """
        started, config = time.perf_counter(), self.config
        self.policy.train()
        # All of them before the first step: they hold the log-probs of the policy as it stands.
        minibatches = [list(self._passes(rollout, worth, mine_N)) for worth, mine_N in self._shares(rollout)]
        lr = learning_rate(step, config)
        parts: dict[RegionName, list[dict[str, Tensor]]] = {"plan": [], "solve": []}
        norms: list[float | None] = []
        for _ in range(config.update_epochs):
            for passes in minibatches:
                self.optimizer.zero_grad(set_to_none=True)
                for one in passes:
                    metrics = self._backward(one)
                    if one.weights_B.any():
                        parts[one.name].append({name: value.cpu() for name, value in metrics.items()})
                self.processes.sum_gradients(self.policy)
                norms.append(apply_gradient(self.optimizer, lr, config.max_grad_norm))
        metrics = {
            f"{key}_{region}": value
            for region, own in parts.items()
            for key, value in merge_metrics(list(chain(*self.processes.gather(own)))).items()
        }
        return metrics | {
            "grad_norm": float(np.mean(taken)) if (taken := [norm for norm in norms if norm is not None]) else 0.0,
            "skipped_updates": norms.count(None),
            "lr": lr,
            "seconds_update": time.perf_counter() - started,
        }

    def _shares(self, rollout: Rollout) -> Iterator[tuple[Worth, NDArray[np.bool_]]]:
        """The minibatches: each may learn from its share of the problems, whose groups stay whole.

        With each comes which of its episodes this process computes.
        """
        worth = appraise(rollout, self.config)
        problem_N = np.arange(len(rollout.rewards_N)) // self.config.tuples
        for problems in np.array_split(np.unique(problem_N), self.config.minibatches):
            mine_N = np.isin(problem_N, self.processes.share(problems))
            yield worth.within(np.isin(problem_N, problems), rollout.branches), mine_N

    def _passes(self, rollout: Rollout, worth: Worth, mine_N: NDArray[np.bool_]) -> Iterator[Pass]:
        """This process's forward and backward passes of one optimizer step."""
        total = int(worth.trainable_N.sum() + worth.trainable_B.sum())
        planned_N = mine_N[: len(rollout.plans.completions)]
        yield from self._region("plan", rollout.plans, worth.plan_N, worth.trainable_N, total, planned_N)
        mine_B = mine_N[rollout.branches[:, 0]]
        yield from self._region("solve", rollout.programs, worth.solve_B, worth.trainable_B, total, mine_B)

    def _region(
        self,
        name: RegionName,
        samples: Samples,
        advantages_B: NDArray[np.float64],
        trainable_B: NDArray[np.bool_],
        total: int,
        mine_B: NDArray[np.bool_],
    ) -> Iterator[Pass]:
        """This process's passes of one region; `total` counts the trainable sequences of both, of all processes."""
        config, region = self.config, self.config.region(name)
        advantages_B = region.lambda_ * advantages_B
        weights_B = sequence_weights(
            torch.from_numpy(samples.tokens),
            torch.from_numpy(trainable_B),
            aggregation=region.aggregation,
            total=total,
            constant_length=max(config.max_tokens_plan, config.max_tokens_solve),
        )
        needed_B = needs_forward(torch.from_numpy(advantages_B), weights_B, beta=region.beta).numpy() & mine_B
        several = config.minibatches * config.update_epochs > 1
        weights_B = weights_B * torch.from_numpy(mine_B)
        mine = np.flatnonzero(needed_B)
        for batch in in_step(self.processes, self.policy, samples, mine, config.micro_batch_tokens):
            yield Pass(
                name=name,
                region=region,
                batch=batch,
                advantages_B=torch.as_tensor(advantages_B[batch.members], dtype=torch.float32),
                weights_B=weights_B[batch.members],
                sampler_logps_BT=batch.sampler_logps_BT(samples),
                old_logps_BT=self._frozen(self.policy, batch, region.temperature) if several else None,
                ref_logps_BT=self._frozen(self.reference, batch, region.temperature) if region.beta > 0 else None,
            )

    def _log_probs(self, policy: Policy | WithoutAdapter, batch: DistinctBatch, temperature: float) -> Tensor:
        # Whatever the model, in one precision, or rounding alone would look like a KL.
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.bf16):
            return batch.log_probs(policy, temperature)

    @torch.no_grad()
    def _frozen(
        self, policy: Policy | WithoutAdapter | None, batch: DistinctBatch, temperature: float
    ) -> Tensor | None:
        """Log-probs that stay what they are while the policy moves."""
        return None if policy is None else self._log_probs(policy, batch, temperature)

    def _backward(self, one: Pass) -> dict[str, Tensor]:
        """Add the gradient of a pass; returns its metrics."""
        config, region = self.config, one.region
        loss, metrics = policy_loss(
            self._log_probs(self.policy, one.batch, region.temperature),
            one.advantages_B.to(self.device),
            one.batch.mask_BT.to(self.device),
            one.weights_B.to(self.device),
            old_logps_BT=one.old_logps_BT,
            ref_logps_BT=one.ref_logps_BT,
            sampler_logps_BT=one.sampler_logps_BT.to(self.device),
            form=config.loss,
            epsilon=region.epsilon,
            epsilon_high=region.epsilon_high,
            beta=region.beta,
            kl_ratio=config.kl_ratio,
            correction=config.correction,
            correction_cap=config.correction_cap,
        )
        loss.backward()
        return metrics


@dataclass(frozen=True, slots=True)
class Pass:
    """One forward and backward pass, with everything that stays fixed while the policy moves."""

    name: RegionName
    region: Region
    batch: DistinctBatch
    advantages_B: Tensor
    weights_B: Tensor
    sampler_logps_BT: Tensor
    old_logps_BT: Tensor | None
    """Log-probs before the first optimizer step; None where that is the only one."""
    ref_logps_BT: Tensor | None


@dataclass(frozen=True, slots=True)
class DistinctBatch:
    """Sequences of one forward pass: each distinct (prompt, completion) once, and who shares it."""

    prompts: list[tuple[int, ...]]
    completions: list[tuple[int, ...]]
    members: NDArray[np.int64]
    """Indices of the sequences in their samples."""
    rows: NDArray[np.int64]
    """The distinct sequence of each member."""

    @property
    def mask_BT(self) -> Tensor:
        """True at the members' completion tokens."""
        return completion_mask(self.completions)[self.rows]

    def log_probs(self, policy: Policy | WithoutAdapter, temperature: float) -> Tensor:
        """The members' log-probs under a policy."""
        return policy(self.prompts, self.completions, temperature)[torch.from_numpy(self.rows)]

    def sampler_logps_BT(self, samples: Samples) -> Tensor:
        """What the sampler said of the members' tokens."""
        logps_BT = torch.zeros(self.mask_BT.shape)
        for row, member in enumerate(self.members):
            own = samples.completions[member].log_probs
            logps_BT[row, : len(own)] = torch.tensor(own)
        return logps_BT


def in_step(
    processes: Processes, policy: Policy, samples: Samples, mine: NDArray[np.int64], max_tokens: int
) -> list[DistinctBatch]:
    """The forward passes that this process needs, and idle ones as far as another needs more.

    Shards are gathered by all processes at once, so all have to make equally many passes. An idle one is over a
    sequence of another process.
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
    """The forward passes that some sequences need, each distinct sequence once."""
    sharing: dict[tuple[tuple[int, ...], tuple[int, ...]], list[int]] = {}
    for member in members.tolist():
        key = samples.prompts[member], samples.completions[member].token_ids
        sharing.setdefault(key, []).append(member)
    prompts, completions = [prompt for prompt, _ in sharing], [completion for _, completion in sharing]
    owners = list(sharing.values())
    batches: list[DistinctBatch] = []
    for chosen in policy.micro_batches(prompts, completions, max_tokens) if sharing else []:
        batches.append(
            DistinctBatch(
                [prompts[i] for i in chosen],
                [completions[i] for i in chosen],
                np.array([member for i in chosen for member in owners[i]]),
                np.array([row for row, i in enumerate(chosen) for _ in owners[i]]),
            )
        )
    return batches


def make_optimizer(
    policy: nn.Module, lr: float, weight_decay: float = 0.0, betas: tuple[float, float] = (0.9, 0.999)
) -> torch.optim.AdamW:
    """AdamW over the trainable weights.

    Raises:
        UsageError: some of them have 16 bits: steps as small as RL takes would round to nothing.
    """
    weights = list(trainable_weights(policy).values())
    for weight in weights:
        if weight.dtype in (torch.bfloat16, torch.float16):
            raise UsageError(f"trainable weights are {weight.dtype}; AdamW cannot move them, load them as float32")
    return torch.optim.AdamW(weights, lr=lr, betas=betas, weight_decay=weight_decay)


def learning_rate(step: int, config: TrainConfig) -> float:
    """The learning rate of a step, counted from 0: a linear rise, and a linear fall to `lr_final` at the last step."""
    risen = min(1.0, (step + 1) / max(config.lr_warmup_steps, 1))
    fallen = 1.0 - (1.0 - config.lr_final) * step / max(config.steps - 1, 1)
    return config.lr * risen * fallen


def apply_gradient(optimizer: torch.optim.Optimizer, lr: float, max_norm: float) -> float | None:
    """Clip the gradient, take one step at `lr`, and return the gradient's norm before the clip.

    A gradient that is not finite would end every weight: no step is taken, and the norm is None.
    """
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    norm = float(whole(nn.utils.clip_grad_norm_(weights, max_norm if max_norm > 0 else math.inf)))
    if not math.isfinite(norm):
        logger.warning("the gradient is not finite (norm %s); this optimizer step is left out", norm)
        return None
    for group in optimizer.param_groups:
        group["lr"] = lr
    optimizer.step()
    return norm
