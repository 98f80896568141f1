"""Back ends: chat prompts → texts. One file per way to reach a model; heavy imports are lazy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cppo_env.prompts import Messages
from cppo_env.replies import Reply


@dataclass(frozen=True, slots=True)
class Request:
    """One prompt, and how to sample its answer."""

    messages: Messages
    temperature: float
    max_tokens: int
    seed: int | None = None
    """The same seed and prompt give the same text, as far as the back end can promise that."""


@dataclass(frozen=True, slots=True)
class Failure:
    """No answer for reasons outside the model: endpoint down, call refused, or time-out."""

    reason: str


class Backend(Protocol):
    """A model."""

    def complete(self, requests: Sequence[Request], /) -> list[Reply | Failure]:
        """One answer for each request, in order."""
        ...


__all__ = ["Backend", "Failure", "Reply", "Request"]
