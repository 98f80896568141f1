"""The trainer's log-probs of completions: only where needed, in chunks, shared prompts once.

`Policy` wraps a language model for the loss. Its two paths give the same numbers and gradients:

    shared   one row of prompts and branches (`tree_attention`); full-attention models only
    plain    one padded row per sequence; any model, including hybrid linear attention
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PretrainedConfig, PreTrainedModel

from cppo_env.errors import UsageError
from cppo_grpo.model.chunked_head import chosen_log_probs
from cppo_grpo.model.final_function import measure
from cppo_grpo.model.modes import evaluating, without_dropout
from cppo_grpo.model.tree_attention import (
    IMPLEMENTATION,
    PromptGroup,
    Tokens,
    make_row,
    row_tokens,
    shared_prompts,
)

logger = logging.getLogger(__name__)


class Policy(nn.Module):
    """A causal language model: token ids in, log-probs of the completions out.

    It is a module, so data-parallel wrappers see one forward pass. Dropout is switched off
    permanently: the trainer's distribution must be the one that was sampled.

    Args:
        model: a transformers model, or a peft model around one.
        share_prompts: compute a prompt shared by several sequences once. None: wherever the model
            allows it; otherwise log why not.

    Raises:
        UsageError: prompt sharing is requested, but the model has other layers than full attention,
            or its own positions or masks; or the model computes its logits differently from this
            module (an adapter on the output embedding, a final function of another kind than a
            scale and a soft cap).
    """

    def __init__(self, model: nn.Module, *, share_prompts: bool | None = None) -> None:
        super().__init__()
        self.model = model
        without_dropout(model)
        inner = inner_model(model)
        head = inner.get_output_embeddings()
        if type(head) is not nn.Linear:
            raise UsageError(
                f"the output embedding is a {type(head).__name__}, expected a plain linear layer; "
                "leave lm_head out of "
                "an adapter's target modules"
            )
        with evaluating(self):
            final = measure(inner)
        if final is None:
            raise UsageError(
                f"{type(inner).__name__}: its logits are a function of its own of the output "
                "embedding, expected a scale or a soft cap; use another model"
            )
        self.final = final
        self.share_prompts = False
        if share_prompts is not False:
            fault = self._share(inner)
            if fault and share_prompts:
                raise UsageError(f"share_prompts=True: {type(inner).__name__} {fault}; use False")
            if fault:
                logger.warning(
                    "%s %s, so prompts are computed anew for each sequence",
                    type(inner).__name__,
                    fault,
                )
        if not self.share_prompts and (fault := self._fault(inner)):
            raise UsageError(f"{type(inner).__name__} {fault}; use another model")

    def forward(
        self, prompts: Sequence[Tokens], completions: Sequence[Tokens], temperature: float
    ) -> Tensor:
        """Log-probs of every completion token at the region's temperature.

        Args:
            prompts: token ids, at least one each.
            completions: token ids, at least one each.
            temperature: the sampling temperature, > 0.

        Returns:
            float32 (sequences, longest completion), 0 after the end of a completion.
        """
        if self.share_prompts:
            hidden_ND, order = self._shared(prompts, completions)
        else:
            hidden_ND, order = self._plain(prompts, completions)
        device = hidden_ND.device
        chosen_N = torch.tensor([token for i in order for token in completions[i]], device=device)
        head: Any = inner_model(self.model).get_output_embeddings()
        logps_N = chosen_log_probs(
            hidden_ND, head.weight, chosen_N, temperature, head.bias, self.final
        )
        rows_N = torch.tensor([i for i in order for _ in completions[i]], device=device)
        columns_N = torch.tensor(
            [t for i in order for t in range(len(completions[i]))], device=device
        )
        logps_BT = logps_N.new_zeros(len(completions), max(map(len, completions)))
        return logps_BT.index_put((rows_N, columns_N), logps_N)

    def micro_batches(
        self, prompts: Sequence[Tokens], completions: Sequence[Tokens], max_tokens: int
    ) -> list[list[int]]:
        """Split a batch into forward passes of about `max_tokens` tokens.

        A longer sequence gets a pass of its own. Sequences that share a prompt stay together if
        they fit.

        Returns:
            Indices of the sequences of each pass.
        """
        if not self.share_prompts:
            return _padded_batches(prompts, completions, max_tokens)
        batches: list[list[int]] = []
        room = 0
        for group in shared_prompts(prompts):
            for part in _split(group, prompts, completions, max_tokens):
                tokens = row_tokens(part, prompts, completions)
                if not batches or tokens > room:
                    batches.append([])
                    room = max_tokens
                batches[-1].extend(part.members)
                room -= tokens
        return batches

    def _share(self, inner: PreTrainedModel) -> str | None:
        """Share prompts from now on, or say why this model cannot."""
        if not full_attention_only(inner.config):
            return "has layers other than full attention"
        before: Any = inner.config._attn_implementation
        try:
            inner.set_attn_implementation(IMPLEMENTATION)
            self.share_prompts = True
            fault = self._fault(inner)
        except (
            TypeError,
            ValueError,
        ) as error:  # its attention is its own, or takes no arguments of others
            fault = f"lets no other attention in ({' '.join(str(error).split())})"
        if fault:
            self.share_prompts = False
            inner.set_attn_implementation(before)
        return fault

    def _fault(self, inner: PreTrainedModel) -> str | None:
        """Compare with the model's own logits; no list could cover how architectures differ."""
        prompts, completions = [(0, 1, 2, 3), (0, 1, 2, 4)], [(5, 6), (7,)]
        with evaluating(self), torch.no_grad():
            got = self(prompts, completions, 1.0)[completion_mask(completions)]
            sequences = zip(prompts, completions, strict=True)
            expected = torch.cat(
                [_from_logits(inner, prompt, completion) for prompt, completion in sequences]
            )
        tolerance = 1e-3 if inner.dtype is torch.float32 else 0.1
        if torch.allclose(got, expected, atol=tolerance, rtol=tolerance):
            return None
        return (
            "gets log-probs that differ from those of its own logits by "
            f"{float((got - expected).abs().max()):.2g}"
        )

    def _shared(
        self, prompts: Sequence[Tokens], completions: Sequence[Tokens]
    ) -> tuple[Tensor, list[int]]:
        device = inner_model(self.model).device
        row, order = make_row(shared_prompts(prompts), prompts, completions, device)
        hidden_1LD = self._hidden(
            input_ids=row.ids_1L,
            position_ids=row.positions_1L,
            attention_mask=torch.zeros(
                1, 1, 1, 1, device=device
            ),  # a 4D mask is passed on, none is built
            tree=row.tree,
        )
        return hidden_1LD[0, row.predicting], order

    def _plain(
        self, prompts: Sequence[Tokens], completions: Sequence[Tokens]
    ) -> tuple[Tensor, list[int]]:
        device = inner_model(self.model).device
        sequences = [
            [*prompt, *completion[:-1]]
            for prompt, completion in zip(prompts, completions, strict=True)
        ]
        longest = max(map(len, sequences))
        ids_BL = torch.tensor(
            [ids + [0] * (longest - len(ids)) for ids in sequences], device=device
        )
        lengths_B = torch.tensor([len(ids) for ids in sequences], device=device)
        mask_BL = torch.arange(longest, device=device) < lengths_B[:, None]
        hidden_BLD = self._hidden(input_ids=ids_BL, attention_mask=mask_BL.long())
        starts_B = torch.tensor([len(prompt) - 1 for prompt in prompts], device=device)
        predicting_BL = mask_BL & (torch.arange(longest, device=device) >= starts_B[:, None])
        return hidden_BLD[predicting_BL], list(range(len(prompts)))

    def _hidden(self, **inputs: Any) -> Tensor:
        # With a cache, sequences packed in one row would leak into each other.
        return inner_model(self.model).base_model(use_cache=False, **inputs).last_hidden_state


def completion_mask(completions: Sequence[Tokens], device: torch.device | str = "cpu") -> Tensor:
    """True at completion tokens: (sequences, longest completion), in the layout of `Policy`."""
    lengths_B = torch.tensor([len(completion) for completion in completions], device=device)
    return torch.arange(int(lengths_B.max()), device=device) < lengths_B[:, None]


def full_attention_only(config: PretrainedConfig) -> bool:
    """Whether all layers use full attention, so that a row may hold several sequences."""
    text: Any = config.get_text_config(decoder=True)
    layer_types = getattr(text, "layer_types", None)
    if layer_types is not None:
        return set(layer_types) == {"full_attention"}
    return getattr(text, "sliding_window", None) is None


def inner_model(model: nn.Module) -> PreTrainedModel:
    """The transformers model inside a peft model, with its adapters in place."""
    outer: Any = model  # torch types every attribute as a tensor or a module
    return outer.get_base_model() if hasattr(outer, "get_base_model") else outer


def _from_logits(inner: PreTrainedModel, prompt: Tokens, completion: Tokens) -> Tensor:
    """One sequence, all logits, at temperature 1."""
    ids = torch.tensor([[*prompt, *completion]], device=inner.device)
    logits = inner(ids, use_cache=False).logits[0, len(prompt) - 1 : -1]
    return logits.float().log_softmax(-1).gather(-1, ids[0, len(prompt) :, None])[:, 0]


def _split(
    group: PromptGroup, prompts: Sequence[Tokens], completions: Sequence[Tokens], max_tokens: int
) -> list[PromptGroup]:
    """Parts of the group with at most `max_tokens`; each part recomputes the shared tokens."""
    parts: list[PromptGroup] = []
    for i in group.members:
        if parts:
            larger = PromptGroup((*parts[-1].members, i), group.shared)
            if row_tokens(larger, prompts, completions) <= max_tokens:
                parts[-1] = larger
                continue
        parts.append(PromptGroup((i,), group.shared))
    return parts


def _padded_batches(
    prompts: Sequence[Tokens], completions: Sequence[Tokens], max_tokens: int
) -> list[list[int]]:
    """Batches of similar length, to minimise padding."""
    lengths = [
        len(prompt) + len(completion) - 1
        for prompt, completion in zip(prompts, completions, strict=True)
    ]
    batches: list[list[int]] = []
    for i in sorted(range(len(lengths)), key=lengths.__getitem__):
        if not batches or lengths[i] * (len(batches[-1]) + 1) > max_tokens:
            batches.append([])
        batches[-1].append(i)
    return batches
