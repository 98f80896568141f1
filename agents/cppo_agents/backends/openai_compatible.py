"""Any OpenAI-compatible endpoint: hosted services, vLLM, SGLang, llama.cpp, Ollama, …."""

from __future__ import annotations

import json
import os
import re
import time
import warnings
import weakref
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from cppo_agents.backends import Failure, Reply, Request
from cppo_agents.backends.dialect import Dialect, parts_of, text_of, tokens_of
from cppo_agents.backends.endpoint_thoughts import begin
from cppo_env.errors import UsageError
from cppo_env.machine import check_side_by_side
from cppo_env.plugins import missing_extra

LONG = re.compile(r"context.{0,20}(length|window|size)|prompt is too long|too many tokens", re.I)
"""How servers say that a prompt is longer than the model's context."""

T = TypeVar("T")

PAUSE_S = 5.0
"""Seconds to wait for a rate limit of a server that does not say how long."""


class OpenAICompatible:
    """Sends requests concurrently; the `openai` package retries with exponential back-off."""

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        api_key_env: str = "OPENAI_API_KEY",
        concurrency: int = 16,
        timeout_s: float = 600.0,
        retries: int = 4,
        rate_limit_wait_s: float = 600.0,
        extra_body: Mapping[str, Any] | None = None,
    ):
        """Connects on the first request.

        Args:
            model: the model's name at the endpoint.
            base_url: the endpoint, such as `http://localhost:8000/v1`; None takes the package's
                default.
            api_key_env: environment variable that holds the key. A `base_url` may do without.
            concurrency: requests in flight at once.
            timeout_s: seconds that one try of one request may take.
            retries: further tries after a lost connection, a time-out, or status 408, 409, 429 or
                5xx.
            rate_limit_wait_s: seconds that one request may wait for a rate limit to pass, beyond
                those tries.
            extra_body: further fields of the request, such as `{"chat_template_kwargs":
                {"enable_thinking": false}}`.

        Raises:
            MissingExtraError: the package `openai` is not installed.
            UsageError: there is neither a key nor a `base_url`, or `concurrency` cannot be.
        """
        try:
            import openai
        except ModuleNotFoundError as error:
            raise missing_extra(error, "the chat agent") from error
        key = os.environ.get(api_key_env)
        if key is None and base_url is None:
            raise UsageError(
                f"chat agent: got neither a key nor an endpoint; set {api_key_env}, or base_url "
                "to a server of your own"
            )
        check_side_by_side("concurrency", concurrency, anywhere=1024)
        self.model = model
        self.concurrency = concurrency
        self.dialect = Dialect(dict(extra_body or {}))
        self._wait_s = rate_limit_wait_s
        self._openai: Any = openai
        self._client = openai.OpenAI(
            base_url=base_url, api_key=key or "none", timeout=timeout_s, max_retries=retries
        )
        self._answered = False
        weakref.finalize(self, self._client.close)

    def complete(self, requests: Sequence[Request]) -> list[Reply | Failure]:
        """One call of the endpoint for each request.

        Raises:
            UsageError: the endpoint refuses what it is asked, and has answered nothing so far: a
                wrong key, model or setting, which no further request would mend.
        """
        with ThreadPoolExecutor(self.concurrency) as pool:
            return list(pool.map(self._complete, requests))

    def _complete(self, request: Request) -> Reply | Failure:
        if not request.thoughts:
            said = self._ask(request)
            if not isinstance(said, _Said):
                return said
            return self._read(lambda: said.reply(text_of(said.message)))
        said = self._ask(replace(request, max_tokens=request.thoughts))
        if not isinstance(said, _Said):
            return said
        begun = self._read(lambda: begin(said.message, said.ended, said.usage))
        if isinstance(begun, Failure):
            return begun
        further = begun.further(request)
        rest = self._ask(further) if further and self.dialect.goes_on else None
        if isinstance(rest, Failure):
            return rest
        if not isinstance(rest, _Said):
            return begun.reply(request.max_tokens)
        # A server that sorts thoughts out may take all of the rest for thoughts.
        return self._read(
            lambda: begun.reply(
                request.max_tokens, "".join(parts_of(rest.message)), rest.tokens, rest.ended
            )
        )

    def _ask(self, request: Request) -> _Said | Reply | Failure:
        """What the endpoint says; a reply is an empty one, cut off."""
        where, errors = self._client.base_url, self._openai
        deadline = time.monotonic() + self._wait_s
        while True:
            asked = self.dialect.fields(request)
            messages: Any = request.messages  # theirs is a union of ten TypedDicts
            try:
                answer = self._client.chat.completions.create(
                    model=self.model, messages=messages, **asked
                )
            except errors.RateLimitError as error:
                if "insufficient_quota" in str(error):
                    return self._refused(error)
                pause_s = _retry_after_s(error.response.headers)
                if time.monotonic() + pause_s > deadline:
                    return Failure(f"{where}: {error}")
                time.sleep(pause_s)
            except errors.APIStatusError as error:
                if error.status_code >= 500 or error.status_code in (408, 409):
                    return Failure(f"{where}: {error}")
                if not self.dialect.adapt(asked, str(error)):
                    return self._refused(error)
                if messages[-1]["role"] == "assistant" and not self.dialect.goes_on:
                    return Reply("", truncated=True)
            except (errors.OpenAIError, json.JSONDecodeError, RecursionError) as error:
                return Failure(f"{where}: {error}")
            else:
                break
        return self._read(lambda: _said(answer))

    def _read(self, read: Callable[[], T]) -> T | Failure:
        """The package checks no schema: whatever JSON came is in the object's attributes."""
        try:
            found = read()
        except (AttributeError, TypeError, ValueError):
            return Failure(
                f"{self._client.base_url}: the answer holds no message; does it serve chat "
                "completions?"
            )
        self._answered = True
        return found

    def _refused(self, error: Exception) -> Reply | Failure:
        """What a refusal means that the same request would meet again."""
        if LONG.search(str(error)):
            warnings.warn(f"{self.model}: a prompt is too long for it: {error}", stacklevel=2)
            return Reply("", truncated=True)
        if self._answered:
            return Failure(f"{self._client.base_url}: {error}")
        raise UsageError(
            f"{self._client.base_url} refuses the requests, so none is repeated: {error}; check "
            "model, key and settings"
        ) from error


def _retry_after_s(headers: Mapping[str, str]) -> float:
    """Seconds that the server asks to wait."""
    for name, unit_s in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        try:
            return max(0.05, unit_s * float(headers[name]))
        except (KeyError, ValueError):
            continue
    return PAUSE_S


@dataclass(frozen=True, slots=True)
class _Said:
    """What came of one request."""

    message: Any
    ended: bool
    usage: Any

    @property
    def tokens(self) -> int:
        return tokens_of(self.usage)

    def reply(self, text: str) -> Reply:
        return Reply(text, truncated=not self.ended, tokens=self.tokens)


def _said(answer: Any) -> _Said:
    [choice, *_] = answer.choices
    return _Said(choice.message, choice.finish_reason != "length", answer.usage)
