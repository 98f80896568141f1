"""Training of a gate: BCE on the two answer tokens, best epoch by average precision."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from cppo_agents.judges.gate_folder import Gate, read_gate, write_gate
from cppo_agents.judges.rubric import FAIL, PASS, load_template, rubric_messages
from cppo_agents.judges.verbaliser import VerbaliserJudge, answer_logits, answer_tokens
from cppo_agents.models.chat_format import ChatFormat
from cppo_agents.models.check import context_of
from rich.console import Console
from sklearn.metrics import average_precision_score

from cppo_env.atomic import write_atomically
from cppo_env.errors import UsageError
from cppo_env.protocols import ProblemSet
from cppo_env.provenance import sha256_of
from cppo_env.types import Problem, Ruling
from cppo_grpo.learner.optimizer import apply_gradient, make_optimizer
from cppo_grpo.model.modes import evaluating
from cppo_grpo.model.tiny import make_model, train_tokenizer
from cppo_grpo.recipe.gate import (
    GateConfig,
    GateTrainConfig,
    Label,
    balanced,
    read_labels,
)
from cppo_grpo.recipe.gold import problems_named
from cppo_grpo.recipe.problems import hold_out
from cppo_grpo.runs.atomic import whole_folder
from cppo_grpo.runs.progress import stage
from cppo_grpo.runs.stage_folder import StageFolder
from cppo_grpo.stages.gate_figures import curves, faults, figures, threshold_for
from cppo_grpo.stages.start import load_pair

JUDGED_AT_ONCE = 256
"""Labels between two signs of life of a measurement."""


def split_labels(
    labels: Sequence[Label], share: float, seed: int
) -> tuple[list[Label], list[Label]]:
    """Training and held-out labels; a problem is in one of them.

    Raises:
        UsageError: there are fewer than two problems.
    """
    names = {one.problem_id for one in labels}
    if len(names) < 2:
        raise UsageError("labels: after balancing they are of fewer than two problems; label more")
    held = hold_out(names, share, seed)
    train = [one for one in labels if one.problem_id not in held]
    return train, [one for one in labels if one.problem_id in held]


def train_gate(
    folder: StageFolder[GateTrainConfig], problems: ProblemSet, console: Console
) -> dict[str, Any]:
    """Train, calibrate and judge a gate; its folder is `model/` of the run.

    Raises:
        UsageError: the labels or the base model cannot be used.
    """
    config = folder.config
    if folder.result is not None:
        return folder.result
    torch.set_num_threads(config.threads)
    labels = balanced(read_labels(config.labels), config.seed)
    train, held_out = split_labels(labels, config.held_out, config.seed)
    template = load_template(config.rubric)
    known = _problems_of(labels, problems)

    def asked(one: Label) -> Any:
        return rubric_messages(known[one.problem_id], one.methods, template)

    model: Any
    if config.model is not None:
        model, tokenizer = load_pair(config.model)
    else:
        contents = [message["content"] for one in train for message in asked(one)]
        tokenizer = train_tokenizer([*contents[:400], PASS, FAIL])
        model = make_model(tokenizer, hidden=config.hidden, layers=config.layers, seed=config.seed)
    chat = ChatFormat(tokenizer, model.generation_config)
    answers = answer_tokens(tokenizer)
    longest = min(config.max_tokens, context_of(model.config) or config.max_tokens)
    prompts = [(chat.encode(asked(one)), float(one.valid)) for one in train]
    questions = [chat.encode(asked(one)) for one in held_out]
    valid = [one.valid for one in held_out]
    fits = [one for one in prompts if len(one[0]) <= longest]
    if not fits:
        raise UsageError(f"max_tokens: every question has more than {longest} tokens; raise it")
    if torch.accelerator.is_available():
        model = model.to(torch.accelerator.current_accelerator())
    optimizer = make_optimizer(model, config.lr, config.weight_decay)
    per_epoch = math.ceil(len(fits) / config.batch)
    gate = Gate(
        base=config.model or "made from scratch",
        data={
            "labels": str(config.labels),
            "sha256": sha256_of(config.labels),
            "train": len(fits),
            "held_out": len(held_out),
            "too_long": len(prompts) - len(fits),
            "held_out_problems": sorted({one.problem_id for one in held_out}),
        },
        threshold=0.5,
        figures={},
        rubric=template,
    )
    steps, best, step = config.epochs * per_epoch, -1.0, 0
    folder.log.rewind("gate", 0)
    with stage(console, "gate", steps) as shown:
        for epoch in range(config.epochs):
            random = Random(f"{config.seed}/epoch {epoch}")
            order = random.sample(fits, len(fits))
            losses: list[float] = []
            model.train()
            for start in range(0, len(order), config.batch):
                batch = order[start : start + config.batch]
                optimizer.zero_grad(set_to_none=True)
                losses.append(_accumulate(model, batch, answers, config.micro_batch))
                rise = min(1.0, (step + 1) / max(1, steps // 10))
                apply_gradient(optimizer, config.lr * rise * (steps - step) / steps, 1.0)
                step += 1
                shown.show(step, {"loss": losses[-1]})
            scores = _scores(model, questions, answers)
            precision = float(average_precision_score(valid, scores))
            folder.log.append(
                {
                    "stage": "gate",
                    "step": epoch + 1,
                    "loss": float(np.mean(losses)),
                    "average_precision": precision,
                }
            )
            if precision > best:
                best = precision
                with whole_folder(folder.model) as partial:
                    model.save_pretrained(partial)
                    tokenizer.save_pretrained(partial)
                    write_gate(partial, gate)  # refused as long as it is not measured
    found = measure_gate(
        folder.model, held_out, problems, console, recall=config.recall, seed=config.seed
    )
    return folder.finish({"run": str(folder.path), "gate": str(folder.model), **found})


def measure_gate(
    path: Path,
    labels: Sequence[Label],
    problems: ProblemSet,
    console: Console,
    *,
    recall: float | None,
    seed: int,
    plot: Path | None = None,
) -> dict[str, Any]:
    """Figures of a gate on labels, its curves, and with `recall` a new τ; stored in `gate.json`.

    Raises:
        UsageError: the folder holds no gate.
    """
    stored = read_gate(path)
    if stored is None:
        raise UsageError(f"gate: {path} holds no gate.json; expected the model/ of cppo gate train")
    judge = VerbaliserJudge(str(path), threshold=0.0, allow_refused=True)
    known = _problems_of(labels, problems)
    cases = [(known[one.problem_id], one.methods) for one in labels]
    parts = [
        cases[start : start + JUDGED_AT_ONCE] for start in range(0, len(cases), JUDGED_AT_ONCE)
    ]
    rulings: list[Ruling] = []
    with stage(console, "measure", len(parts)) as shown:
        for done, part in enumerate(parts, start=1):
            rulings += judge.rule(part)
            shown.show(done, {})
    scores = np.array([ruling.score for ruling in rulings])
    threshold = stored.threshold if recall is None else threshold_for(labels, scores, recall)
    measured = figures(labels, scores, threshold, seed)
    why = faults(measured)
    if plot is None and recall is not None:
        plot = path / "gate.svg"
    if plot is not None:
        write_atomically(plot, curves(labels, scores, threshold))
    if recall is not None:
        write_gate(path, Gate(stored.base, stored.data, threshold, measured, why, stored.rubric))
    return {"threshold": threshold, **measured, "faults": why, "accepted": not why}


def calibrate(
    config: GateConfig, problems: ProblemSet, console: Console, *, change: bool
) -> dict[str, Any]:
    """Measure a gate on other labels; with `change`, τ and the stored verdict follow from them."""
    return measure_gate(
        config.gate,
        read_labels(config.labels),
        problems,
        console,
        recall=config.recall if change else None,
        seed=config.seed,
        plot=config.plot,
    )


def _accumulate(
    model: Any,
    batch: Sequence[tuple[tuple[int, ...], float]],
    answers: tuple[int, int],
    size: int,
) -> float:
    """Add the gradient of the mean BCE of P(Pass) against the labels; returns that loss."""
    total = 0.0
    for start in range(0, len(batch), size):
        part = batch[start : start + size]
        logits_B2 = answer_logits(model, [ids for ids, _ in part], answers)
        wanted_B = torch.tensor([label for _, label in part], device=logits_B2.device)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            logits_B2[:, 0] - logits_B2[:, 1], wanted_B, reduction="sum"
        ) / len(batch)
        loss.backward()
        total += float(loss.detach())
    return total


def _scores(
    model: Any, prompts: Sequence[tuple[int, ...]], answers: tuple[int, int]
) -> list[float]:
    """P(Pass) of each prompt; 0, as the judge has it, of those that do not fit the context."""
    context = context_of(model.config)
    with evaluating(model), torch.no_grad():
        return [
            float(answer_logits(model, [ids], answers).softmax(-1)[0, 0])
            if context is None or len(ids) <= context
            else 0.0
            for ids in prompts
        ]


def _problems_of(labels: Sequence[Label], problems: ProblemSet) -> dict[str, Problem]:
    return problems_named((one.problem_id for one in labels), problems, "labels")
