"""What a chat template does, found out by rendering it: no list of templates could be complete."""

from __future__ import annotations

from typing import Any

from jinja2 import TemplateError

from cppo_env.errors import UsageError
from cppo_env.prompts import Messages

PLAIN = """\
{% for message in messages %}{% if message['role'] == 'assistant' %}### Answer
{{ message['content'] }}{{ eos_token }}
{% elif message['role'] == 'system' %}{{ message['content'] }}

{% else %}### Problem
{{ message['content'] }}

{% endif %}{% endfor %}{% if add_generation_prompt %}### Answer
{% endif %}"""
"""The template of a tokenizer that has none, as base models do (docs/models.md)."""

FAULTS = (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What rendering may raise: a template runs code of its own."""

SWITCHES = ("enable_thinking", "thinking")
"""Arguments by which templates switch thoughts on and off."""

SYSTEM, USER, ANSWER = "sys-7f3a", "user-7f3a", "answer-7f3a"
"""Texts that are looked for in what a template renders."""


class Templates:
    """Renders the chat template of a tokenizer on probes."""

    def __init__(self, tokenizer: Any) -> None:
        """Find out how it takes system texts.

        Raises:
            UsageError: it cannot render a question.
        """
        self._tokenizer = tokenizer
        self._question: Messages = [{"role": "user", "content": USER}]
        try:
            shown = USER in self._render(self._question)
            fault = "it leaves the question out"
        except FAULTS as error:
            shown, fault = False, " ".join(str(error).split())
        if not shown:
            raise UsageError(
                f"model: its chat template cannot render a question ({fault}); repair "
                "chat_template.jinja beside its tokenizer, or remove it to take the plain one"
            )

    def prompt(self, **arguments: Any) -> str:
        """A question up to the start of its answer."""
        return self._render(self._question, add_generation_prompt=True, **arguments)

    def folds_system(self) -> bool:
        """Whether system texts must go into the user's turn: it refuses or drops them."""
        try:
            text = self._render([{"role": "system", "content": SYSTEM}, *self._question])
        except FAULTS:
            return True
        return not (SYSTEM in text and USER in text)

    def after_answer(self) -> list[int]:
        """The ids that follow an answer; none where the template cannot render one."""
        answered = [*self._question, {"role": "assistant", "content": ANSWER}]
        try:
            text = self._render(answered)
        except FAULTS:
            return []
        rest = text.rpartition(ANSWER)[2].strip() if ANSWER in text else ""
        return list(self._tokenizer(rest, add_special_tokens=False)["input_ids"]) if rest else []

    def is_added(self, token: int) -> bool:
        """Whether a token is one that the tokenizer adds to its vocabulary of text."""
        added: dict[int, Any] = self._tokenizer.added_tokens_decoder
        return token in added or token in self._tokenizer.all_special_ids

    def _render(self, messages: Messages, **arguments: Any) -> str:
        return self._tokenizer.apply_chat_template(messages, tokenize=False, **arguments)


def adopt_plain_template(tokenizer: Any) -> bool:
    """Give a tokenizer without a chat template the plain one; whether it had none."""
    if tokenizer.chat_template:
        return False
    begins = tokenizer("x")["input_ids"][:1] == [tokenizer.bos_token_id]
    tokenizer.chat_template = ("{{ bos_token }}" if begins else "") + PLAIN
    return True


def folded(messages: Messages) -> Messages:
    """The messages with system texts put before the first text of the user."""
    system = [one["content"] for one in messages if one["role"] == "system"]
    rest = [one for one in messages if one["role"] != "system"]
    first = {**rest[0], "content": "\n\n".join([*system, rest[0]["content"]])}
    return [first, *rest[1:]]


def thinking_switch(templates: Templates) -> str | None:
    """The argument that changes what the template renders, if there is one."""
    for name in SWITCHES:
        if templates.prompt(**{name: True}) != templates.prompt(**{name: False}):
            return name
    return None


def turn_end(templates: Templates) -> int | None:
    """The added token that follows an answer at once."""
    after = templates.after_answer()
    return after[0] if after and templates.is_added(after[0]) else None
