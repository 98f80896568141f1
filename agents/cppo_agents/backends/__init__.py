"""Back ends: chat prompts → texts. One file per way to reach a model; heavy imports are lazy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from cppo_env.prompts import Messages
from cppo_env.replies import Reply

if TYPE_CHECKING:
    from cppo_agents.models.check import ModelCheck
    from cppo_agents.models.lengths import Lengths


RegionName = Literal["plan", "solve"]
"""What a request is for: planning, observations included, or a solution."""


@dataclass(frozen=True, slots=True)
class Request:
    """One prompt, and how to sample its answer."""

    messages: Messages
    temperature: float
    max_tokens: int
    seed: int | None = None
    """The same seed and prompt give the same text, as far as the back end can promise that."""
    methods: int = 0
    """Methods that the prompt asks for; 0 if it asks for no plan."""
    region: RegionName = "solve"
    thoughts: int = 0
    """The most tokens of thoughts before the answer; 0: the model is not asked to think."""


@dataclass(frozen=True, slots=True)
class Failure:
    """No answer for reasons outside the model: endpoint down, call refused, or time-out."""

    reason: str


class Backend(Protocol):
    """A model."""

    def complete(self, requests: Sequence[Request], /) -> list[Reply | Failure]:
        """One answer for each request, in order."""
        ...


@runtime_checkable
class KnowsModel(Protocol):
    """A back end that can look at its model: one whose weights are in reach."""

    @property
    def context(self) -> int | None:
        """Positions of the model; None: no end is stated."""
        ...

    @property
    def thinking_tokens(self) -> int:
        """Tokens that thinking adds beside the thoughts."""
        ...

    def prompt_tokens(self, messages: Messages, /) -> int:
        """The length of a prompt."""
        ...

    def check(self, lengths: Lengths, /) -> ModelCheck:
        """What the model and its tokenizer are, and what of it cannot work."""
        ...


__all__ = ["Backend", "Failure", "KnowsModel", "RegionName", "Reply", "Request"]
