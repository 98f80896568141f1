"""Rollout → advantages → optimizer steps: split-region GRPO (docs/method.md, section 3).

Covered: one step on each rollout (ratio 1) or several, on minibatches of problems and in several
passes; advantages within planner and solver groups, k3 to a frozen reference, both regions in one
loss, gradient accumulation. Equal sequences (same prompt, same completion) go through the model
once.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cppo_env.errors import UsageError
from cppo_grpo.checks import check
from cppo_grpo.config import TrainConfig
from cppo_grpo.learner.batches import DistinctBatch, in_step
from cppo_grpo.learner.consensus import Consensus
from cppo_grpo.learner.credit import SequenceAdvantages, compute_advantages
from cppo_grpo.learner.optimizer import apply_gradient, learning_rate, make_optimizer
from cppo_grpo.loss import merge_metrics, needs_forward, policy_loss, sequence_weights
from cppo_grpo.model.lora import WithoutAdapter
from cppo_grpo.model.modes import checkpoint_activations
from cppo_grpo.model.policy import Policy
from cppo_grpo.parallel import Processes
from cppo_grpo.regions import REGIONS, Region, RegionName
from cppo_grpo.rollouts.values import Rollout, Samples


class Learner:
    """A policy, its frozen reference and its optimizer.

    Args:
        policy: the trained policy; float32 weights.
        reference: the frozen policy of the KL terms; None only if neither region has one.
        config: the settings of docs/method.md, section 3.
        processes: those that share the update; all of them call it with the whole rollout, and all
            take the same step.

    Raises:
        UsageError: trainable weights that plain AdamW cannot move (16 bits), or a KL term without a
            reference.
    """

    def __init__(
        self,
        policy: Policy,
        reference: Policy | WithoutAdapter | None,
        config: TrainConfig,
        processes: Processes | None = None,
    ):
        check(config)
        self.policy, self.reference, self.config = policy, reference, config
        self.processes = processes or Processes()
        if reference is None and config.anchored:
            raise UsageError(
                "beta_plan and beta_solve need a reference model; give one, or set both to 0"
            )
        self.moved = 0
        """Counts the optimizer steps since this object was made."""
        self.optimizer = make_optimizer(
            policy,
            config.lr,
            config.weight_decay,
            kind=config.optimizer,
            states=config.optimizer_states,
        )
        self.device = next(policy.parameters()).device
        if config.checkpoints(sum(weight.numel() for weight in policy.parameters())):
            checkpoint_activations(policy.model)

    def update(self, rollout: Rollout, step: int) -> dict[str, float]:
        """Train on a rollout: `update_epochs` passes of `minibatches` optimizer steps each.

        Args:
            rollout: the episodes that the policy played.
            step: index of the rollout, from 0; sets the learning rate and β.

        Returns:
            Metrics, named as in docs/metrics.md, merged over the optimizer steps.
        """
        started, config = time.perf_counter(), self.config
        self.policy.train()
        # All of them before the first step: they hold the log-probs of the policy as it stands.
        minibatches = [
            list(self._passes(rollout, advantages, mine_N, step))
            for advantages, mine_N in self._shares(rollout)
        ]
        lr = learning_rate(step, config)
        parts: dict[RegionName, list[dict[str, Tensor]]] = {"plan": [], "solve": []}
        norms: list[float | None] = []
        consensus = Consensus(self.optimizer, config.replicates)
        for replicate in range(config.replicates):
            for passes in self._ordered(minibatches, step, replicate):
                self.optimizer.zero_grad(set_to_none=True)
                for one in passes:
                    metrics = self._backward(one)
                    if one.weights_B.any():
                        parts[one.name].append(
                            {name: value.cpu() for name, value in metrics.items()}
                        )
                self.processes.sum_gradients(self.policy)
                self.moved += 1
                norms.append(apply_gradient(self.optimizer, lr, config.max_grad_norm))
            consensus.collect()
        spread = consensus.settle()
        metrics = {
            f"{key}_{region}": value
            for region, own in parts.items()
            for key, value in merge_metrics(list(chain(*self.processes.gather(own)))).items()
        }
        return (
            metrics
            | {
                "grad_norm": float(np.mean(taken))
                if (taken := [norm for norm in norms if norm is not None])
                else 0.0,
                "skipped_updates": norms.count(None),
                "lr": lr,
                "seconds_update": time.perf_counter() - started,
            }
            | ({} if spread is None else {"replicate_spread": spread})
        )

    def free_gradients(self) -> None:
        """Make room for the cache of the next rollout."""
        self.optimizer.zero_grad(set_to_none=True)

    def _ordered(
        self, minibatches: list[list[Pass]], step: int, replicate: int
    ) -> Iterator[list[Pass]]:
        """The minibatches of all passes over the rollout; each replicate has an order of its own.

        The first one keeps theirs, so that a single replicate is the plain update.
        """
        order = np.random.default_rng([self.config.seed, step, replicate])
        for _ in range(self.config.update_epochs):
            places = np.arange(len(minibatches))
            for place in order.permutation(places) if replicate else places:
                yield minibatches[place]

    def _shares(self, rollout: Rollout) -> Iterator[tuple[SequenceAdvantages, NDArray[np.bool_]]]:
        """The minibatches: each trains on its share of the problems and keeps their groups whole.

        Also yields which of its episodes this process computes.
        """
        advantages = compute_advantages(rollout, self.config)
        problem_N = np.arange(len(rollout.rewards_N)) // self.config.tuples
        for problems in np.array_split(np.unique(problem_N), self.config.minibatches):
            mine_N = np.isin(problem_N, self.processes.share(problems))
            yield advantages.within(np.isin(problem_N, problems), rollout.branches), mine_N

    def _passes(
        self,
        rollout: Rollout,
        advantages: SequenceAdvantages,
        mine_N: NDArray[np.bool_],
        step: int,
    ) -> Iterator[Pass]:
        """This process's forward and backward passes of one optimizer step."""
        plan, solve = (self.config.region(name, step) for name in REGIONS)
        total = int(advantages.trainable_N.sum() + advantages.trainable_B.sum())
        planned_N = mine_N[: len(rollout.plans.completions)]
        yield from self._region(
            "plan", plan, rollout.plans, advantages.plan_N, advantages.trainable_N, total, planned_N
        )
        mine_B = mine_N[rollout.branches[:, 0]]
        yield from self._region(
            "solve",
            solve,
            rollout.programs,
            advantages.solve_B,
            advantages.trainable_B,
            total,
            mine_B,
        )

    def _region(
        self,
        name: RegionName,
        region: Region,
        samples: Samples,
        advantages_B: NDArray[np.float64],
        trainable_B: NDArray[np.bool_],
        total: int,
        mine_B: NDArray[np.bool_],
    ) -> Iterator[Pass]:
        """This process's passes of one region; `total` counts trainable sequences everywhere."""
        config = self.config
        advantages_B = region.weight * advantages_B
        weights_B = sequence_weights(
            torch.from_numpy(samples.tokens),
            torch.from_numpy(trainable_B),
            aggregation=region.aggregation,
            total=total,
            constant_length=max(config.region("plan").longest, config.region("solve").longest),
        )
        needed_B = (
            needs_forward(torch.from_numpy(advantages_B), weights_B, beta=region.beta).numpy()
            & mine_B
        )
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
                old_logps_BT=self._frozen(self.policy, batch, region.temperature)
                if several
                else None,
                ref_logps_BT=self._frozen(self.reference, batch, region.temperature)
                if region.beta > 0
                else None,
            )

    def _log_probs(
        self, policy: Policy | WithoutAdapter, batch: DistinctBatch, temperature: float
    ) -> Tensor:
        # Whatever the model, in one precision, or rounding alone would look like a KL.
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.bf16):
            return batch.log_probs(policy, temperature)

    @torch.no_grad()
    def _frozen(
        self, policy: Policy | WithoutAdapter | None, batch: DistinctBatch, temperature: float
    ) -> Tensor | None:
        """Log-probs that do not change while the policy is updated."""
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
    """One forward and backward pass, with everything that stays fixed during the update."""

    name: RegionName
    region: Region
    batch: DistinctBatch
    advantages_B: Tensor
    weights_B: Tensor
    sampler_logps_BT: Tensor
    old_logps_BT: Tensor | None
    """Log-probs before the first optimizer step; None if there is only one."""
    ref_logps_BT: Tensor | None
