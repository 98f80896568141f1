"""The settings of `cppo sft`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from cppo_env.engine import check_k
from cppo_grpo.config import TrainConfig
from cppo_grpo.ranges import above_0, at_least_0, at_least_1, require, shape, threads
from cppo_grpo.recipe.problems import WithProblems


@dataclass(frozen=True, slots=True)
class SftConfig(WithProblems):
    """Settings of supervised training on gold tuples (docs/recipe.md)."""

    model: str | None = None
    """Folder or hub name of a transformers model. Default: a tiny model made from scratch."""
    tuples: tuple[str, ...] = ()
    """Files of gold tuples: JSON lines of `problem_id`, `methods` and, if known, `programs`.
    Default: the named references (or demonstrations) of the problem set."""
    regions: Literal["plan", "solve", "both"] = "plan"
    """What is learnt: plans, programs for a given method, or both."""
    k: int = 4
    """K: methods of a plan."""
    prompts: str = "plain"
    """Words of the PLAN and SOLVE prompts: plain, strong, math, or a folder with plan.jinja or
    solve.jinja; the same as in training."""
    plans_per_problem: int = 1
    """Plans taken of each problem where they come from the problem set."""
    check_programs: bool = True
    """Learn only programs that pass their problem's tests in the sandbox."""
    sandbox: str = "auto"
    """Where programs run: "auto", "docker", "local", or the name of a plug-in."""
    sandbox_options: dict[str, Any] = field(default_factory=dict[str, Any])
    """Options of the sandbox."""
    run: Path | None = None
    """Run folder. Default: a new one under `runs/`."""
    resume: Path | None = None
    """Go on with the run in this folder, with its stored settings."""
    dry_run: bool = False
    """Only plan the memory of the training, and whether it fits. Loads no weights."""
    assume: str | None = None
    """Devices that `dry_run` plans for, such as h100x1 or cpu:16. Default: those found here."""
    assume_prompt_tokens: int = 1024
    """Tokens of a prompt that `dry_run` assumes."""

    held_out: float = 0.05
    """Share of the problems whose tuples are held out, at least one problem."""
    epochs: int = 3
    """Passes over the data, at most."""
    batch: int = 16
    """Answers of an optimizer step. Their gradient is accumulated over passes of at most
    `micro_batch_tokens`."""
    lr: float = 1e-5
    """Peak learning rate of AdamW; 1e-5 suits a pretrained model, 3e-3 one made from scratch."""
    lr_warmup: float = 0.03
    """Share of the steps with a rising rate; it then falls linearly to 0."""
    weight_decay: float = 0.01
    """Weight decay of AdamW."""
    max_grad_norm: float = 1.0
    """Clip the gradient to this norm."""
    max_tokens: int = 3072
    """Longer conversations are left out and counted."""
    checks: int = 1
    """Measurements of the held-out loss in an epoch; each also writes a checkpoint."""
    patience: int = 2
    """Stop after this many measurements in a row without a lower held-out loss; 0 never stops. The
    best weights are kept in any case."""
    lora_rank: int = 0
    """Rank of a LoRA adapter; 0 trains all weights."""
    lora_alpha: float | None = None
    """The adapter is scaled by `lora_alpha` / `lora_rank`. Default: twice the rank."""
    lora_targets: str = "all-linear"
    """Layers that the adapter changes."""
    micro_batch_tokens: int = 16384
    """Tokens of a forward and backward pass."""
    bf16: bool = False
    """Compute in bfloat16 (autocast); weights and optimizer state stay float32."""
    checkpoint_activations: bool = False
    """Recompute activations in the backward pass: slower, much less memory."""

    sampled_plans: int = 32
    """Plans sampled on held-out problems before and after, for the parse rate and the judge's
    acceptance. 0 samples none."""
    judge: str = "format"
    """Judge of these plans (docs/gates.md)."""
    judge_options: dict[str, Any] = field(default_factory=dict[str, Any])
    """Options of the judge."""
    temperature_plan: float = 0.9
    """Sampling temperature of these plans."""
    max_tokens_plan: int = 512
    """Maximum tokens of a plan."""

    hidden: int = 128
    """Width of a model made from scratch."""
    layers: int = 2
    """Layers of a model made from scratch."""
    seed: int = 0
    """Seeds a new model, the split, the order, and all sampling."""
    threads: int = 1
    """CPU threads."""
    given: frozenset[str] | None = field(default=None, compare=False, metadata={"given": True})
    """Names of the settings that the command was given."""

    @property
    def plans(self) -> bool:
        """Whether plans are learnt."""
        return self.regions != "solve"

    @property
    def programs(self) -> bool:
        """Whether programs are learnt."""
        return self.regions != "plan"

    def learner(self) -> TrainConfig:
        """The settings of model, adapter and passes, as the learner reads them."""
        return TrainConfig(
            model=self.model,
            hidden=self.hidden,
            layers=self.layers,
            micro_batch_tokens=self.micro_batch_tokens,
            assume_prompt_tokens=self.assume_prompt_tokens,
            bf16=self.bf16,
            lora_rank=self.lora_rank,
            lora_alpha=self.lora_alpha,
            lora_targets=self.lora_targets,
            seed=self.seed,
        )

    def check(self) -> None:
        """Refuse settings that cannot run.

        Raises:
            UsageError: names the setting.
        """
        check_k(self.k)
        at_least_1(
            self,
            *("epochs", "batch", "checks", "max_tokens", "micro_batch_tokens"),
            *("plans_per_problem", "max_tokens_plan", "assume_prompt_tokens"),
        )
        shape(self)
        threads(self)
        above_0(self, "lr", "temperature_plan", "lora_alpha")
        at_least_0(self, "patience", "lora_rank", "sampled_plans", "weight_decay", "seed")
        at_least_0(self, "max_grad_norm")
        share = "0 to below 1"
        require(self, ("held_out", "lr_warmup"), lambda value: 0 <= value < 1, share)
