"""Any OpenAI-compatible endpoint: hosted services, vLLM, SGLang, llama.cpp, Ollama, …."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from cppo_agents.backends import Failure, Reply, Request
from cppo_env.errors import UsageError
from cppo_env.plugins import missing_extra


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
            extra_body: further fields of the request, such as `{"chat_template_kwargs":
                {"enable_thinking": false}}`.

        Raises:
            MissingExtraError: the package `openai` is not installed.
            UsageError: there is neither a key nor a `base_url`.
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
        self.model = model
        self.concurrency = concurrency
        self.extra_body = dict(extra_body or {})
        self._error: type[Exception] = openai.OpenAIError
        self._client = openai.OpenAI(
            base_url=base_url, api_key=key or "none", timeout=timeout_s, max_retries=retries
        )

    def complete(self, requests: Sequence[Request]) -> list[Reply | Failure]:
        """One call of the endpoint for each request."""
        with ThreadPoolExecutor(self.concurrency) as pool:
            return list(pool.map(self._complete, requests))

    def _complete(self, request: Request) -> Reply | Failure:
        seed: dict[str, Any] = {} if request.seed is None else {"seed": request.seed}
        messages: Any = request.messages  # theirs is a union of ten TypedDicts
        try:
            answer = self._client.chat.completions.create(
                model=self.model,
                messages=messages,
                temperature=request.temperature,
                max_tokens=request.max_tokens,
                extra_body=self.extra_body,
                **seed,
            )
        except (self._error, json.JSONDecodeError) as error:
            return Failure(f"{self._client.base_url}: {error}")
        # The package checks no schema: whatever JSON came is in the object's attributes.
        try:
            [choice, *_] = answer.choices
            text = choice.message.content or ""
        except (AttributeError, TypeError, ValueError):
            return Failure(
                f"{self._client.base_url}: the answer holds no message; does it serve chat "
                "completions?"
            )
        return Reply(
            text,
            truncated=choice.finish_reason == "length",
            tokens=answer.usage.completion_tokens if answer.usage else 0,
        )
