"""Embeddings of methods by a local language model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cppo_env.plugins import missing_extra


class Embedder:
    """Mean last hidden states of a frozen model, of length 1.

    Args:
        model: folder or hub name of a transformers model.
        device: "auto" takes a GPU where there is one.
        batch_size: texts embedded side by side.

    Raises:
        MissingExtraError: torch or transformers is not installed.
        UsageError: the model cannot be loaded.
    """

    def __init__(self, model: str, device: str = "auto", batch_size: int = 32):
        try:
            import torch

            from cppo_agents.models.loading import load_encoder, load_tokenizer
        except ModuleNotFoundError as error:
            raise missing_extra(error, "the judge of embeddings") from error
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        self._torch: Any = torch
        self._tokenizer = load_tokenizer(model)
        self._model = load_encoder(model).to(device).eval()
        self._batch_size = batch_size

    def embed(self, texts: Sequence[str]) -> Any:
        """float32 (texts, width), each row of length 1; one text at a time gives the same."""
        torch = self._torch
        rows: list[Any] = []
        for start in range(0, len(texts), self._batch_size):
            part = [text or " " for text in texts[start : start + self._batch_size]]
            ids = [
                self._tokenizer(text.encode("utf-8", "replace").decode(), truncation=True)[
                    "input_ids"
                ]
                for text in part
            ]
            longest = max(map(len, ids))
            ids_BL = torch.tensor([one + [0] * (longest - len(one)) for one in ids])
            mask_BL = torch.tensor([[1] * len(one) + [0] * (longest - len(one)) for one in ids])
            ids_BL, mask_BL = ids_BL.to(self._model.device), mask_BL.to(self._model.device)
            with torch.inference_mode():
                hidden_BLD = self._model(ids_BL, attention_mask=mask_BL).last_hidden_state.float()
            mean_BD = (hidden_BLD * mask_BL[..., None]).sum(1) / mask_BL.sum(1, keepdim=True)
            rows.append(torch.nn.functional.normalize(mean_BD, dim=-1).cpu())
        return torch.cat(rows)

    def most_alike(self, tuples: Sequence[tuple[str, ...]]) -> list[tuple[float, int, int]]:
        """For each tuple: the largest cosine of two of its methods, and their places from 0."""
        texts = list(dict.fromkeys(method for methods in tuples for method in methods))
        if not texts:
            return [(0.0, 0, 0)] * len(tuples)
        embedded = dict(zip(texts, self.embed(texts), strict=True))
        found: list[tuple[float, int, int]] = []
        for methods in tuples:
            pairs = [
                (round(float(embedded[methods[i]] @ embedded[methods[j]]), 4), i, j)
                for j in range(len(methods))
                for i in range(j)
            ]
            found.append(max(pairs, default=(0.0, 0, 0)))
        return found
