"""The shape of a run's model, without its weights."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from cppo_agents.models.loading import load_config
from transformers import AutoConfig, PretrainedConfig

from cppo_env.errors import UsageError
from cppo_grpo.config import TrainConfig
from cppo_grpo.model.tiny import VOCABULARY, tiny_config


def model_shape(config: TrainConfig) -> PretrainedConfig:
    """The architecture of the run's model.

    It comes from the model's folder, from the table beside this file, or else from the hub (its
    `config.json` alone).

    Raises:
        UsageError: no such model is known.
    """
    if config.model is None:
        return tiny_config(VOCABULARY, config.hidden, config.layers)
    return shape_of(config.model)


def shape_of(model: str) -> PretrainedConfig:
    """The architecture of a model that is named.

    Raises:
        UsageError: no such model is known.
    """
    known: dict[str, dict[str, Any]] = json.loads(
        files("cppo_grpo.memory").joinpath("shapes.json").read_text("utf-8")
    )
    if model in known and not Path(model).exists():
        return AutoConfig.for_model(**known[model])
    try:
        return load_config(model)
    except UsageError as error:
        raise UsageError(f"{error}; --dry_run knows {', '.join(known)} too") from error


def text_config(shape: PretrainedConfig) -> Any:
    """The part of a shape that describes the language model."""
    return shape.get_text_config(decoder=True)


def layer_kinds(shape: PretrainedConfig) -> list[str]:
    """The kind of each layer."""
    text = text_config(shape)
    return list(getattr(text, "layer_types", None) or ["same"] * text.num_hidden_layers)


def period(shape: PretrainedConfig) -> list[str]:
    """The layers after which their kinds repeat."""
    kinds = layer_kinds(shape)
    for length in range(1, len(kinds)):
        if all(kind == kinds[i % length] for i, kind in enumerate(kinds)):
            return kinds[:length]
    return kinds


def slice_of(shape: PretrainedConfig, kinds: Sequence[str]) -> PretrainedConfig:
    """A model of layers of these kinds, with next to no vocabulary."""
    part = copy.deepcopy(text_config(shape))
    if getattr(part, "layer_types", None) is not None:
        part.layer_types = list(kinds)
    part.num_hidden_layers = len(kinds)
    part.vocab_size = 8
    part.pad_token_id = part.bos_token_id = part.eos_token_id = None
    return part
