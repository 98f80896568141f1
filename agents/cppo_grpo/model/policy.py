"""The trainer's log-probs of completions: only where needed, in chunks, shared prompts once.

`Policy` wraps a language model for the loss. Its two paths give the same numbers and gradients:

    shared   one row of prompts and branches (`tree_attention`, `linear_attention`): full attention,
             sliding windows, and hybrids with the gated delta rule
    plain    one padded row per sequence; any other model
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from cppo_env.errors import UsageError
from cppo_grpo.model.chunked_head import chosen_log_probs, entropies
from cppo_grpo.model.final_function import measure
from cppo_grpo.model.modes import evaluating, without_dropout
from cppo_grpo.model.own_log_probs import gap, own_log_probs
from cppo_grpo.model.sharing import install, obstacle, remove, unseen_windows
from cppo_grpo.model.tree_attention import (
    PackedRow,
    PromptGroup,
    Tokens,
    make_row,
    row_tokens,
    shared_prompts,
)

logger = logging.getLogger(__name__)

PROBES = (
    [(0, 1, 2, 3), (0, 1, 2, 4), (5, 6, 7, 8, 9, 10), (5, 6, 7, 8, 9, 11)],
    [(5, 6), (7,), (1, 2, 3), (4,)],
)
"""Prompts and completions that a new model is tried with; two prompts of unequal length."""


class Policy(nn.Module):
    """A causal language model: token ids in, log-probs of the completions out.

    It is a module, so data-parallel wrappers see one forward pass. Dropout is switched off
    permanently: the trainer's distribution must be the one that was sampled.

    Args:
        model: a transformers model, or a peft model around one.
        share_prompts: compute a prompt shared by several sequences once. None: wherever the model
            allows it; otherwise log why not.

    Raises:
        UsageError: prompt sharing is requested, but the model has layers that cannot share, or its
            own positions or masks; or the model computes its logits differently from this module
            (an adapter on the output embedding, a final function of another kind than a scale and
            a soft cap).
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
        self.unshared: str | None = None
        """Why prompts are not shared, where that was not the caller's wish."""
        expected = self._own_log_probs()
        if share_prompts is not False:
            fault = self._share(inner, expected)
            if fault and share_prompts:
                raise UsageError(f"share_prompts=True: {type(inner).__name__} {fault}; use False")
            if fault:
                self.unshared = fault
                logger.warning(
                    "%s %s, so prompts are computed anew for each sequence",
                    type(inner).__name__,
                    fault,
                )
        if not self.share_prompts and (fault := self._fault(expected)):
            raise UsageError(f"{type(inner).__name__} {fault}; use another model")

    @classmethod
    def like(cls, measured: Policy, model: PreTrainedModel) -> Policy:
        """A policy of the same architecture, whose weights need not be there yet.

        Args:
            measured: what it has found out holds for the new one.
            model: its class and settings are those of the measured model.
        """
        policy = cls.__new__(cls)
        nn.Module.__init__(policy)
        policy.model = model
        without_dropout(model)
        policy.final = measured.final
        policy.share_prompts, policy.unshared = measured.share_prompts, measured.unshared
        if policy.share_prompts:
            install(model)
        return policy

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
        hidden_ND, order = self._predicting(prompts, completions)
        logps_N = self._chosen(hidden_ND, order, completions, temperature)
        return _by_sequence(logps_N, order, completions)

    @torch.no_grad()
    def inspect(
        self, prompts: Sequence[Tokens], completions: Sequence[Tokens], temperature: float
    ) -> tuple[Tensor, Tensor]:
        """What `forward` returns, and the entropy of the distribution of each token, in nats."""
        hidden_ND, order = self._predicting(prompts, completions)
        logps_N = self._chosen(hidden_ND, order, completions, temperature)
        head: Any = inner_model(self.model).get_output_embeddings()
        entropies_N = entropies(hidden_ND, head.weight, temperature, head.bias, self.final)
        return (
            _by_sequence(logps_N, order, completions),
            _by_sequence(entropies_N, order, completions),
        )

    def _predicting(
        self, prompts: Sequence[Tokens], completions: Sequence[Tokens]
    ) -> tuple[Tensor, list[int]]:
        """The hidden states that predict the completions' tokens, and the order of sequences."""
        run = self._shared if self.share_prompts else self._plain
        return run(prompts, completions)

    def _chosen(
        self,
        hidden_ND: Tensor,
        order: Sequence[int],
        completions: Sequence[Tokens],
        temperature: float,
    ) -> Tensor:
        ids = [token for i in order for token in completions[i]]
        head: Any = inner_model(self.model).get_output_embeddings()
        chosen_N = torch.tensor(ids, device=hidden_ND.device)
        return chosen_log_probs(
            hidden_ND, head.weight, chosen_N, temperature, head.bias, self.final
        )

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

    def _share(self, inner: PreTrainedModel, expected: Tensor) -> str | None:
        """Share prompts from now on, or say why this model cannot."""
        if fault := obstacle(inner):
            return fault
        before: Any = inner.config._attn_implementation
        try:
            install(inner)
            self.share_prompts = True
            fault = self._fault(expected) or self._unequal(self._own_log_probs(), expected)
            fault = fault or self._unseen_windows(inner)
        except (TypeError, ValueError) as error:
            fault = f"lets no other attention in ({' '.join(str(error).split())})"
        if fault:
            self.share_prompts = False
            remove(inner, before)
        return fault

    def _fault(self, expected: Tensor) -> str | None:
        """Compare with the model's own logits; no list could cover how architectures differ."""
        with evaluating(self), torch.no_grad():
            got = self(*PROBES, 1.0)[completion_mask(PROBES[1])]
        return self._unequal(got, expected)

    def _own_log_probs(self) -> Tensor:
        """The probes' log-probs from the model's own logits."""
        inner, probes = inner_model(self.model), zip(*PROBES, strict=True)
        return torch.cat([own_log_probs(inner, *probe) for probe in probes])

    def _unequal(self, got: Tensor, expected: Tensor) -> str | None:
        found = gap(inner_model(self.model), got, expected)
        if found is None:
            return None
        return f"gets log-probs that differ from those of its own logits by {found:.2g}"

    def _unseen_windows(self, inner: PreTrainedModel) -> str | None:
        """Windows are longer than the probes, so what the layers say of them is compared."""
        row, _ = make_row(shared_prompts(PROBES[0]), *PROBES, inner.device)
        with evaluating(self), torch.no_grad():
            self._run(row)
        return unseen_windows(inner, row.tree)

    def _shared(
        self, prompts: Sequence[Tokens], completions: Sequence[Tokens]
    ) -> tuple[Tensor, list[int]]:
        device = inner_model(self.model).device
        row, order = make_row(shared_prompts(prompts), prompts, completions, device)
        return self._run(row)[0, row.predicting], order

    def _run(self, row: PackedRow) -> Tensor:
        return self._hidden(
            input_ids=row.ids_1L,
            position_ids=row.positions_1L,
            # A 4D mask is passed on, none is built.
            attention_mask=torch.zeros(1, 1, 1, 1, device=row.ids_1L.device),
            tree=row.tree,
        )

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
        return _body(inner_model(self.model))(use_cache=False, **inputs).last_hidden_state


def _by_sequence(values_N: Tensor, order: Sequence[int], completions: Sequence[Tokens]) -> Tensor:
    """Values of tokens as (sequences, longest completion), 0 after the end of a completion."""
    device = values_N.device
    rows_N = torch.tensor([i for i in order for _ in completions[i]], device=device)
    columns_N = torch.tensor([t for i in order for t in range(len(completions[i]))], device=device)
    values_BT = values_N.new_zeros(len(completions), max(map(len, completions)))
    return values_BT.index_put((rows_N, columns_N), values_N)


def completion_mask(completions: Sequence[Tokens], device: torch.device | str = "cpu") -> Tensor:
    """True at completion tokens: (sequences, longest completion), in the layout of `Policy`."""
    lengths_B = torch.tensor([len(completion) for completion in completions], device=device)
    return torch.arange(int(lengths_B.max()), device=device) < lengths_B[:, None]


def inner_model(model: nn.Module) -> PreTrainedModel:
    """The transformers model inside a peft model, with its adapters in place."""
    outer: Any = model  # torch types every attribute as a tensor or a module
    return outer.get_base_model() if hasattr(outer, "get_base_model") else outer


def _body(inner: PreTrainedModel) -> nn.Module:
    """The model without its head."""
    body: Any = inner.get_decoder()
    outer: Any = inner
    return body if body is not inner else outer.model  # Llama 4's name for it leads nowhere


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
