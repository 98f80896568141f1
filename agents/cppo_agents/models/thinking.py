"""Thoughts with a budget of their own: the one rule for the learner's samplers and the agents.

The prompt opens the thoughts. A first draw may take as many tokens as their budget. What stands
behind the closing tag is the answer, which has a limit of its own. Thoughts that use up the budget
are ended for the model: the closing tag is appended, and the answer is drawn behind it. Appended
tokens are not sampled: they have no log-prob, and nothing is learnt from them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from cppo_env.parsing import end_of_thoughts

Ids = tuple[int, ...]


class ThinkingChat(Protocol):
    """What the rule needs of a chat format."""

    @property
    def closing(self) -> Ids:
        """Ends thoughts that have used up their budget."""
        ...

    def decode(self, sequences: Iterable[Sequence[int]], think: bool = False, /) -> list[str]:
        """The texts of sampled answers."""
        ...


@dataclass(frozen=True, slots=True)
class Draw:
    """What an engine drew behind a prompt."""

    token_ids: Ids
    """With the token that ended it, if one did."""
    ended: bool
    """False: it was cut at the limit of tokens."""
    log_probs: tuple[float, ...] = ()
    """One for each token, where the engine gives them."""
    thoughts: int = 0
    """Tokens of thoughts, with which it begins."""
    appended: int = 0
    """Tokens behind the thoughts that were not sampled, since the budget was used up."""

    def within(self, most: int) -> Draw:
        """The same, cut to that many tokens if it is longer."""
        if len(self.token_ids) <= most:
            return self
        return replace(
            self,
            token_ids=self.token_ids[:most],
            log_probs=self.log_probs[:most],
            ended=False,
        )


Engine = Callable[[Sequence[int], Sequence[Ids], int, bool], Iterable[Mapping[int, Draw]]]
"""Draws behind some prompts: given are their places in the batch, the prompts, the most tokens, and
whether this is the second draw there, which needs random numbers of its own. Yields what it has
drawn, by the number of the prompt."""


def think(
    chat: ThinkingChat, prompts: Sequence[Ids], budget: int, limit: int, draw: Engine
) -> Iterator[dict[int, Draw]]:
    """Draw thoughts and an answer behind each prompt, which has opened the thoughts.

    Args:
        chat: the model's chat format.
        prompts: in thinking mode.
        budget: the most tokens of thoughts.
        limit: the most tokens of an answer.
        draw: the engine.
    """
    begun: dict[int, Draw] = {}
    for some in draw(range(len(prompts)), prompts, budget, False):
        finished: dict[int, Draw] = {}
        for i, one in some.items():
            first = _first(chat, one)
            whole = first.within(first.thoughts + first.appended + limit)
            done = first.ended or _room(first, limit) <= 0
            (finished if done else begun)[i] = whole
        if finished:
            yield finished
    places = sorted(begun)
    if not places:
        return
    longer = [(*prompts[i], *begun[i].token_ids) for i in places]
    for some in draw(places, longer, limit, True):
        yield {
            places[n]: _joined(begun[places[n]], rest.within(_room(begun[places[n]], limit)))
            for n, rest in some.items()
        }


def _first(chat: ThinkingChat, one: Draw) -> Draw:
    """The first draw with its thoughts counted; ended for the model where the budget was too small.

    A model that ends its turn within its thoughts has given no answer.
    """
    [text] = chat.decode([one.token_ids], True)
    end, count = end_of_thoughts(text), len(one.token_ids)
    if end is not None:
        return replace(
            one,
            thoughts=bisect_left(
                range(count), end, key=lambda n: len(chat.decode([one.token_ids[:n]], True)[0])
            ),
        )
    if one.ended:
        return replace(one, thoughts=count)
    return Draw(
        (*one.token_ids, *chat.closing),
        False,
        (*one.log_probs, *(0.0 for _ in chat.closing if one.log_probs)),
        thoughts=count,
        appended=len(chat.closing),
    )


def _room(begun: Draw, limit: int) -> int:
    """Tokens that the answer may still have."""
    return limit - (len(begun.token_ids) - begun.thoughts - begun.appended)


def _joined(begun: Draw, rest: Draw) -> Draw:
    return replace(
        begun,
        token_ids=begun.token_ids + rest.token_ids,
        log_probs=begun.log_probs + rest.log_probs,
        ended=rest.ended,
    )
