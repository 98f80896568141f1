"""Load a model and its tokenizer; whatever is wrong with them is said in one line.

What names a model means the same everywhere: a folder of transformers, a name of the hub, or a
folder of peft with a LoRA adapter, which is merged into the base that it names.
"""

from __future__ import annotations

import contextlib
import json
import warnings
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from threading import Thread
from typing import Any

from cppo_agents.models.quiet import no_progress_bars
from cppo_env.errors import UsageError
from cppo_env.plugins import missing_extra

FAULTS = (
    *(OSError, ValueError, LookupError, TypeError, AttributeError, ImportError, RuntimeError),
)
"""What `from_pretrained` raises on files that are absent, damaged or of an unknown kind."""


SILENT = "the hub does not answer; correct the name, or mend the connection"

HUB_ANSWERS_IN_S = 5.0
"""Longer silence is none; transformers itself asks for half a minute, file by file."""


@cache
def _hub_answers() -> bool:
    """Whether the hub says anything at all."""
    from huggingface_hub import constants, get_session

    answers: list[object] = []

    def ask() -> None:
        with contextlib.suppress(Exception):  # its HTTP library changes with the version
            answers.append(get_session().head(constants.ENDPOINT, timeout=HUB_ANSWERS_IN_S))

    asking = Thread(target=ask, daemon=True)  # no time limit holds for the look-up of a name
    asking.start()
    asking.join(HUB_ANSWERS_IN_S)
    return bool(answers)


def silent_hub(source: str) -> bool:
    """Whether this is no folder, and the hub does not answer: then only its cache can have it."""
    return not Path(source).exists() and not _hub_answers()


def base_of(source: str) -> str:
    """The folder or hub name of the whole model: of an adapter, the base that it names.

    Raises:
        UsageError: the adapter names no base.
    """
    folder = Path(source)
    file = folder / "adapter_config.json"
    if not file.is_file() or (folder / "config.json").exists():
        return source
    try:
        base = json.loads(file.read_text("utf-8")).get("base_model_name_or_path")
    except (OSError, ValueError, AttributeError) as error:
        raise UsageError(f"model: {file} is no settings of an adapter ({error})") from None
    if not isinstance(base, str) or not base:
        merged = folder.parent / "model"
        instead = f"give {merged}, where it is merged" if merged.exists() else "merge it"
        raise UsageError(
            f"model: got {source!r}, an adapter that names no base; {instead}, or write the base "
            f"into {file} as base_model_name_or_path"
        )
    return base


def load_config(source: str) -> Any:
    """The model's configuration.

    Raises:
        UsageError: there is none, or it is not that of a causal language model.
    """
    from transformers import AutoConfig

    config = _load(AutoConfig.from_pretrained, source, base_of(source))
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

    own = (Path(source) / "tokenizer_config.json").exists()
    tokenizer = _load(AutoTokenizer.from_pretrained, source, source if own else base_of(source))
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
        base = base_of(source)
        return GenerationConfig.from_pretrained(base, local_files_only=silent_hub(base))
    except OSError:
        return None


def load_model(source: str, dtype: Any) -> Any:
    """The causal language model, with an adapter merged into it.

    Raises:
        MissingExtraError: it is an adapter, and peft is not installed.
        UsageError: it cannot be loaded.
    """
    from transformers import AutoModelForCausalLM

    base = base_of(source)
    model = _load(AutoModelForCausalLM.from_pretrained, source, base, dtype=dtype)
    return model if base == source else _load(partial(_merged, model), source, source)


def load_encoder(source: str) -> Any:
    """The body of a model of any kind, without a head, in float32.

    Raises:
        UsageError: it cannot be loaded.
    """
    import torch
    from transformers import AutoModel

    return _load(AutoModel.from_pretrained, source, source, dtype=torch.float32)


def _merged(base: Any, adapter: str, **options: Any) -> Any:
    """The base with an adapter merged into its weights, in their type."""
    try:
        from peft import PeftModel
    except ModuleNotFoundError as error:
        raise missing_extra(error, "LoRA") from error
    with warnings.catch_warnings():
        # An adapter of another model leaves layers without weights, which peft only warns of.
        warnings.filterwarnings("error", "Found missing adapter keys")
        return PeftModel.from_pretrained(base, adapter, **options).merge_and_unload()


def _load(load: Callable[..., Any], source: str, named: str, **options: Any) -> Any:
    """What `load` returns for a folder or hub name; `source` is what the user named."""
    from safetensors import SafetensorError

    no_progress_bars()
    silent = silent_hub(named)
    try:
        return load(named, local_files_only=silent, **options)
    except UsageError:
        raise
    except (*FAULTS, SafetensorError, UserWarning) as error:
        inside = Path(source) / "model"
        hint = f"did you mean {str(inside)!r}? " if (inside / "config.json").exists() else ""
        base = base_of(source)
        over = "" if base == source else f", an adapter over {base!r}"
        why = f"it is no folder here and not in the cache, and {SILENT}" if silent else str(error)
        raise UsageError(
            f"model: got {source!r}{over}, expected a folder or hub name of a causal language "
            f"model and its tokenizer; {hint}{' '.join(why.split())}"
        ) from error
