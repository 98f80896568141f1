"""`llm`: a model behind any OpenAI-compatible endpoint answers the rubric.

A failed endpoint, an answer that is no verdict after all tries, and a spent budget void the case;
none of them is ever a 0.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cppo_agents.backends import Failure, Reply, Request
from cppo_agents.backends.openai_compatible import OpenAICompatible
from cppo_agents.judges.rubric import FAIL, PASS, load_template, rubric_messages
from cppo_env.atomic import write_atomically
from cppo_env.errors import UsageError
from cppo_env.parsing import without_thoughts
from cppo_env.prompts import Messages
from cppo_env.types import Problem, Ruling

logger = logging.getLogger(__name__)

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "reason": {"type": "string", "description": "one sentence"},
        "verdict": {"type": "string", "enum": [PASS, FAIL]},
    },
    "required": ["reason", "verdict"],
    "additionalProperties": False,
}
"""The answer that is asked for; the reason comes first, so the verdict follows from it."""

STRUCTURED: Mapping[str, Any] = {
    "response_format": {
        "type": "json_schema",
        "json_schema": {"name": "verdict", "strict": True, "schema": SCHEMA},
    }
}

_FORM = 'Answer with JSON only: {"reason": "one sentence", "verdict": "Pass"} or "Fail".'
_OBJECT = re.compile(r"\{[^{}]*\}")
_ALONE = re.compile(r"[\W_]*(pass|fail)[\W_]*", re.I)


class LlmJudge:
    """Asks a model of an endpoint whether a plan passes.

    Args:
        model: the model's name at the endpoint.
        base_url: the endpoint, such as http://localhost:8000/v1. Default: the `openai` package's.
        api_key_env: environment variable that holds the key.
        rubric: file of another rubric (`rubric.md` shows its fields).
        structured: ask for JSON by schema; false for a server that knows no `response_format`.
        tries: how often to ask until the answer is a verdict.
        retries: further tries of a request that failed.
        cache: folder that remembers verdicts, by model, settings and question. Default: none.
        budget: requests that this judge may send; what it would ask beyond is void.
        temperature: of the answers.
        max_tokens: of an answer.
        concurrency: requests in flight at once.
        timeout_s: seconds that one try may take.
        extra_body: further fields of a request.

    Raises:
        MissingExtraError: the package `openai` is not installed.
        UsageError: there is neither a key nor a `base_url`, or a number is out of range.
    """

    def __init__(
        self,
        model: str,
        base_url: str | None = None,
        api_key_env: str = "OPENAI_API_KEY",
        rubric: str | None = None,
        structured: bool = True,
        tries: int = 3,
        retries: int = 4,
        cache: str | None = None,
        budget: int | None = None,
        temperature: float = 0.0,
        max_tokens: int = 512,
        concurrency: int = 16,
        timeout_s: float = 120.0,
        extra_body: dict[str, Any] | None = None,
    ):
        if tries < 1 or (budget is not None and budget < 0):
            raise UsageError(f"tries, budget: got {tries} and {budget}, expected 1 and 0 or more")
        self._template = load_template(rubric)
        asked = {**(STRUCTURED if structured else {}), **(extra_body or {})}
        self._backend = OpenAICompatible(
            model,
            base_url=base_url,
            api_key_env=api_key_env,
            concurrency=concurrency,
            timeout_s=timeout_s,
            retries=retries,
            extra_body=asked,
        )
        self._settings = {"model": model, "temperature": temperature, "asked": asked}
        self._tries, self._budget = tries, budget
        self._temperature, self._max_tokens = temperature, max_tokens
        self._cache = None if cache is None else Path(cache)
        if self._cache is not None:
            self._cache.mkdir(parents=True, exist_ok=True)
        self.requests = self.tokens = self.remembered = 0
        """What it has cost: requests sent, tokens of their answers; and cases it knew already."""
        self._warned = False

    def rule(self, cases: Sequence[tuple[Problem, tuple[str, ...]]]) -> list[Ruling]:
        """Rule on each case; equal cases of a batch are asked once."""
        questions = [self._question(*case) for case in cases]
        keys = [self._key(question) for question in questions]
        known = {key: ruling for key in set(keys) if (ruling := self._recall(key)) is not None}
        self.remembered += sum(key in known for key in keys)
        pending = {key: q for key, q in zip(keys, questions, strict=True) if key not in known}
        for attempt in range(self._tries):
            if not pending:
                break
            answers = self._ask(list(pending.values()), attempt)
            for key, answer in zip(list(pending), answers, strict=True):
                if isinstance(answer, Failure):
                    known[key] = _void(answer.reason)
                elif (ruling := read_verdict(answer.text)) is not None:
                    known[key] = ruling
                    self._remember(key, ruling)
                elif attempt == self._tries - 1:
                    said = " ".join(answer.text.split())[:80]
                    known[key] = _void(f"{self._tries} answers without a verdict, such as {said!r}")
                if key in known:
                    del pending[key]
        return [known[key] for key in keys]

    def _ask(self, questions: list[Messages], attempt: int) -> list[Reply | Failure]:
        room = len(questions)
        if self._budget is not None:
            room = min(room, max(0, self._budget - self.requests))
        self.requests += room
        requests = [
            Request(one, self._temperature, self._max_tokens, seed=attempt)
            for one in questions[:room]
        ]
        answers = self._backend.complete(requests) if requests else []
        self.tokens += sum(one.tokens for one in answers if isinstance(one, Reply))
        if room < len(questions):
            spent = f"the judge's budget of {self._budget} requests is spent"
            if not self._warned:
                logger.warning("%s; what is not in its cache is void", spent)
                self._warned = True
            answers += [Failure(spent)] * (len(questions) - room)
        return answers

    def _question(self, problem: Problem, methods: tuple[str, ...]) -> Messages:
        messages = rubric_messages(problem, methods, self._template)
        last = messages[-1]
        return [*messages[:-1], {**last, "content": f"{last['content']}\n{_FORM}"}]

    def _key(self, question: Messages) -> str:
        text = json.dumps([self._settings, question], sort_keys=True, default=str)
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()

    def _recall(self, key: str) -> Ruling | None:
        """A stored verdict; a damaged one is asked for again."""
        if self._cache is None or not (file := self._cache / f"{key}.json").is_file():
            return None
        try:
            return read_verdict(file.read_text("utf-8"))
        except (OSError, UnicodeDecodeError):
            return None

    def _remember(self, key: str, ruling: Ruling) -> None:
        if self._cache is not None:
            verdict = {"reason": ruling.reason, "verdict": PASS if ruling.accepted else FAIL}
            write_atomically(self._cache / f"{key}.json", json.dumps(verdict) + "\n")


def read_verdict(text: str) -> Ruling | None:
    """The ruling that an answer states: its last JSON object with a verdict, or the word alone."""
    answer = without_thoughts(text).strip()
    for found in reversed(_OBJECT.findall(answer)):
        try:
            stated = json.loads(found)
        except (ValueError, RecursionError):
            continue
        if isinstance(stated, dict) and stated.get("verdict") in (PASS, FAIL):
            return _ruling(stated["verdict"], str(stated.get("reason", "")))
    if alone := _ALONE.fullmatch(answer):
        return _ruling(alone[1].capitalize(), "")
    return None


def _ruling(verdict: str, reason: str) -> Ruling:
    if verdict == PASS:
        return Ruling(accepted=True, score=1.0)
    return Ruling(False, 0.0, " ".join(reason.split()) or "the model says Fail")


def _void(reason: str) -> Ruling:
    return Ruling(False, 0.0, reason, void=True)
