"""`cppo model check`: whether a model can be evaluated and trained, found out at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cppo_env.errors import CppoError, UsageError

if TYPE_CHECKING:
    from cppo_agents.models.check import ModelCheck

MARKS = {"ok": "[green]✓[/]", "note": "[yellow]![/]", "refused": "[red]✗[/]"}


@dataclass(frozen=True, slots=True)
class ModelCheckConfig:
    """Settings of `cppo model check`."""

    model: str
    """Folder or hub name of a transformers model."""
    weights: bool = True
    """Load the weights, and try learner and sampler on them. False reads configuration and
    tokenizer only."""
    prompts: str = "plain"
    """Words of the prompts whose lengths are shown: plain, strong, math, or a folder."""
    max_tokens_plan: int = 512
    """Maximum tokens of a plan."""
    max_tokens_solve: int = 2048
    """Maximum tokens of a solution."""
    max_thoughts_plan: int = 0
    """Maximum tokens of thoughts before a plan; 0: none."""
    max_thoughts_solve: int = 0
    """Maximum tokens of thoughts before a solution; 0: none."""


def check(config: ModelCheckConfig) -> dict[str, Any]:
    """Say how a model is prompted, ended, sampled and trained, and what of it cannot work."""
    import transformers

    transformers.logging.set_verbosity_error()
    found = _check(config)
    result = found.to_json()
    _show(found)
    try:
        found.required()
    except UsageError as error:
        raise CppoError(str(error), result=result) from error
    return result


def _check(config: ModelCheckConfig) -> ModelCheck:
    import torch
    from cppo_agents.models.chat_format import ChatFormat
    from cppo_agents.models.check import check_model, context_of, prompts_row
    from cppo_agents.models.lengths import Lengths
    from cppo_agents.models.loading import (
        load_config,
        load_generation_config,
        load_model,
        load_tokenizer,
    )

    from cppo_env.prompts import load_prompts
    from cppo_grpo.samplers.transformers import TransformersSampler
    from cppo_grpo.stages.model_check import learner_rows, sampler_rows

    stored = load_config(config.model)
    chat = ChatFormat(load_tokenizer(config.model), load_generation_config(config.model))
    limits = Lengths(
        config.max_tokens_plan,
        config.max_tokens_solve,
        context_of(stored),
        plan_thoughts=config.max_thoughts_plan,
        solve_thoughts=config.max_thoughts_solve,
        marks=chat.thinking_tokens,
    )
    words = load_prompts(config.prompts)
    found = check_model(config.model, stored, chat, limits).plus([prompts_row(chat, words, limits)])
    if not config.weights or found.refused:
        return found
    model = load_model(config.model, torch.float32)
    return found.plus([*sampler_rows(TransformersSampler(model)), *learner_rows(model)])


def _show(found: ModelCheck) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("", "point", "what was found", title=found.source, title_justify="left")
    for row in found.rows:
        table.add_row(MARKS[row.standing], row.name, escape(row.value))
    Console().print(table)
