"""What a server accepts of a request before it trusts it: the token, the size, the pace."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S = 15.0
"""How long the head of a request may take, from the connection or the end of the last one on."""
BODY_S = 120.0
"""How long a body may take."""


class Refused(Exception):
    """A request that is answered with an error, in one line."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None):
        super().__init__(message)
        self.status, self.headers = status, dict(headers or {})


def refusal(request: Request, error: Exception) -> Response:
    """The answer to a request that is refused; the connection ends, whatever else was sent."""
    assert isinstance(error, Refused)
    headers = error.headers | {"Connection": "close"}
    return JSONResponse({"error": str(error)}, error.status, headers)


def guarded(
    token: str, endpoint: Callable[[Request], Awaitable[Response]]
) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint for those who know the token; others are refused before their body is read."""
    expected = token.encode()

    async def checked(request: Request) -> Response:
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        known = hmac.compare_digest(given.strip().encode("utf-8", "replace"), expected)
        if kind.lower() != "bearer" or not known:
            raise Refused(
                401,
                "the token is missing or wrong; send Authorization: Bearer TOKEN",
                {"WWW-Authenticate": "Bearer"},
            )
        return await endpoint(request)

    return checked


async def parts_of(request: Request, most: int) -> AsyncIterator[bytes]:
    """The body of a request, as it arrives.

    Raises:
        Refused: it is longer than `most` bytes, or takes too long.
    """
    told = request.headers.get("content-length", "0")
    if told.isdecimal() and int(told) > most:
        raise Refused(413, f"the body has {told} bytes, expected at most {most}")
    end = asyncio.get_running_loop().time() + BODY_S
    size = 0
    try:
        stream = request.stream()
        while True:
            async with asyncio.timeout_at(end):
                part = await anext(stream)
            size += len(part)
            if size > most:
                raise Refused(413, f"the body has more than {most} bytes")
            yield part
    except StopAsyncIteration:
        return
    except TimeoutError:
        raise Refused(408, f"the body took more than {BODY_S:g} s") from None
    except ClientDisconnect:
        raise Refused(400, "the body ended before its time") from None


async def body_of(request: Request, most: int) -> bytes:
    """The body of a request; see `parts_of`."""
    return b"".join([part async for part in parts_of(request, most)])


def json_of(body: bytes) -> Any:
    """The value of a body. Raises Refused if it is not JSON."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused(400, f"the body is not JSON: {error}") from None


class Impatient(H11Protocol):
    """Ends connections whose request does not arrive: uvicorn would keep them for ever."""

    _deadline: asyncio.TimerHandle | None = None
    _served: object = None
    """The request that was last begun."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Expect a request."""
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        """The head of a request is there once uvicorn begins to answer it."""
        super().data_received(data)
        if self.cycle is not self._served:
            self._served = self.cycle
            self._relax()

    def on_response_complete(self) -> None:
        """Expect the next request."""
        super().on_response_complete()
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing."""
        self._relax()
        super().connection_lost(exc)

    def _expect(self) -> None:
        self._relax()
        self._deadline = self.loop.call_later(HEAD_S, self.transport.abort)

    def _relax(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
