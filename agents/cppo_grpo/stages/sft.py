"""Supervised training of planner and solver (docs/recipe.md)."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Sequence
from random import Random
from typing import Any

import torch
from cppo_agents.models.chat_format import ChatFormat
from cppo_agents.models.check import context_of
from rich.console import Console

from cppo_env.judges import make_judge
from cppo_env.prompts import load_prompts
from cppo_env.protocols import ProblemSet, Sandbox
from cppo_grpo.learner.optimizer import apply_gradient, make_optimizer
from cppo_grpo.learner.supervised import Demonstration, Encoded, accumulate, encoded, mean_loss
from cppo_grpo.model.lora import add_adapter
from cppo_grpo.model.modes import checkpoint_activations
from cppo_grpo.model.policy import Policy, inner_model
from cppo_grpo.model.tiny import make_model, train_tokenizer
from cppo_grpo.recipe.sft import SftConfig
from cppo_grpo.runs.checkpoints import (
    BEST,
    load_checkpoint,
    load_weights,
    newest_checkpoint,
    save_checkpoint,
)
from cppo_grpo.runs.progress import stage
from cppo_grpo.runs.stage_folder import StageFolder
from cppo_grpo.stages.plan_quality import PlanSettings, plan_quality
from cppo_grpo.stages.sft_data import SftData, fitting, sft_data
from cppo_grpo.stages.start import load_pair, write_model


def sft(
    folder: StageFolder[SftConfig],
    problems: ProblemSet,
    sandbox: Sandbox | None,
    console: Console,
) -> dict[str, Any]:
    """Train, or go on; the folder's `model/` then has the weights of the lowest held-out loss.

    Returns:
        The figures, which are also the folder's `result.json`.

    Raises:
        UsageError: the data, the model or a setting cannot be used.
    """
    config = folder.config
    if folder.result is not None:
        return folder.result
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    judge = make_judge(config.judge, config.judge_options) if config.sampled_plans else None
    data = sft_data(config, problems, sandbox)
    model: Any
    if config.model is not None:
        model, tokenizer = load_pair(config.model)
    else:
        tokenizer = train_tokenizer(_texts(data.train))
        model = make_model(tokenizer, hidden=config.hidden, layers=config.layers, seed=config.seed)
    chat = ChatFormat(tokenizer, model.generation_config)
    longest = min(config.max_tokens, context_of(model.config) or config.max_tokens)
    data = fitting(data, chat, longest)
    console.print(_shown(data), highlight=False, soft_wrap=True)
    device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    model = model.to(device or "cpu")
    policy = Policy(add_adapter(model, config.learner()) if config.lora_rank else model)
    if config.checkpoint_activations:
        checkpoint_activations(policy.model)

    def quality(when: str) -> dict[str, Any] | None:
        if rows := folder.log.rows(when):
            return {name: value for name, value in rows[-1].items() if name != "stage"}
        if judge is None or not config.plans or not data.held_out_problems:
            return None
        settings = PlanSettings(
            *(config.k, config.sampled_plans, config.temperature_plan),
            *(config.max_tokens_plan, config.seed, load_prompts(config.prompts)),
        )
        found = plan_quality(
            inner_model(policy.model), chat, data.held_out_problems, judge, settings
        )
        folder.log.append({"stage": when, **found})
        return found

    before = quality("before")
    trained = _train(folder, policy, chat, data, console)
    adapter = folder.adapter if config.lora_rank else None
    write_model(policy, tokenizer, folder.model, adapter, base=config.model)
    after = quality("after")
    return folder.finish(
        {
            "run": str(folder.path),
            "model": str(folder.model),
            "demonstrations": {"train": len(data.train), "held_out": len(data.held_out)},
            "held_out_problems": len(data.held_out_problems),
            "left_out": dict(data.left_out),
            **trained,
            "plans_before": before,
            "plans_after": after,
        }
    )


def _train(
    folder: StageFolder[SftConfig],
    policy: Policy,
    chat: ChatFormat,
    data: SftData,
    console: Console,
) -> dict[str, Any]:
    """All optimizer steps; the policy then has the best weights."""
    config = folder.config
    optimizer = make_optimizer(policy, config.lr, config.weight_decay)
    train = [encoded(one, chat) for one in data.train]
    measured = [encoded(one, chat) for one in data.held_out] or train
    per_epoch = math.ceil(len(train) / config.batch)
    every, steps = max(1, per_epoch // config.checks), config.epochs * per_epoch
    step = 0
    if checkpoint := newest_checkpoint(folder.checkpoints):
        step, _ = load_checkpoint(checkpoint, policy, optimizer)
    folder.log.rewind("sft", step)
    device = inner_model(policy.model).device.type

    def held_out_loss() -> float:
        with torch.autocast(device, torch.bfloat16, enabled=config.bf16):
            return mean_loss(policy, measured, config.micro_batch_tokens)

    if not folder.log.rows("sft"):
        folder.log.append({"stage": "sft", "step": 0, "held_out_loss": held_out_loss()})
    policy.train()
    started, losses = time.perf_counter(), list[float]()
    with stage(console, "sft", steps, step) as shown:
        while step < steps and not _stale(folder, config.patience):
            batch = _batch(train, config, step, per_epoch)
            with torch.autocast(device, torch.bfloat16, enabled=config.bf16):
                tokens = sum(len(answer) for _, answer in batch)
                losses.append(accumulate(policy, batch, tokens, config.micro_batch_tokens))
            rate = config.lr * _schedule(step, steps, config)
            apply_gradient(optimizer, rate, config.max_grad_norm)
            optimizer.zero_grad(set_to_none=True)
            step += 1
            shown.show(step, {"loss": losses[-1]})
            if step % every == 0 or step == steps:
                known = [row["held_out_loss"] for row in folder.log.rows("sft")[1:]]
                row = {
                    "stage": "sft",
                    "step": step,
                    "loss": sum(losses) / len(losses),
                    "held_out_loss": held_out_loss(),
                    "seconds": time.perf_counter() - started,
                }
                losses.clear()
                # The checkpoint comes last: what stops the run before it repeats this measurement.
                folder.log.append(row)
                if row["held_out_loss"] < min(known, default=math.inf):
                    save_checkpoint(folder.checkpoints, step, policy, optimizer, {}, 1, best=True)
                save_checkpoint(folder.checkpoints, step, policy, optimizer, {}, 1)
    rows = folder.log.rows("sft")
    best_step = load_weights(folder.checkpoints / BEST, policy)
    return {
        "steps": rows[-1]["step"],
        "planned_steps": steps,
        "best_step": best_step,
        "held_out_loss_before": rows[0]["held_out_loss"],
        "held_out_loss": min(row["held_out_loss"] for row in rows[1:]),
        "measured_on": "held-out problems" if data.held_out else "training data",
    }


def _stale(folder: StageFolder[SftConfig], patience: int) -> bool:
    """Whether the last `patience` measurements were no better than the best before them."""
    losses = [row["held_out_loss"] for row in folder.log.rows("sft")[1:]]
    if not patience or len(losses) <= patience:
        return False
    return min(losses[-patience:]) >= min(losses[:-patience])


def _batch(shown: Sequence[Encoded], config: SftConfig, step: int, per_epoch: int) -> list[Encoded]:
    """The demonstrations of a step; each epoch has its own order, whatever was done before."""
    epoch, place = divmod(step, per_epoch)
    order = Random(f"{config.seed}/epoch {epoch}").sample(range(len(shown)), len(shown))
    return [shown[i] for i in order[place * config.batch : (place + 1) * config.batch]]


def _schedule(step: int, steps: int, config: SftConfig) -> float:
    """Linear rise over the warm-up, then linear fall to 0 behind the last step."""
    rise = max(1, round(config.lr_warmup * steps))
    return min((step + 1) / rise, (steps - step) / max(1, steps - rise + 1))


def _texts(shown: Sequence[Demonstration]) -> list[str]:
    messages = itertools.chain.from_iterable(one.conversation for one in shown)
    return [text for one in messages for text in (one["role"] + "\n", one["content"])]


def _shown(data: SftData) -> str:
    said = "".join(f"; left out {count}: {why}" for why, count in data.left_out.items())
    return (
        f"{len(data.train)} answers to learn, {len(data.held_out)} of "
        f"{len(data.held_out_problems)} problems held out{said}"
    )
