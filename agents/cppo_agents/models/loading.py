"""Load a model and its tokenizer; whatever is wrong with them is said in one line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cppo_env.errors import UsageError

FAULTS = (
    *(OSError, ValueError, LookupError, TypeError, AttributeError, ImportError, RuntimeError),
)
"""What `from_pretrained` raises on files that are absent, damaged or of an unknown kind."""


def load_config(source: str) -> Any:
    """The model's configuration.

    Raises:
        UsageError: there is none, or it is not that of a causal language model.
    """
    from transformers import AutoConfig

    config = _load(AutoConfig.from_pretrained, source)
    if getattr(config, "is_encoder_decoder", False):
        raise UsageError(
            f"model: got {source!r}, an encoder-decoder of type {config.model_type!r}, expected a "
            "causal language model"
        )
    return config


def load_tokenizer(source: str) -> Any:
    """The tokenizer that lies with a model.

    Raises:
        UsageError: there is none that can be loaded.
    """
    from transformers import AutoTokenizer

    tokenizer = _load(AutoTokenizer.from_pretrained, source)
    if not tokenizer("text", add_special_tokens=False)["input_ids"]:
        # Where a folder has no tokenizer, transformers makes an empty one for some models.
        raise UsageError(
            f"model: got {source!r}, whose tokenizer turns text into no tokens; put the files of "
            "the model's own tokenizer beside it"
        )
    return tokenizer


def load_generation_config(source: str) -> Any:
    """The model's generation config, which names end tokens; None where it has none."""
    from transformers import GenerationConfig

    try:
        return GenerationConfig.from_pretrained(source)
    except OSError:
        return None


def load_model(source: str, dtype: Any) -> Any:
    """The causal language model.

    Raises:
        UsageError: it cannot be loaded.
    """
    from transformers import AutoModelForCausalLM

    return _load(AutoModelForCausalLM.from_pretrained, source, dtype=dtype)


def load_encoder(source: str) -> Any:
    """The body of a model of any kind, without a head, in float32.

    Raises:
        UsageError: it cannot be loaded.
    """
    import torch
    from transformers import AutoModel

    return _load(AutoModel.from_pretrained, source, dtype=torch.float32)


def _load(load: Callable[..., Any], source: str, **options: Any) -> Any:
    from safetensors import SafetensorError

    try:
        return load(source, **options)
    except (*FAULTS, SafetensorError) as error:
        raise UsageError(
            f"model: got {source!r}, expected a folder or hub name of a causal language model and "
            f"its tokenizer; {' '.join(str(error).split())}"
        ) from error
