"""What back ends share whose model is in this process: prompts, batches, thoughts and texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from cppo_agents.backends import Failure, Reply, Request
from cppo_agents.draws import seed_of

if TYPE_CHECKING:
    from cppo_agents.models.chat_format import ChatFormat
    from cppo_agents.models.check import ModelCheck
    from cppo_agents.models.lengths import Lengths
    from cppo_agents.models.thinking import Draw
    from cppo_env.prompts import Messages


class ByTokens:
    """A back end whose engine takes and gives token ids; a subclass says how it draws."""

    name: str
    chat: ChatFormat
    config: Any
    """The model's configuration."""

    def draw(
        self,
        prompts: Sequence[tuple[int, ...]],
        temperature: float,
        max_tokens: int,
        seeds: Sequence[int | None],
    ) -> list[Draw]:
        """One draw for each prompt; a prompt and its seed decide it, whatever else is there."""
        raise NotImplementedError

    @property
    def thinking_tokens(self) -> int:
        """Tokens that thinking adds beside the thoughts."""
        return self.chat.thinking_tokens

    def prompt_tokens(self, messages: Messages) -> int:
        """The length of a prompt."""
        return len(self.chat.encode(messages))

    def check(self, lengths: Lengths) -> ModelCheck:
        """What the model and its tokenizer are, and what of it cannot work."""
        from cppo_agents.models.check import check_model

        return check_model(self.name, self.config, self.chat, lengths)

    def complete(self, requests: Sequence[Request]) -> list[Reply | Failure]:
        """Requests of equal sampling settings go to the engine together."""
        answers: list[Reply | Failure] = []
        for (temperature, limit, budget), alike in groupby(
            requests, key=lambda one: (one.temperature, one.max_tokens, one.thoughts)
        ):
            group = list(alike)
            prompts = [self.chat.encode(one.messages, budget > 0) for one in group]
            if budget:
                drawn = self._with_thoughts(group, prompts)
            else:
                drawn = self.draw(prompts, temperature, limit, [one.seed for one in group])
            answers += self._read(drawn, budget > 0)
        return answers

    def _with_thoughts(
        self, group: Sequence[Request], prompts: Sequence[tuple[int, ...]]
    ) -> list[Draw]:
        from cppo_agents.models.thinking import think

        one = group[0]

        def draw(
            places: Sequence[int], asked: Sequence[tuple[int, ...]], most: int, second: bool
        ) -> Iterator[Mapping[int, Draw]]:
            seeds = [group[i].seed for i in places]
            if second:
                seeds = [None if seed is None else seed_of(seed, "answer") for seed in seeds]
            yield dict(enumerate(self.draw(asked, one.temperature, most, seeds)))

        drawn: dict[int, Draw] = {}
        for some in think(self.chat, prompts, one.thoughts, one.max_tokens, draw):
            drawn |= some
        return [drawn[i] for i in range(len(group))]

    def _read(self, drawn: Sequence[Draw], thinks: bool) -> list[Reply]:
        texts = self.chat.decode([one.token_ids for one in drawn], thinks)
        return [
            Reply(
                text,
                truncated=not one.ended,
                tokens=len(one.token_ids) - one.appended - one.ended,
                thoughts=one.thoughts,
                thoughts_cut=one.appended > 0,
            )
            for text, one in zip(texts, drawn, strict=True)
        ]
