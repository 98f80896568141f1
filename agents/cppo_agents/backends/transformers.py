"""A Hugging Face causal language model in this process.

Simple and exact; for throughput use the vLLM back end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cppo_agents.backends.by_tokens import ByTokens
from cppo_env.plugins import missing_extra

if TYPE_CHECKING:
    from cppo_agents.models.thinking import Draw


class Transformers(ByTokens):
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
        self.config = loaded.config
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

    def draw(
        self,
        prompts: Sequence[tuple[int, ...]],
        temperature: float,
        max_tokens: int,
        seeds: Sequence[int | None],
    ) -> list[Draw]:
        """Padded batches."""
        drawn: list[Draw] = []
        for start in range(0, len(prompts), self.batch_size):
            part = slice(start, start + self.batch_size)
            drawn += self._generate(prompts[part], temperature, max_tokens, seeds[part])
        return drawn

    def _generate(
        self,
        prompts: Sequence[tuple[int, ...]],
        temperature: float,
        max_tokens: int,
        seeds: Sequence[int | None],
    ) -> list[Draw]:
        padded = self.tokenizer.pad(
            {"input_ids": [list(prompt) for prompt in prompts]},
            padding_side="left",
            return_tensors="pt",
        ).to(self.model.device)
        with self._torch.inference_mode(), self._without_own_settings():
            tokens = self.model.generate(
                **padded,
                do_sample=False,
                logits_processor=[self._keep_drawn(temperature, seeds)] if temperature else None,
                max_new_tokens=max_tokens,
            )
        return [self._ended(row) for row in tokens[:, padded["input_ids"].shape[1] :].tolist()]

    def _keep_drawn(
        self, temperature: float, seeds: Sequence[int | None]
    ) -> Callable[[Any, Any], Any]:
        """Draws a token for each row from its own stream, whatever else is in the batch.

        `generate` takes the largest score, so the scores of all but the drawn token become −∞. The
        draw is from the whole distribution at the temperature: Gumbel noise and a maximum.
        """
        torch, device = self._torch, self.model.device
        streams = [torch.Generator(device) for _ in seeds]
        for stream, seed in zip(streams, seeds, strict=True):
            if seed is None:
                stream.seed()
            else:
                stream.manual_seed(seed)

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

    def _ended(self, row: list[int]) -> Draw:
        from cppo_agents.models.thinking import Draw

        ends = self.chat.end_ids
        length = next((i for i, token in enumerate(row, 1) if token in ends), None)
        return Draw(tuple(row[:length]), length is not None)
