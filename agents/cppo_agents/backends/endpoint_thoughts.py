"""Thoughts with a budget, behind an endpoint: texts in place of tokens, the rule stays.

The first request may take as many tokens as the budget. Thoughts that use it up are ended by their
tag, and a second request goes on from there: the text so far is the beginning of the model's turn,
`continue_final_message` in the words of vLLM and SGLang. Who counts no tokens of thoughts has them
counted by their share of the characters.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from cppo_agents.backends import Reply, Request
from cppo_agents.backends.dialect import count, in_tags, parts_of, tokens_of
from cppo_agents.draws import seed_of
from cppo_env.parsing import closing_tag, end_of_thoughts, thought_tag


@dataclass(frozen=True, slots=True)
class Begun:
    """The first part of an answer."""

    text: str
    """Begins with the thoughts in their tags."""
    tokens: int
    thoughts: int
    """Tokens of the thoughts."""
    cut: bool
    """The thoughts used up their budget."""
    ended: bool
    """The model ended its turn."""

    def further(self, request: Request) -> Request | None:
        """The request for the rest of the answer; None: it is whole, or has reached its limit."""
        room = request.max_tokens - (self.tokens - self.thoughts)
        if self.ended or room <= 0:
            return None
        return replace(
            request,
            messages=[*request.messages, {"role": "assistant", "content": self.text}],
            max_tokens=room,
            seed=None if request.seed is None else seed_of(request.seed, "answer"),
        )

    def reply(self, limit: int, rest: str = "", tokens: int = 0, ended: bool = False) -> Reply:
        """The whole answer, with its rest where there is one."""
        answer = self.tokens - self.thoughts + tokens
        return Reply(
            self.text + rest,
            truncated=not (self.ended or ended) or answer > limit,
            tokens=self.tokens + tokens,
            thoughts=self.thoughts,
            thoughts_cut=self.cut,
        )


def begin(message: Any, ended: bool, usage: Any) -> Begun:
    """What the first request brought."""
    apart, text = parts_of(message)
    tokens = tokens_of(usage)
    tag = thought_tag(text)
    opened = bool(tag) and text.lstrip().startswith(tag)
    if apart:
        whole, answer, cut = in_tags(apart) + text, text, not (ended or text.strip())
    elif (end := end_of_thoughts(text)) is not None:
        whole, answer, cut = text if opened else f"<think>\n{text}", text[end:], False
    elif ended:
        whole, answer, cut = text, "" if opened else text, False
    else:
        whole = f"{'' if opened else '<think>' + chr(10)}{text}\n{closing_tag(tag)}\n\n"
        answer, cut = "", True
    told = getattr(getattr(usage, "completion_tokens_details", None), "reasoning_tokens", None)
    thoughts = tokens - round(tokens * len(answer) / max(len(whole), 1))
    return Begun(whole, tokens, tokens if cut else count(told) or thoughts, cut, ended)
