"""Which models can compute a shared prompt once, and what they need for it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from transformers import PretrainedConfig, PreTrainedModel

from cppo_grpo.model.linear_attention import branch, branching_layers, unbranch
from cppo_grpo.model.tree_attention import IMPLEMENTATION, PromptTree

FULL, SLIDING, LINEAR = "full_attention", "sliding_attention", "linear_attention"


def attention_kinds(config: PretrainedConfig) -> list[str]:
    """The attention of each layer, by transformers' names."""
    text: Any = config.get_text_config(decoder=True)
    if (kinds := getattr(text, "layer_types", None)) is not None:
        return list(kinds)
    window = getattr(text, "sliding_window", None)
    return [FULL if window is None else SLIDING] * text.num_hidden_layers


def obstacle(model: PreTrainedModel) -> str | None:
    """Why a row of this model cannot hold several sequences; None if it can be tried."""
    kinds = Counter(attention_kinds(model.config))
    if others := sorted(set(kinds) - {FULL, SLIDING, LINEAR}):
        return f"has layers of {', '.join(others)}"
    if kinds[LINEAR] != len(branching_layers(model)):
        return "has linear attention of another kind than the gated delta rule"
    return None


def install(model: PreTrainedModel) -> None:
    """Let the model take rows that share prompts.

    Raises:
        TypeError, ValueError: its attention is its own, or takes no arguments of others.
    """
    model.set_attn_implementation(IMPLEMENTATION)
    branch(model)


def remove(model: PreTrainedModel, before: str) -> None:
    """Undo `install`: back to the attention from before."""
    model.set_attn_implementation(before)
    unbranch(model)


def unseen_windows(model: PreTrainedModel, tree: PromptTree) -> str | None:
    """Whether a layer's window never reached the attention over the tree."""
    text: Any = model.config.get_text_config(decoder=True)
    sliding = attention_kinds(model.config).count(SLIDING)
    if tree.windows != [getattr(text, "sliding_window", None)] * sliding:
        return (
            f"has {sliding} layers with a sliding window, and {len(tree.windows)} name theirs to "
            "the attention function"
        )
    return None
