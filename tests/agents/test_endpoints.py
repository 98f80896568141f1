"""Endpoints that take and give other things than most, as real servers on sockets."""

import json

import pytest
from cppo_agents.backends import Failure, Request
from cppo_agents.backends.openai_compatible import OpenAICompatible

from cppo_env.errors import UsageError
from tests.support.chat_server import Reply, chat_server

ASKED = Request([{"role": "user", "content": "Add."}], temperature=0.9, max_tokens=64, seed=1)


def refusal(message: str, status: int = 400) -> Reply:
    return Reply(status=status, body=json.dumps({"error": {"message": message}}))


def strict(request: dict) -> Reply:
    """Takes only what the newest hosted models take."""
    if "max_tokens" in request:
        return refusal(
            "Unsupported parameter: 'max_tokens' is not supported with this model. "
            "Use 'max_completion_tokens' instead."
        )
    for name in ("top_k", "min_p", "repetition_penalty"):
        if name in request:
            return refusal(f"Unrecognized request argument supplied: {name}")
    return Reply("A: x")


def test_a_strict_server_is_asked_in_its_own_words_from_then_on() -> None:
    with chat_server(strict) as server:
        backend = OpenAICompatible("m", base_url=server.url, retries=0)
        assert [one.text for one in backend.complete([ASKED] * 8)] == ["A: x"] * 8
        met = len(server.requests)
        backend.complete([ASKED])
    assert len(server.requests) == met + 1
    last = server.requests[-1]
    assert (last["max_completion_tokens"], last["top_p"], last["seed"]) == (64, 1.0, 1)
    assert "max_tokens" not in last


def test_the_whole_distribution_is_asked_for() -> None:
    with chat_server(lambda request: Reply("A: x")) as server:
        OpenAICompatible("m", base_url=server.url, extra_body={"min_p": 0.1}).complete([ASKED])
    [sent] = server.requests
    assert (sent["top_p"], sent["top_k"], sent["repetition_penalty"]) == (1.0, -1, 1.0)
    assert sent["min_p"] == 0.1  # the user's word counts


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"content": [{"type": "text", "text": "A: "}, {"type": "text", "text": "x"}]}, "A: x"),
        ({"content": "A: x", "reasoning_content": "hm"}, "<think>\nhm\n</think>\n\nA: x"),
        ({"content": None, "reasoning": "hm"}, "<think>\nhm\n</think>\n\n"),
    ],
    ids=["parts", "reasoning_content", "reasoning alone"],
)
def test_answers_of_other_shapes_are_read(message: dict, text: str) -> None:
    body = json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]})
    with chat_server(lambda request: Reply(body=body)) as server:
        [reply] = OpenAICompatible("m", base_url=server.url).complete([ASKED])
    assert (reply.text, reply.truncated) == (text, False)


@pytest.mark.parametrize("stated", ["null", '"7"', "-7", "NaN", "1e999", "[7]"])
def test_what_is_no_number_of_tokens_is_not_counted(stated: str) -> None:
    message = json.dumps([{"message": {"content": "A: x"}, "finish_reason": "stop"}])
    body = f'{{"choices": {message}, "usage": {{"completion_tokens": {stated}}}}}'
    with chat_server(lambda request: Reply(body=body)) as server:
        [reply] = OpenAICompatible("m", base_url=server.url).complete([ASKED])
    assert (reply.text, reply.tokens) == ("A: x", 0)


def test_a_rate_limit_is_waited_for_beyond_the_tries() -> None:
    replies = iter([Reply(status=429), Reply(status=429), Reply(status=429), Reply("A: x")])
    with chat_server(lambda request: next(replies)) as server:
        backend = OpenAICompatible("m", base_url=server.url, retries=0)
        assert backend.complete([ASKED])[0].text == "A: x"
    assert len(server.requests) == 4


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_refusal_that_will_never_change_ends_it_at_once(status: int) -> None:
    with chat_server(lambda request: refusal("no such model: m", status)) as server:
        backend = OpenAICompatible("m", base_url=server.url)
        with pytest.raises(UsageError, match="refuses the requests, so none is repeated"):
            backend.complete([ASKED])
    assert len(server.requests) == 1


def test_a_refusal_of_one_prompt_among_others_is_its_own() -> None:
    replies = iter([Reply("A: x"), refusal("odd"), refusal("maximum context length is 9 tokens")])
    with chat_server(lambda request: next(replies)) as server:
        backend = OpenAICompatible("m", base_url=server.url)
        backend.complete([ASKED])
        assert isinstance(backend.complete([ASKED])[0], Failure)
        with pytest.warns(UserWarning, match="a prompt is too long"):
            [reply] = backend.complete([ASKED])
    assert (reply.text, reply.truncated) == ("", True)
