"""A Hugging Face causal language model in this process.

Simple and exact; for throughput use the vLLM back end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING, Any

from cppo_agents.backends import Failure, Reply, Request
from cppo_env.plugins import missing_extra

if TYPE_CHECKING:
    from cppo_agents.models.check import ModelCheck
    from cppo_agents.models.lengths import Lengths
    from cppo_env.prompts import Messages


class Transformers:
    """Generates in padded batches of requests that are sampled alike."""

    def __init__(
        self,
        model: Any,
        tokenizer: Any = None,
        *,
        device: str = "auto",
        batch_size: int = 16,
        dtype: str = "auto",
    ):
        """Loads the model.

        Args:
            model: path or name for `from_pretrained`, or a loaded model.
            tokenizer: a loaded tokenizer; None loads the one that lies with the model.
            device: "auto" takes a GPU where there is one, else "cpu", "cuda", ….
            batch_size: sequences generated side by side.
            dtype: weights' type for `from_pretrained`.

        Raises:
            MissingExtraError: torch or transformers is not installed.
            UsageError: the model cannot be loaded, or its chat template cannot be used.
        """
        try:
            import torch
            from transformers import GenerationConfig

            from cppo_agents.models.chat_format import ChatFormat
            from cppo_agents.models.loading import load_config, load_model, load_tokenizer
        except ModuleNotFoundError as error:
            raise missing_extra(error, "the transformers agent") from error
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        self._torch = torch
        self.name = model if isinstance(model, str) else type(model).__name__
        self.batch_size = batch_size
        if isinstance(model, str):
            load_config(model)
        self.tokenizer = load_tokenizer(model) if tokenizer is None else tokenizer
        loaded: Any = load_model(model, dtype) if isinstance(model, str) else model
        self.model = loaded.to(device).eval()
        self.chat = ChatFormat(self.tokenizer, loaded.generation_config)
        if self.tokenizer.pad_token_id is None:
            self.tokenizer.pad_token = self.tokenizer.convert_ids_to_tokens(self.chat.end_ids[0])
        # The model's own config may hold a repetition penalty or suppressed tokens.
        self._whole_distribution = GenerationConfig(
            eos_token_id=list(self.chat.end_ids), pad_token_id=self.tokenizer.pad_token_id
        )

    @property
    def context(self) -> int | None:
        """Positions of the model; None: no end is stated."""
        from cppo_agents.models.check import context_of

        return context_of(self.model.config)

    def prompt_tokens(self, messages: Messages) -> int:
        """The length of a prompt."""
        return len(self.chat.encode(messages))

    def check(self, lengths: Lengths) -> ModelCheck:
        """What the model and its tokenizer are, and what of it cannot work."""
        from cppo_agents.models.check import check_model

        return check_model(self.name, self.model.config, self.chat, lengths)

    def complete(self, requests: Sequence[Request]) -> list[Reply | Failure]:
        """Requests of equal sampling settings share batches; each draws by its own seed."""
        answers: list[Reply | Failure] = []
        for _, alike in groupby(
            requests, key=lambda request: (request.temperature, request.max_tokens)
        ):
            group = list(alike)
            for start in range(0, len(group), self.batch_size):
                answers += self._generate(group[start : start + self.batch_size])
        return answers

    def _generate(self, requests: Sequence[Request]) -> list[Reply]:
        torch, first = self._torch, requests[0]
        encoded = [list(self.chat.encode(request.messages)) for request in requests]
        prompts = self.tokenizer.pad(
            {"input_ids": encoded}, padding_side="left", return_tensors="pt"
        ).to(self.model.device)
        with torch.inference_mode(), self._without_own_settings():
            tokens = self.model.generate(
                **prompts,
                do_sample=False,
                logits_processor=[self._draw(requests)] if first.temperature > 0 else None,
                max_new_tokens=first.max_tokens,
            )
        return [self._read(row) for row in tokens[:, prompts["input_ids"].shape[1] :].tolist()]

    def _draw(self, requests: Sequence[Request]) -> Callable[[Any, Any], Any]:
        """Draws a token for each row from its own stream, whatever else is in the batch.

        `generate` takes the largest score, so the scores of all but the drawn token become −∞. The
        draw is from the whole distribution at the temperature: Gumbel noise and a maximum.
        """
        torch, temperature = self._torch, requests[0].temperature
        device = self.model.device
        streams = [torch.Generator(device) for _ in requests]
        for stream, request in zip(streams, requests, strict=True):
            if request.seed is None:
                stream.seed()
            else:
                stream.manual_seed(request.seed)

        def keep_the_drawn(_: Any, scores_BV: Any) -> Any:
            noise_BV = torch.stack(
                [
                    torch.empty(scores_BV.shape[1], device=device).exponential_(generator=stream)
                    for stream in streams
                ]
            )
            drawn_B1 = (scores_BV.float() / temperature - noise_BV.log()).argmax(-1, keepdim=True)
            return torch.full_like(scores_BV, -torch.inf).scatter(1, drawn_B1, 0.0)

        return keep_the_drawn

    @contextmanager
    def _without_own_settings(self) -> Iterator[None]:
        """`generate` fills in what it is not told from the model's generation config."""
        own = self.model.generation_config
        self.model.generation_config = self._whole_distribution
        try:
            yield
        finally:
            self.model.generation_config = own

    def _read(self, row: list[int]) -> Reply:
        ends = self.chat.end_ids
        length = next((i for i, token in enumerate(row) if token in ends), None)
        kept = row if length is None else row[:length]
        [text] = self.chat.decode([kept])
        return Reply(text, truncated=length is None, tokens=len(kept))
