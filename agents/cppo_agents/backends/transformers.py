"""A Hugging Face causal language model in this process.

Simple and exact; for throughput use the vLLM back end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from cppo_agents.backends import Failure, Reply, Request
from cppo_env.plugins import missing_extra


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
            tokenizer: a loaded tokenizer with a chat template; None loads the one that lies with
                the model.
            device: "auto" takes a GPU where there is one, else "cpu", "cuda", ….
            batch_size: sequences generated side by side.
            dtype: weights' type for `from_pretrained`.

        Raises:
            MissingExtraError: torch or transformers is not installed.
        """
        try:
            import torch
            from transformers import AutoModelForCausalLM, AutoTokenizer
        except ModuleNotFoundError as error:
            raise missing_extra(error, "the transformers agent") from error
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        self._torch = torch
        self.batch_size = batch_size
        self.tokenizer = (
            tokenizer if tokenizer is not None else AutoTokenizer.from_pretrained(model)
        )
        loaded: Any = (
            AutoModelForCausalLM.from_pretrained(model, dtype=dtype)
            if isinstance(model, str)
            else model
        )
        self.model = loaded.to(device).eval()
        if self.tokenizer.pad_token_id is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token

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
        encoded = self.tokenizer.apply_chat_template(
            [request.messages for request in requests],
            add_generation_prompt=True,
            enable_thinking=False,
            return_dict=True,
        )
        # Padded here, since the template call ignores a `padding_side` of its own.
        prompts = self.tokenizer.pad(encoded, padding_side="left", return_tensors="pt").to(
            self.model.device
        )
        with torch.inference_mode():
            tokens = self.model.generate(
                **prompts,
                do_sample=False,
                logits_processor=[self._draw(requests)] if first.temperature > 0 else None,
                max_new_tokens=first.max_tokens,
                pad_token_id=self.tokenizer.pad_token_id,
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

    def _read(self, row: list[int]) -> Reply:
        ends = {self.tokenizer.eos_token_id, *_as_list(self.model.generation_config.eos_token_id)}
        length = next((i for i, token in enumerate(row) if token in ends), None)
        kept = row if length is None else row[:length]
        text = self.tokenizer.decode(kept, skip_special_tokens=True)
        return Reply(text, truncated=length is None, tokens=len(kept))


def _as_list(value: int | list[int] | None) -> list[int]:
    return [] if value is None else value if isinstance(value, list) else [value]
