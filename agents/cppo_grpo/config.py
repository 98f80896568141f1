"""The settings of a training run; `cppo train --help` shows these docstrings."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, cast

from cppo_agents.models.lengths import LongPrompts

from cppo_env.provenance import RECORDED
from cppo_env.sources import ProblemSource
from cppo_grpo.algorithms import Credit, Options, load_algorithm, name_of
from cppo_grpo.choices import (
    MOST_USED,
    Aggregation,
    Correction,
    Form,
    OptimizerKind,
    Parallel,
    Planner,
    SolverGroup,
    SolverReward,
    StatesAt,
)
from cppo_grpo.regions import REGIONS, Region, RegionName

CHECKPOINT_FROM = 1_000_000_000
"""Parameters from which activations are recomputed unless a run says otherwise."""

NOT_STORED = ("run", "resume", "given", "dry_run", "assume", "assume_prompt_tokens")
"""Settings of one call, which are not part of a run."""


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """Settings of a training run.

    The suffixes `_plan` and `_solve` name the two regions of the policy (docs/method.md).
    `torchrun --nproc-per-node N -m cppo_env train …` trains in N processes, each with a sandbox.
    """

    MOST_USED: ClassVar[tuple[str, ...]] = MOST_USED

    env: str = field(default="CPPO-Strategies-v0", metadata={"topic": "problems, gate and rewards"})
    """Id of the environment."""
    problems: str | None = None
    """Problems to train on: a path or a name. Default: the problem set of the environment id."""
    split: str | None = None
    """Split to train on. Default: the problem set's own default."""
    filters: dict[str, Any] = field(default_factory=dict[str, Any])
    """Further filters of `cppo_env.load_problems`, such as --filters.version=release_v6; also for
    evaluations, unless they have a problem set of their own."""
    sandbox: str = "auto"
    """Where programs run: "auto", "docker", "local", or the name of a plug-in."""
    sandbox_options: dict[str, Any] = field(default_factory=dict[str, Any])
    """Options of the sandbox, such as --sandbox_options.workers=2."""
    share_sandbox: bool = False
    """One sandbox for all processes of a machine, instead of one for each (extra `serve`)."""
    allow_untrusted_sandbox: bool = False
    """Train even if the sandbox fails a vital check of `cppo sandbox selftest`."""
    judge: str = "format"
    """Judge of plans, the gate J: format, accept, distinct, verbaliser, llm, another plug-in's
    name, ./FILE.py:NAME, or a product of them such as format*distinct (docs/gates.md)."""
    judge_options: dict[str, Any] = field(default_factory=dict[str, Any])
    """Options of the judge, such as --judge_options.NAME=VALUE; of a product's judge,
    --judge_options.JUDGE.NAME=VALUE."""
    reward: str = "gated"
    """The planner's reward: "gated" (J · R_out), "outcome" (R_out), "validity" (J), "additive"
    ((J + R_out) / 2), "pass_rate" (J · the largest share of tests passed), or the name of a
    plug-in."""
    solver_reward: SolverReward = "verdict"
    """What a program earns: "verdict" (V: 1 if it passes every test), "gated" (J · V), or "share"
    (the share of tests that it passes; no program is then stopped at its first failing test)."""
    model: str | None = field(default=None, metadata={"topic": "model and sampler"})
    """Folder or hub name of a transformers model. Default: a tiny model made from scratch."""
    sampler: str = "transformers"
    """Engine that samples plans and programs: "transformers", "vllm", "vllm_worker", "vllm_server",
    "ray" (players on a cluster, each with one of the others), or the name of a plug-in."""
    sampler_options: dict[str, Any] = field(default_factory=dict[str, Any])
    """Options of the sampler, such as --sampler_options.gpu_memory_utilization=0.4."""
    run: Path | None = field(default=None, metadata={"topic": "the run"})
    """Run folder (metrics, rollouts, checkpoints, report). Default: a new one under `runs/`."""
    resume: Path | None = None
    """Continue the run in this folder from its newest intact checkpoint, with its settings."""
    dry_run: bool = False
    """Only plan: memory, disk and batches of the run, and whether it fits. Loads no weights."""
    assume: str | None = None
    """Devices that `dry_run` plans for, such as h100x1, a100x8 or cpu:16 (16 GiB). Default: those
    found here."""
    assume_prompt_tokens: int = 1024
    """Tokens of a prompt that `dry_run` assumes."""
    log_to: tuple[str, ...] = ()
    """Trackers that also receive figures and episodes: tensorboard, wandb, trackio, mlflow."""
    log_episodes_every: int = 20
    """Steps between samples of 8 episodes for trackers; also of each evaluation. 0 sends none."""
    tokens_every: int = 0
    """Steps between records of single tokens (advantage, log-prob, entropy, gap of sampler and
    trainer) for `cppo view`: 8 episodes of the step, in `tokens/`. 0 records none."""
    seed: int = 0
    """Seeds the weights of a new model, the order of the problems, and all sampling."""
    threads: int = 1
    """CPU threads of the learner. Leave some cores to the sandbox."""
    hidden: int = field(
        default=128, metadata={"topic": "a model from scratch, prompts, warm start"}
    )
    """Width of a model made from scratch."""
    layers: int = 2
    """Layers of a model made from scratch."""
    prompts: str = "plain"
    """Words of the PLAN and SOLVE prompts: plain, strong, math, or a folder with plan.jinja or
    solve.jinja. The run keeps copies in `prompts/`."""
    warm_start_steps: int = 0
    """Steps of supervised learning before CPPO, on a set's demonstrations or references."""
    warm_start_lr: float = 3e-3
    """Peak learning rate of the warm start."""
    warm_start_problems: int = 8
    """Problems of a warm-start step whose plans are shown, and as many whose programs are."""
    warm_start_plans: int = 8
    """Plans shown of each of them. They share their prompt, which is computed once."""
    off_policy_steps: int = field(default=0, metadata={"topic": "rollouts"})
    """Updates that a rollout's weights may be behind: 1 plays the next one during the update, more
    several, with sampler=ray. Never across a checkpoint, so a resumed run equals a whole one."""
    audit_steps: int = 0
    """Batches to play before training, to check that R_plan is dense enough to learn from. A
    "no-go" ends the run."""
    steps: int = 200
    """Maximum number of CPPO steps. A step is a rollout and the update on it. 0 plays the audit
    alone, with `audit_steps`."""
    stop_at: float | None = None
    """Stop when the mean training pass@K of the last 20 steps (with `plan_only`: the mean planner
    reward) reaches this value."""
    problems_per_step: int = 8
    """P: problems per step."""
    replacement: bool = False
    """Draw problems independently. Default: each epoch shuffles all problems."""
    curriculum: bool = False
    """Skip problems whose rewards were all equal when last tried, for 4 epochs. With `replacement`,
    an epoch is as many draws as there are problems."""
    tuples: int = 8
    """M: plans sampled per problem. They form the planner's group."""
    k: int = 4
    """K: methods per plan, and programs per tuple."""
    temperature_plan: float = 0.9
    """Sampling temperature of plans."""
    temperature_solve: float = 0.7
    """Sampling temperature of solutions."""
    max_tokens_plan: int = 512
    """Maximum tokens of a plan."""
    max_tokens_solve: int = 2048
    """Maximum tokens of a solution."""
    max_thoughts_plan: int = 0
    """Maximum tokens of thoughts before a plan, a budget of their own; 0: thinking is off. Thoughts
    are learnt from in the plan's region, and are no part of the plan (docs/models.md)."""
    max_thoughts_solve: int = 0
    """Maximum tokens of thoughts before a solution."""
    max_prompt_tokens: int | None = field(default=None, metadata={"topic": "lengths"})
    """Maximum tokens of a prompt. Default: what the model's context leaves beside the answer."""
    long_prompts: LongPrompts = "drop"
    """What to do with problems whose prompts are longer: leave them out, or refuse the run."""

    parallel: Parallel = field(default="ddp", metadata={"topic": "processes and LoRA"})
    """What several processes share: "ddp" the work of a step; "fsdp2" also weights, gradients and
    optimizer state."""
    lora_rank: int = 0
    """Rank of a LoRA adapter; only the adapter is then trained. 0 trains all weights."""
    lora_alpha: float | None = None
    """The adapter is scaled by `lora_alpha` / `lora_rank`. Default: twice the rank."""
    lora_base: Literal["float32", "bfloat16"] = "float32"
    """Type that the frozen weights beside an adapter are held in. bfloat16 takes half the memory;
    adapter, optimizer and saved weights stay float32 (docs/scaling.md)."""
    lora_targets: str = "all-linear"
    """Layers that the adapter changes: "all-linear" (all but the output embedding), or names such
    as "q_proj,v_proj"."""

    lr: float = field(default=1e-6, metadata={"topic": "optimizer and weights of the loss"})
    """Learning rate of AdamW."""
    optimizer: OptimizerKind = "adamw"
    """"adamw", or "adamw8bit": its two moments take 2 bytes for each weight in place of 8 (needs
    bitsandbytes; docs/scaling.md)."""
    optimizer_states: StatesAt = "device"
    """Where the optimizer's states are kept: on the "device" of the weights, or on the "cpu", from
    where they visit the device one weight at a time. The update is the same."""
    lr_warmup_steps: int = 10
    """Steps of linear warm-up."""
    lr_final: float = 1.0
    """Share of the learning rate left at the last step, after a linear decay. 1: constant."""
    minibatches: int = 1
    """Optimizer steps per pass over a rollout. Each takes a share of the problems with all their
    groups."""
    update_epochs: int = 1
    """Passes over a rollout. From the second optimizer step on, updates are off-policy and the clip
    bounds the ratio."""
    replicates: int = 1
    """CAPO: copies of the update on the same rollout, which differ in the order of their
    minibatches alone and are then averaged. Costs as much as as many `update_epochs`."""
    weight_decay: float = 0.0
    """Weight decay of AdamW."""
    max_grad_norm: float = 1.0
    """Clip the gradient to this norm."""
    lambda_plan: float = 1.0
    """λ: weight of the planner's advantages."""
    lambda_solve: float = 1.0
    """λ: weight of the solver's advantages. 0 leaves only its KL term."""
    beta_plan: float = 0.01
    """β: weight of the KL to the frozen reference, on plans."""
    beta_plan_final: float | None = None
    """The same in the last sixth of the steps (docs/quickstart.md). Default: `beta_plan`."""
    beta_solve: float = 0.01
    """β: weight of the KL to the frozen reference, on solutions."""
    kl_ratio: bool = False
    """Multiply the KL by the policy's ratio, which makes its gradient that of the reverse KL."""
    algorithm: str | Credit = field(
        default="cppo", metadata={"topic": "algorithm and what it trains"}
    )
    """How rewards become advantages: the name of a plug-in of the group `cppo_env.algorithms`,
    ./FILE.py:FUNCTION, or in Python the function itself."""
    planner: Planner | None = None
    """Who writes the K methods: "policy" (sampled plans, trained), "none" (K independent solutions
    of the problem), or "skills" (K fixed texts, z = 1 … K). Default: "skills" for upskill,
    otherwise "policy"."""
    end_on_refusal: bool = False
    """End an episode at once when the judge refuses its plan. This saves its programs, but the
    solver learns nothing from them, and ungated rewards such as outcome are 0 for a refused plan.
    `plan_only` always does so."""
    frozen: RegionName | None = None
    """Region that stays what it is at the start, "plan" or "solve": it is drawn from a copy of the
    initial model, and not trained. Needs the memory of a second model and sampler."""
    plan_only: bool = False
    """Sample no programs and run no tests: the planner's warm-up, with reward=validity
    (docs/method.md, section 4)."""
    solver_group: SolverGroup | None = None
    """Branches that a solution is compared with: "tuple" (the K of its tuple) or "problem" (all
    M·K). Default: tuple for cppo and loo_max, problem for the others."""
    skill_bonus: float = 0.5
    """α of upskill: the reward per nat of mutual information between a program and its skill. The
    information is at most log K."""
    redundancy_penalty: float = 0.5
    """λ of redundancy: how much a program loses that is like its siblings in everything."""
    normalise: bool = True
    """Divide advantages by the group's standard deviation, in algorithms that do so."""
    loss: Form = field(default="clipped", metadata={"topic": "details of the loss"})
    """Policy loss."""
    epsilon_plan: float = 0.2
    """ε: lower clip range of the ratio, on plans."""
    epsilon_solve: float = 0.2
    """ε: lower clip range of the ratio, on solutions."""
    epsilon_high_plan: float | None = None
    """Upper clip range of the ratio, on plans. Default: `epsilon_plan`."""
    epsilon_high_solve: float | None = None
    """Upper clip range of the ratio, on solutions. Default: `epsilon_solve`."""
    aggregation_plan: Aggregation | None = None
    """How the token losses of plans are averaged: "sequence_mean" (over each sequence),
    "token_mean" (over all tokens of the region) or "constant_length" (over the larger token limit
    of the two regions). Default: constant_length for dr_grpo, rloo, pkpo, poly_epo and loo_max,
    otherwise sequence_mean."""
    aggregation_solve: Aggregation | None = None
    """How the token losses of solutions are averaged."""
    mask_truncated_plan: bool = True
    """Do not learn from a plan that was cut at its token limit. It still counts as 0 in its group's
    statistics."""
    mask_truncated_solve: bool = True
    """Do not learn from a solution that was cut at its token limit."""
    correction: Correction = "none"
    """Importance correction for the gap of sampler and trainer; `off_policy_steps` needs one."""
    correction_cap: float = 2.0
    """Larger importance weights are truncated to this value, or masked."""
    micro_batch_tokens: int = 16384
    """Tokens per forward and backward pass. Gradients add up to those of the whole batch."""
    bf16: bool = False
    """Compute the update in bfloat16 (autocast). Weights, gradients and states stay float32."""
    tf32: bool = False
    """Multiply float32 matrices in TensorFloat-32 on GPUs that have it: faster, with 10 bits of
    precision in each factor. No effect on a CPU."""
    checkpoint_activations: bool | None = None
    """Recompute activations in the backward pass: about a third slower, much less memory. Default:
    for models of a billion parameters or more."""
    eval_episodes: int = field(default=0, metadata={"topic": "evaluations and checkpoints"})
    """Episodes of an evaluation: one on each of the first problems of the held-out set, again from
    the start where it has fewer. Played before and after training, and during it with
    `eval_every`. 0 plays none."""
    eval_every: int = 0
    """Steps between evaluations during training. The best checkpoint is kept in `checkpoints/best`.
    0 evaluates only before and after."""
    eval_patience: int = 0
    """Stop after this many evaluations in a row that were no better than the best one. 0 never
    stops."""
    best_by: Literal["pass_at_k", "validity"] | None = None
    """Figure of an evaluation that says which one is best: "pass_at_k", or "validity" (the share of
    accepted plans). Default: validity with `plan_only`, otherwise pass_at_k."""
    final_weights: Literal["last", "best"] = "last"
    """Weights that `model/` and the evaluation after training get: those of the last step, or of
    the best evaluation during training."""
    eval_temperature_plan: float | None = None
    """Sampling temperature of plans in evaluations; 0 is greedy. Default: `temperature_plan`."""
    eval_env: str | None = None
    """Id of the environment for evaluation. Default: `env`."""
    eval_problems: str | None = None
    """Problems for evaluation: a path or a name. Default: `problems`, or those of `eval_env`."""
    eval_split: str | None = None
    """Held-out split for evaluation. Default: "test"; of a set of its own, that set's default."""
    eval_seed: int | None = None
    """Shuffles the held-out problems, the same for every `seed`. Default: their own order, in
    which published sets are often sorted."""
    allow_overlap: bool = False
    """Evaluate even if held-out and training problems share statements."""
    checkpoint_every: int = 50
    """Steps between checkpoints. The last step always writes one."""
    keep_checkpoints: int = 2
    """Number of newest checkpoints to keep."""
    given: frozenset[str] | None = field(default=None, compare=False, metadata={"given": True})
    """Settings that a command was given. Default: those that are not at their defaults."""

    @property
    def planning(self) -> Planner:
        """Who writes the methods."""
        needs_skills = "skills" in load_algorithm(self.algorithm).needs
        return self.planner or ("skills" if needs_skills else "policy")

    @property
    def algorithm_name(self) -> str:
        """The name of the algorithm, also of one that is given as a function."""
        return name_of(self.algorithm)

    @property
    def decisive_figure(self) -> Literal["pass_at_k", "validity"]:
        """The figure by which evaluations are compared."""
        return self.best_by or ("validity" if self.plan_only else "pass_at_k")

    @property
    def ends_on_refusal(self) -> bool:
        """Whether a refused plan ends its episode; never where nobody plans."""
        return self.planning == "policy" and (self.end_on_refusal or self.plan_only)

    @property
    def training(self) -> ProblemSource:
        """The problems to train on."""
        return ProblemSource(self.env, self.problems, self.split, self.filters)

    @property
    def held_out(self) -> ProblemSource:
        """The problems of evaluations."""
        return self.training.held_out(self.eval_env, self.eval_problems, self.eval_split)

    @property
    def anchored(self) -> bool:
        """Whether a region has a KL term, which needs the reference."""
        return any(self.region(name, step).beta > 0 for name in REGIONS for step in (0, self.steps))

    def checkpoints(self, parameters: int) -> bool:
        """Whether a model of this many parameters recomputes its activations."""
        if self.checkpoint_activations is None:
            return parameters >= CHECKPOINT_FROM
        return self.checkpoint_activations

    def region(self, name: RegionName, step: int = 0) -> Region:
        """The settings of one region, in the update of a step."""
        trained = self.frozen != name
        final = self.beta_plan_final if step >= self.steps - self.steps // 6 else None

        def own(setting: str) -> Any:
            return getattr(self, f"{setting}_{name}")

        return Region(
            temperature=own("temperature"),
            weight=trained * own("lambda"),
            beta=trained * (own("beta") if final is None or name == "solve" else final),
            epsilon=own("epsilon"),
            epsilon_high=own("epsilon_high"),
            aggregation=own("aggregation") or load_algorithm(self.algorithm).aggregation,
            mask_truncated=own("mask_truncated"),
            longest=own("max_thoughts") + own("max_tokens"),
        )

    @property
    def options(self) -> Options:
        """What the algorithm is told of these settings."""
        return Options(self.solver_group, self.normalise, self.skill_bonus, self.redundancy_penalty)

    def to_json(self) -> str:
        """The text of a run folder's `config.json`; where the folder lies is not part of it."""
        values = dataclasses.asdict(self)
        for name in NOT_STORED:
            del values[name]
        values["algorithm"] = self.algorithm_name
        return json.dumps(values, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> TrainConfig:
        """The config of such a text."""
        values: dict[str, Any] = json.loads(text)
        values.pop(RECORDED, None)
        lists: dict[str, Any] = {
            name: tuple(cast(list[Any], value))
            for name, value in values.items()
            if isinstance(value, list)
        }
        return cls(**values | lists)
