"""What an OpenAI-compatible server takes and gives: asked for all, and what it refuses goes."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, cast

from cppo_agents.backends import Request

EXTENSIONS: Mapping[str, Any] = {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}
"""Sampling from the whole distribution, in the words of vLLM and SGLang. A server that is not told
takes these from the model's generation config, silently."""

SWITCH = "chat_template_kwargs"
"""The field for arguments of the chat template."""

GOING_ON: Mapping[str, Any] = {"add_generation_prompt": False, "continue_final_message": True}
"""Asks a server to go on with the last message of the model."""

UNKNOWN = ("unrecognized", "unknown", "unsupported", "not supported", "not permitted", "extra")
"""How servers say that they do not take a field."""


class Dialect:
    """The fields of a request, as far as this server takes them. Shared by threads."""

    def __init__(self, extra: Mapping[str, Any]):
        """`extra` are the user's fields; they are sent as they are."""
        self._extra = dict(extra)
        self._limit = "max_tokens"
        self._extensions = True
        self._seed = True
        self._switch = True
        self.goes_on = True
        """Whether it goes on with an answer that has begun."""
        self._lock = threading.Lock()

    def fields(self, request: Request) -> dict[str, Any]:
        """Everything beside model and messages."""
        extra: dict[str, Any] = (dict(EXTENSIONS) if self._extensions else {}) | self._extra
        if request.thoughts and self._switch:
            kwargs: Mapping[str, Any] = self._extra.get(SWITCH, {})
            extra[SWITCH] = {"enable_thinking": True, **kwargs}
        if any(one["role"] == "assistant" for one in request.messages[-1:]):
            extra |= GOING_ON
        fields: dict[str, Any] = {
            "temperature": request.temperature,
            "top_p": 1.0,
            self._limit: request.max_tokens,
            "extra_body": extra,
        }
        if request.seed is not None and self._seed:
            fields["seed"] = request.seed
        return fields

    def adapt(self, asked: Mapping[str, Any], refusal: str) -> bool:
        """Ask for less from now on; False if the refusal is about something else.

        Args:
            asked: the fields of the refused request.
            refusal: what the server said.
        """
        said = refusal.lower()
        with self._lock:
            if "max_completion_tokens" in said and "max_tokens" in asked:
                self._limit = "max_completion_tokens"
                return True
            if not any(word in said for word in UNKNOWN):
                return False
            own = [name for name in EXTENSIONS if name not in self._extra and name in said]
            if own and "top_k" in asked["extra_body"]:
                self._extensions = False
                return True
            if SWITCH in asked["extra_body"] and SWITCH in said and SWITCH not in self._extra:
                if self._switch:
                    warnings.warn(
                        "the endpoint takes no thinking switch: whether its model thinks is up to "
                        "it",
                        stacklevel=2,
                    )
                self._switch = False
                return True
            if any(name in asked["extra_body"] and name in said for name in GOING_ON):
                if self.goes_on:
                    warnings.warn(
                        "the endpoint does not go on with an answer that has begun: answers whose "
                        "thoughts use up their budget count as cut off",
                        stacklevel=2,
                    )
                self.goes_on = False
                return True
            if "seed" in asked and "seed" in said:
                if self._seed:
                    warnings.warn(
                        "the endpoint takes no seed: draws cannot be repeated", stacklevel=2
                    )
                self._seed = False
                return True
        return False


def text_of(message: Any) -> str:
    """The text of an answer, with thoughts that came in a field of their own before it.

    Raises:
        TypeError, AttributeError: the message has another schema.
    """
    thoughts, text = parts_of(message)
    return in_tags(thoughts) + text if thoughts else text


def parts_of(message: Any) -> tuple[str, str]:
    """The thoughts that came in a field of their own, and the text.

    Raises:
        TypeError, AttributeError: the message has another schema.
    """
    content = message.content
    thoughts = getattr(message, "reasoning_content", None) or getattr(message, "reasoning", None)
    if isinstance(content, Sequence) and not isinstance(content, str):
        parts = cast(Sequence[Any], content)
        text = "".join(str(one["text"]) for one in parts if one.get("type") == "text")
    elif isinstance(content, str | None):
        text = content or ""
    else:
        raise TypeError(f"content: got {type(content).__name__}")
    return (thoughts if isinstance(thoughts, str) and thoughts.strip() else ""), text


def tokens_of(usage: Any) -> int:
    """The tokens that an endpoint says to have generated; 0 where it states no such number."""
    return count(getattr(usage, "completion_tokens", None))


def count(stated: object) -> int:
    """A number of tokens; 0 for what is none."""
    return stated if isinstance(stated, int) and stated > 0 else 0


def in_tags(thoughts: str) -> str:
    """Thoughts as a model with tags writes them."""
    return f"<think>\n{thoughts.replace('</think>', '')}\n</think>\n\n"
