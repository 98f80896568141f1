"""Sampling with transformers: batched, left-padded, cached; equal beginnings are read once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor
from transformers import PreTrainedModel

from cppo_env.errors import UsageError
from cppo_grpo.model.modes import evaluating
from cppo_grpo.model.sharing import LINEAR, attention_kinds
from cppo_grpo.samplers import Completion, SamplingParams, in_order
from cppo_grpo.samplers.inversion import invert
from cppo_grpo.samplers.kv_cache import (
    bytes_of_sequence,
    cache_argument,
    final_room,
    make_cache,
    prefill_parts,
)

LEAVING_SHARE = 1 / 8
"""Drop nodes without rows once they are this share; dropping copies the whole cache."""


class TransformersSampler:
    """Samples from a model in this process, usually the one being trained.

    Args:
        model: a causal language model.
        batch_size: maximum sequences decoded together; memory grows with it.
        cache_gib: GiB that their keys and values may take; a batch has as many sequences as fit at
            their longest. Default: no bound but `batch_size`.
        prefill_tokens: prompt tokens of one forward pass; the prompts of a batch are read in parts
            of as many columns as that allows. Default: whole prompts at once.

    Raises:
        UsageError: prompts should be read in parts, and the model has layers of linear attention,
            which transformers cannot go on with by more than a token.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        *,
        batch_size: int = 256,
        cache_gib: float | None = None,
        prefill_tokens: int | None = None,
    ) -> None:
        if prefill_tokens is not None and prefill_tokens < 1:
            raise UsageError(f"prefill_tokens: got {prefill_tokens}, expected at least 1")
        if prefill_tokens is not None and LINEAR in attention_kinds(model.config):
            raise UsageError(
                f"prefill_tokens: got {prefill_tokens}, but the model has linear attention, whose "
                "prompts are read whole; leave it out, or lower batch_size"
            )
        self.model = model
        self.batch_size = batch_size
        self.cache_gib = cache_gib
        self.prefill_tokens = prefill_tokens

    def sample(
        self, prompts: Sequence[Sequence[int]], params: SamplingParams, /
    ) -> list[Completion]:
        """One completion per prompt, in order; see `Sampler.sample`."""
        return in_order(self.stream(prompts, params))

    def stream(
        self, prompts: Sequence[Sequence[int]], params: SamplingParams, /
    ) -> Iterator[dict[int, Completion]]:
        """The same completions by prompt index, one decoded batch after the other."""
        streams = list(params.streams_of(len(prompts)))
        noise_BT = torch.rand(
            (max(streams, default=-1) + 1, params.max_tokens),
            dtype=torch.float64,
            generator=torch.Generator().manual_seed(params.seed),
        )[streams, params.drawn : params.drawn + params.most]
        # Neighbours of like length waste no padding, and the copies of a prompt meet in one batch.
        order = sorted(range(len(prompts)), key=lambda i: (len(prompts[i]), tuple(prompts[i])))
        for rows in self._batches(order, prompts, params.most):
            with evaluating(self.model), torch.no_grad():
                asked = [tuple(prompts[i]) for i in rows]
                # Nothing here holds the batch: its cache is freed before anyone looks at the draws.
                drawn = _decode(
                    _Batch(self.model, asked, params.most, self.prefill_tokens),
                    noise_BT[rows],
                    params,
                )
            yield dict(zip(rows, drawn, strict=True))

    def _batches(
        self, order: Sequence[int], prompts: Sequence[Sequence[int]], max_tokens: int
    ) -> Iterator[list[int]]:
        """Batches of prompts, which come from the shortest on; the last one is padded to."""
        if self.cache_gib is None:
            for start in range(0, len(order), self.batch_size):
                yield list(order[start : start + self.batch_size])
            return
        with evaluating(self.model):
            once, each = bytes_of_sequence(self.model)
        batch: list[int] = []
        for i in order:
            length = len(prompts[i])
            one = (once + each * final_room(length, length + max_tokens - 1)) / 2**30
            if one > self.cache_gib:
                raise UsageError(
                    f"cache_gib: got {self.cache_gib:g}, but a prompt of {length} tokens and its "
                    f"longest answer of {max_tokens} take {one:.3g}; raise it"
                )
            if len(batch) == self.batch_size or one * (len(batch) + 1) > self.cache_gib:
                yield batch
                batch = []
            batch.append(i)
        if batch:
            yield batch

    def update(self, named_weights: Iterable[tuple[str, Tensor]], /) -> None:
        """Copy the trainer's weights into the model, unless both are the same model."""
        own = dict(self.model.named_parameters(remove_duplicate=False))
        with torch.no_grad():
            for name, weight in named_weights:
                if name not in own:
                    raise UsageError(
                        f"update: got a weight {name!r}, expected the name of a parameter of the "
                        "model"
                    )
                if own[name].data_ptr() != weight.data_ptr():
                    own[name].copy_(weight)


def draw(logits_BV: Tensor, temperature: float, noise_B: Tensor) -> tuple[Tensor, Tensor]:
    """Draw one token per row.

    Args:
        logits_BV: logits.
        temperature: 0 takes the most likely token.
        noise_B: uniform in [0, 1), float64.

    Returns:
        Token ids and their float32 log-probs at the temperature (at 1 if greedy).
    """
    logits_BV = logits_BV.float()
    if temperature > 0:
        logits_BV = logits_BV / temperature
    logps_BV = logits_BV.log_softmax(-1)
    tokens_B = logits_BV.argmax(-1) if temperature == 0 else invert(logps_BV, noise_B)
    return tokens_B, logps_BV.gather(-1, tokens_B[:, None])[:, 0]


def _decode(batch: _Batch, noise_BT: Tensor, params: SamplingParams) -> list[Completion]:
    """Decode one batch until every row has ended or has its most tokens."""
    device, count = batch.model.device, len(noise_BT)
    noise_BT = noise_BT.to(device)
    end_ids = torch.tensor(params.end_ids, device=device)
    tokens_BT = torch.zeros(noise_BT.shape, dtype=torch.long, device=device)
    logps_BT = torch.zeros(noise_BT.shape, device=device)
    lengths_B = torch.zeros(count, dtype=torch.long, device=device)
    stopped_B = torch.zeros(count, dtype=torch.bool, device=device)
    for step in range(params.most):
        rows = batch.rows
        tokens_R, logps_R = draw(
            batch.logits_NV[batch.nodes], params.temperature, noise_BT[rows, step]
        )
        tokens_BT[rows, step], logps_BT[rows, step] = tokens_R, logps_R
        lengths_B[rows] += 1
        stopped_B[rows] = torch.isin(tokens_R, end_ids)
        going_R = ~stopped_B[rows]
        if not going_R.any() or step + 1 == params.most:
            break
        batch.append(tokens_R, going_R)
    columns = (tokens_BT.tolist(), logps_BT.tolist(), lengths_B.tolist(), stopped_B.tolist())
    return [
        Completion(tuple(tokens[:n]), tuple(logps[:n]), "stop" if stopped else "length")
        for tokens, logps, n, stopped in zip(*columns, strict=True)
    ]


class _Batch:
    """The unfinished rows, R of them, and what the model has read for them.

    Rows with the same prompt and the same tokens so far are one node, which is read once: copies of
    a prompt begin as one and part where their draws do. `rows` and `nodes` are the completion and
    the node of each row; the cache, the padding and the logits of the next token are the nodes'.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        prompts: list[tuple[int, ...]],
        max_tokens: int,
        prefill_tokens: int | None,
    ) -> None:
        self.model = model
        self.rows = torch.arange(len(prompts), device=model.device)
        self.cache_argument = cache_argument(model)
        unique = list(dict.fromkeys(prompts))
        index = {prompt: node for node, prompt in enumerate(unique)}
        self.nodes = torch.tensor([index[prompt] for prompt in prompts], device=model.device)
        self.length = max(map(len, unique))
        self.cache = make_cache(model.config, self.length)
        ids_NP = torch.zeros((len(unique), self.length), dtype=torch.long)
        real_NS = torch.ones((len(unique), self.length + max_tokens), dtype=torch.bool)
        for node, prompt in enumerate(unique):
            ids_NP[node, self.length - len(prompt) :] = torch.tensor(prompt)
            real_NS[node, : self.length - len(prompt)] = False
        self.real_NS = real_NS.to(model.device)
        self.positions_NS = (self.real_NS.cumsum(-1) - 1).clamp(min=0)
        for part in prefill_parts(len(unique), self.length, prefill_tokens):
            self._forward(ids_NP[:, part].to(model.device), part.stop)

    def append(self, tokens_R: Tensor, going_R: Tensor) -> None:
        """Feed its token to each row that goes on; the others leave."""
        self.rows = self.rows[going_R]
        vocabulary, count = self.logits_NV.shape[1], len(self.logits_NV)
        drawn_R = self.nodes[going_R] * vocabulary + tokens_R[going_R]
        distinct_N, self.nodes = drawn_R.unique(return_inverse=True)
        parents_N, tokens_N = distinct_N // vocabulary, distinct_N % vocabulary
        if count * (1 - LEAVING_SHARE) < len(parents_N) == len(parents_N.unique()):
            # Each node goes on as itself; a few that nobody needs any more stay beside them.
            self.nodes = parents_N[self.nodes]
            tokens_N = tokens_N.new_zeros(count).index_put((parents_N,), tokens_N)
        else:
            self.cache.reorder_cache(parents_N)  # pyright: ignore[reportArgumentType]
            self.real_NS, self.positions_NS = self.real_NS[parents_N], self.positions_NS[parents_N]
        self.length += 1
        self._forward(tokens_N[:, None], self.length)

    def _forward(self, ids_NT: Tensor, end: int) -> None:
        """Run the model on the tokens of each node that come before column `end`."""
        logits_N1V = self.model(
            input_ids=ids_NT,
            attention_mask=self.real_NS[:, :end].long(),
            position_ids=self.positions_NS[:, end - ids_NT.shape[1] : end],
            use_cache=True,
            logits_to_keep=1,
            **{self.cache_argument: self.cache},
        ).logits
        self.logits_NV = logits_N1V[:, -1]
