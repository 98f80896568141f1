"""Everything that decides a training run, in one flat frozen dataclass: `cppo train --help` shows these texts."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from cppo_env import plugins
from cppo_grpo.algorithms import Options, aggregation_of, is_on_skills
from cppo_grpo.choices import Aggregation, Correction, Form, Planner, SolverGroup

RegionName = Literal["plan", "solve"]


@dataclass(frozen=True, slots=True)
class Region:
    """The settings of one region of the policy: those of a config whose names end in `_plan` or in `_solve`."""

    temperature: float
    lambda_: float
    beta: float
    epsilon: float
    epsilon_high: float | None
    aggregation: Aggregation
    mask_truncated: bool


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """Settings of a run. Suffixes: `_plan` and `_solve` are the two regions of the policy (METHOD, section 3).

    `torchrun --nproc-per-node N -m cppo_env train …` trains in N processes, each with its own
    sandbox.
    """

    env: str = "CPPO-Strategies-v0"
    """Id of the environment."""
    problems: str | None = None
    """Problems to train on: a path or a name; without it, those that the id stands for."""
    split: str | None = None
    """Part of the problem set to train on; without it, the set's default part."""
    sandbox: str = "auto"
    """Where programs run: "auto", "docker", "local" or another plug-in's name."""
    allow_untrusted_sandbox: bool = False
    """Train even where the sandbox fails the vital checks of `cppo sandbox selftest`; otherwise that is refused."""
    judge: str = "format"
    """The gate J on plans."""
    reward: str = "gated"
    """The planner's reward."""
    model: str | None = None
    """Folder or hub name of a transformers model; without it, a tiny one is made from scratch."""
    sampler: str = "transformers"
    """Engine that draws plans and programs: "transformers", "vllm", "vllm_worker", "vllm_server" or another plug-in's
    name."""
    sampler_options: dict[str, Any] = field(default_factory=dict[str, Any])
    """Its options, such as --sampler_options.gpu_memory_utilization=0.4 or --sampler_options.url=http://127.0.0.1:8000.
    """
    run: Path | None = None
    """The run folder (config, metrics, rollouts, checkpoints, report); without it, a new one under `runs/`."""
    resume: Path | None = None
    """A run folder to go on with, from its newest intact checkpoint and with the settings stored there."""
    log_to: tuple[str, ...] = ()
    """Where the figures of metrics.jsonl go too: plug-ins of the group `cppo_env.trackers`, such as
    [tensorboard,wandb]."""
    seed: int = 0
    """Decides the weights of a new model, the order of the problems and every draw."""
    threads: int = 1
    """CPU threads of the learner; the sandbox needs cores too."""

    hidden: int = 128
    """Width of a model made from scratch."""
    layers: int = 2
    """Layers of a model made from scratch."""
    warm_start_steps: int = 0
    """Steps of supervised learning before CPPO, on the problem set's demonstrations or references."""
    warm_start_lr: float = 3e-3
    """Peak learning rate of the warm start."""

    off_policy_steps: Literal[0, 1] = 0
    """1 plays the next rollout beside the update, by a copy of the policy from before it. Not over a checkpoint: a run
    that is resumed there equals one that was never killed."""
    audit_steps: int = 0
    """Batches played before the training to see whether R_plan is dense enough to learn from; "no-go" ends the run."""
    steps: int = 200
    """Steps of joint CPPO, at most: a rollout and the update on it."""
    stop_at: float | None = None
    """Stop once the mean training pass@K (with `plan_only`: the planner's reward) of the last 20 steps has reached
    this; without it, take all steps."""
    problems_per_step: int = 8
    """P: problems of one step."""
    replacement: bool = False
    """Draw problems independently; otherwise every epoch shows all of them once, in an order of its own."""
    curriculum: bool = False
    """Leave out problems whose programs all failed or all passed when last tried; they come back after 4 epochs.

    With `replacement`, an epoch is as many draws as there are problems."""
    tuples: int = 8
    """M: plans sampled for each problem; they form the planner's group."""
    k: int = 4
    """K: methods of a plan, and programs of a tuple."""
    temperature_plan: float = 0.9
    """Sampling temperature of plans."""
    temperature_solve: float = 0.7
    """Sampling temperature of solutions."""
    max_tokens_plan: int = 512
    """Tokens of a plan at most."""
    max_tokens_solve: int = 2048
    """Tokens of a solution at most."""

    parallel: Literal["ddp", "fsdp2"] = "ddp"
    """What several processes share: "ddp" the work of a step; "fsdp2" also weights, gradients and optimizer."""
    lora_rank: int = 0
    """Rank of a LoRA adapter, which alone is then trained; 0 trains all weights."""
    lora_alpha: float | None = None
    """The adapter is scaled by `lora_alpha` / `lora_rank`; without it, by 2."""
    lora_targets: str = "all-linear"
    """Layers that the adapter changes: "all-linear" (without the output embedding), or some: "q_proj,v_proj"."""

    lr: float = 1e-6
    """Learning rate of AdamW."""
    lr_warmup_steps: int = 10
    """Steps over which the learning rate rises linearly."""
    lr_final: float = 1.0
    """Share of the learning rate that is left at the last step; it falls linearly, 1 keeps it constant."""
    minibatches: int = 1
    """Optimizer steps of one pass over a rollout, each on a share of its problems with all their groups."""
    update_epochs: int = 1
    """Passes over a rollout. From the second optimizer step on it is off-policy, and the clip bounds the ratio."""
    weight_decay: float = 0.0
    """Weight decay of AdamW."""
    max_grad_norm: float = 1.0
    """The gradient's norm is clipped here."""
    lambda_plan: float = 1.0
    """λ: weight of the planner's advantages."""
    lambda_solve: float = 1.0
    """λ: weight of the solver's advantages; 0 leaves the solver to its anchor."""
    beta_plan: float = 0.01
    """β: weight of the KL from the frozen reference, on plans."""
    beta_solve: float = 0.01
    """β: weight of the KL from the frozen reference, on solutions."""
    kl_ratio: bool = False
    """Weigh the KL by the policy's ratio, which makes its gradient that of the reverse KL."""
    algorithm: str = "cppo"
    """How rewards become advantages: the name of a plug-in of the group `cppo_env.algorithms`."""
    planner: Planner | None = None
    """Who writes the K methods: "policy" (plans, sampled and trained), "none" (K independent solutions of the plain
    problem), "skills" (K fixed texts, z = 1 … K); without it, "skills" for upskill and "policy"
    for the others.
    """
    plan_only: bool = False
    """Write no programs and run no tests: the planner's warm-up with reward=validity (METHOD, section 4)."""
    solver_group: SolverGroup | None = None
    """Branches that a solution is compared with: the K of its tuple, or all M·K of its problem; without it, the
    algorithm's own choice: the tuple for cppo and loo_max, the problem for the others."""
    skill_bonus: float = 0.5
    """α of upskill: what a program earns for the mutual information with its skill, which is log K at most."""
    normalise: bool = True
    """Divide advantages by the group's standard deviation, in the algorithms that do so."""
    loss: Form = "clipped"
    """Policy loss."""
    epsilon_plan: float = 0.2
    """ε: lower clip range of the ratio, on plans."""
    epsilon_solve: float = 0.2
    """ε: lower clip range of the ratio, on solutions."""
    epsilon_high_plan: float | None = None
    """Upper clip range of the ratio, on plans; without it, `epsilon_plan`."""
    epsilon_high_solve: float | None = None
    """Upper clip range of the ratio, on solutions; without it, `epsilon_solve`."""
    aggregation_plan: Aggregation | None = None
    """How the tokens of plans are averaged: "sequence_mean" (by the length of each), "token_mean" (by all tokens of the
    region) or "constant_length" (by the larger token limit of the two regions); without it, the
    algorithm's own choice: constant_length for dr_grpo, rloo, pkpo and loo_max, sequence_mean
    for the others.
    """
    aggregation_solve: Aggregation | None = None
    """How the tokens of solutions are averaged."""
    mask_truncated_plan: bool = True
    """A plan cut at its token limit is not learnt from; its group counts its reward of 0 all the same."""
    mask_truncated_solve: bool = True
    """A solution cut at its token limit is not learnt from; its group counts its reward of 0 all the same."""
    correction: Correction = "none"
    """Importance correction of the gap between sampler and trainer; `off_policy_steps` needs one."""
    correction_cap: float = 2.0
    """Importance weights above it are truncated to it, or masked."""
    micro_batch_tokens: int = 16384
    """Tokens of one forward and backward pass; gradients of several add up to those of the whole batch."""
    bf16: bool = False
    """Compute the update in bfloat16 (autocast); weights, gradients and optimizer stay float32."""
    checkpoint_activations: bool = False
    """Recompute activations in the backward pass, which takes about a third longer and much less memory."""

    eval_episodes: int = 0
    """Episodes played before and after the training, on problems 0, 1, … of `eval_split`; 0 plays none."""
    eval_temperature_plan: float | None = None
    """Sampling temperature of plans in evaluations, 0 is greedy; without it, `temperature_plan`."""
    eval_split: str = "test"
    """Part of the problem set that is held out for evaluation."""
    allow_overlap: bool = False
    """Evaluate even where the held-out part shares statements with the training problems; otherwise that is refused."""
    checkpoint_every: int = 50
    """Steps between checkpoints; the last step always has one."""
    keep_checkpoints: int = 2
    """Checkpoints that are kept, the newest ones."""

    @property
    def planning(self) -> Planner:
        """Who writes the methods."""
        return self.planner or (
            "skills" if is_on_skills(plugins.load("algorithms", self.algorithm)) else "policy"
        )

    def region(self, name: RegionName) -> Region:
        """The settings of a region."""
        own = {
            one.name: getattr(self, f"{one.name.rstrip('_')}_{name}")
            for one in dataclasses.fields(Region)
        }
        own["aggregation"] = own["aggregation"] or aggregation_of(
            plugins.load("algorithms", self.algorithm)
        )
        return Region(**own)

    @property
    def options(self) -> Options:
        """What the algorithm is told of these settings."""
        return Options(self.solver_group, self.normalise, self.skill_bonus)

    def to_json(self) -> str:
        """The text of a run folder's `config.json`; where the folder lies is not part of it."""
        values = dataclasses.asdict(self)
        del values["run"], values["resume"]
        return json.dumps(values, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> TrainConfig:
        """The config of such a text."""
        values: dict[str, Any] = json.loads(text)
        return cls(
            **{
                name: tuple(value) if isinstance(value, list) else value
                for name, value in values.items()
            }
        )


def changes(config: Any) -> dict[str, Any]:
    """The settings of a config, of whatever class, that are not its defaults."""
    fields = dataclasses.fields(config)
    defaults = {
        one.name: one.default_factory() if callable(one.default_factory) else one.default
        for one in fields
    }
    return {
        name: getattr(config, name)
        for name, value in defaults.items()
        if getattr(config, name) != value
    }
