"""LoRA (Hu et al. 2021, arXiv 2106.09685), with peft.

The frozen base model is also the reference: switch the adapter off, and no second copy is needed.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

from cppo_env.errors import UsageError
from cppo_env.plugins import missing_extra
from cppo_grpo.config import TrainConfig
from cppo_grpo.model.modes import evaluating
from cppo_grpo.model.policy import Policy
from cppo_grpo.model.tree_attention import Tokens
from cppo_grpo.model.weights import trainable_weights, whole

logger = logging.getLogger(__name__)


def add_adapter(model: PreTrainedModel, config: TrainConfig) -> Any:
    """Freeze a model in place and add a float32 adapter, which is a no-op until its first step.

    Returns:
        The peft model around it.

    Raises:
        MissingExtraError: peft is not installed.
        UsageError: the model has no modules named in `lora_targets`, or they are one tied
            embedding.
    """
    try:
        from peft import LoraConfig, get_peft_model
    except ModuleNotFoundError as error:
        raise missing_extra(error, "LoRA") from error

    if config.lora_base == "bfloat16":
        hold_in_bfloat16(model)
    targets = config.lora_targets
    embeddings: Any = model.get_input_embeddings()
    head: Any = model.get_output_embeddings()
    tied = embeddings.weight is head.weight
    scale: Any = config.lora_alpha or 2 * config.lora_rank  # peft also takes a float
    settings = LoraConfig(
        r=config.lora_rank,
        lora_alpha=scale,
        target_modules=targets
        if targets == "all-linear"
        else [name.strip() for name in targets.split(",")],
        lora_dropout=0.0,  # the trainer's distribution is the sampler's
        task_type="CAUSAL_LM",
    )
    # A resumed run starts from the same random matrices as the run that it goes on with.
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        torch.manual_seed(config.seed)
        warnings.simplefilter(
            "ignore", FutureWarning
        )  # peft asks transformers by a name that has been renamed
        warnings.filterwarnings("ignore", "Model has `tie_word_embeddings")  # it is refused below
        try:
            adapted = get_peft_model(model, settings)
        except ValueError as error:
            raise UsageError(f"lora_targets={targets!r}: {' '.join(str(error).split())}") from error
    if tied and any(
        hasattr(one, "lora_A")
        for one in (model.get_input_embeddings(), model.get_output_embeddings())
    ):
        # An adapter changes only one of the two uses of the weight, and merged weights are both.
        raise UsageError(
            f"lora_targets={targets!r}: this model's input and output embeddings are one weight, "
            "which cannot be "
            "adapted; name other layers"
        )
    return adapted


def adapter_weights(adapted: Any) -> dict[str, Tensor]:
    """A peft model's adapter; of a sharded one all processes must call this."""
    return {name: whole(weight.detach()) for name, weight in trainable_weights(adapted).items()}


def write_adapter(adapted: Any, weights: dict[str, Tensor], folder: Path) -> None:
    """Write the `adapter_weights` of a peft model in its format."""
    adapted.save_pretrained(folder, state_dict=weights, save_embedding_layers=False)


def hold_in_bfloat16(model: PreTrainedModel) -> None:
    """Round the weights of a model in place; buffers, such as rotary frequencies, stay as they are.

    How many weights lose precision is logged: none, if the model is stored in bfloat16.
    """
    kept = {*(model._keep_in_fp32_modules or ()), *(model._keep_in_fp32_modules_strict or ())}
    rounded = total = 0
    for name, weight in model.named_parameters():
        if kept & {*name.split(".")}:
            continue
        short = weight.data.bfloat16()
        if not short.is_meta:
            rounded += int((short != weight.data).sum())
        total += weight.numel()
        weight.data = short
    if rounded:
        logger.warning(
            "lora_base=bfloat16: %d of %d weights of the base lose precision, since they are "
            "stored with more",
            rounded,
            total,
        )


class WithoutAdapter:
    """The base policy: the same model with its adapter switched off.

    Args:
        policy: its model is a peft model.
    """

    def __init__(self, policy: Policy) -> None:
        self.policy = policy

    def __call__(
        self, prompts: Sequence[Tokens], completions: Sequence[Tokens], temperature: float
    ) -> Tensor:
        """Log-probs, as `Policy` returns them."""
        peft_model: Any = self.policy.model
        with evaluating(self.policy), peft_model.disable_adapter():
            return self.policy(prompts, completions, temperature)
