"""The judge server: a sandbox for other processes and machines, over HTTP.

It grades: clients send programs, and reports come back. Expected outputs lie in this process and
its folder, and reach no worker that runs programs.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from cppo_cluster.asking import Refused, body_of, guarded, json_of, parts_of, refusal
from cppo_cluster.ledger import Full, Ledger, Listener
from cppo_cluster.shelf import NoRoom, Shelf, UnknownProblem
from cppo_cluster.wire import decode_job
from cppo_env.errors import ProblemDataError, UsageError
from cppo_env.provenance import versions
from cppo_env.types import Job, Problem

REQUEST_BYTES = 32 << 20
"""Size of the jobs of one request."""
PROBLEM_BYTES = 512 << 20
"""Size of one problem, its tests compressed."""
ALIVE_S = 5.0
"""A stream says that often that it is alive."""
WRITE_S = 60.0
"""How long a client may read nothing before its stream ends."""
RETRY_S = 1
"""When clients should come back who found no room."""
READERS = 2
"""Problems that are read at the same time."""


@dataclass(frozen=True)
class Service:
    """What the endpoints work on."""

    ledger: Ledger
    shelf: Shelf
    facts: dict[str, str]


def make_app(service: Service, token: str) -> Starlette:
    """The application."""
    judge = _Judge(service)
    routes = [
        Route("/health", _health),
        Route("/docs", _page),
        Route("/openapi.json", _openapi),
        Route("/v1/status", guarded(token, judge.status)),
        Route("/v1/problems/{name}", guarded(token, judge.put), methods=["PUT"]),
        Route("/v1/run", guarded(token, judge.run), methods=["POST"]),
    ]
    return Starlette(routes=routes, exception_handlers={Refused: refusal})


class _Judge:
    """The endpoints behind the token."""

    def __init__(self, service: Service) -> None:
        self._ledger, self._shelf, self._facts = service.ledger, service.shelf, service.facts
        self._reading = asyncio.Semaphore(READERS)

    async def status(self, request: Request) -> Response:
        """What runs here, and how much of it."""
        return JSONResponse(
            {
                "sandbox": self._facts,
                "versions": versions(),
                "open": self._ledger.open,
                "judged": self._ledger.judged,
                "resent": self._ledger.resent,
                "stored_problems": self._shelf.stored,
            }
        )

    async def put(self, request: Request) -> Response:
        """Take in a problem."""
        name = request.path_params["name"]
        try:
            with self._shelf.incoming() as file:
                async for part in parts_of(request, PROBLEM_BYTES):
                    file.write(part)
                file.flush()
                async with self._reading:
                    await asyncio.to_thread(self._shelf.take, name, Path(file.name))
        except ProblemDataError as error:
            raise Refused(422, str(error)) from None
        except NoRoom as error:
            raise Refused(507, str(error), {"Retry-After": str(RETRY_S)}) from None
        return JSONResponse({"problem": name})

    async def run(self, request: Request) -> Response:
        """Run jobs, or listen to those that run; the answer is their reports."""
        body = await body_of(request, REQUEST_BYTES)
        jobs, missing = await asyncio.to_thread(self._jobs, body)
        if missing:
            return JSONResponse({"error": "send these problems first", "missing": missing}, 409)
        try:
            listener = self._ledger.submit(jobs)
        except UsageError as error:
            raise Refused(422, str(error)) from None
        except Full:
            raise Refused(
                429,
                f"{self._ledger.open} jobs wait already; come back later",
                {"Retry-After": str(RETRY_S)},
            ) from None
        return _Stream(self._ledger, [number for number, _, _ in jobs], listener)

    def _jobs(self, body: bytes) -> tuple[list[tuple[str, str, Job]], list[str]]:
        """The jobs of a request as id, name of the problem and job; and the problems missing."""
        asked = json_of(body)
        if not isinstance(asked, dict) or not isinstance(asked.get("jobs"), list):
            raise Refused(422, 'the body is no request, expected {"jobs": [...]}')
        found: dict[str, Problem] = {}
        missing: dict[str, None] = {}

        def problem_named(name: str) -> Problem:
            if name not in found:
                try:
                    found[name] = self._shelf[name]
                except UnknownProblem:
                    missing[name] = None
                    found[name] = Problem(name, "", ())
            return found[name]

        try:
            jobs: list[tuple[str, str, Job]] = []
            for one in asked["jobs"]:
                number, job = decode_job(one, problem_named)
                jobs.append((number, one["problem"], job))
        except UsageError as error:
            raise Refused(422, str(error)) from None
        return jobs, [*missing]


class _Stream(Response):
    """Reports as lines of JSON, each when it is there; blank lines say that we are alive."""

    media_type = "application/x-ndjson"

    def __init__(self, ledger: Ledger, numbers: list[str], listener: Listener) -> None:
        super().__init__()
        self._ledger, self._numbers, self._listener = ledger, numbers, listener
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.create_task(_until_gone(receive))
        telling = asyncio.create_task(self._tell(send))
        try:
            done, _ = await asyncio.wait({gone, telling}, return_when=asyncio.FIRST_COMPLETED)
            if telling in done:
                await telling
        except TimeoutError:
            return  # uvicorn closes the connection of an answer that is not complete
        finally:
            gone.cancel()
            telling.cancel()
            self._ledger.leave(self._numbers, self._listener)

    async def _tell(self, send: Send) -> None:
        await _within(
            send,
            {"type": "http.response.start", "status": 200, "headers": self.raw_headers},
        )
        async for lines in self._lines():
            await _within(send, {"type": "http.response.body", "body": lines, "more_body": True})
        await _within(send, {"type": "http.response.body", "body": b""})

    async def _lines(self) -> AsyncIterator[bytes]:
        """What there is to say, together."""
        queue, left = self._listener.lines, self._listener.left
        while left and not self._ledger.closing:
            try:
                lines = [await asyncio.wait_for(queue.get(), ALIVE_S)]
            except TimeoutError:
                yield b"\n"
                continue
            while not queue.empty() and len(lines) < 256:
                lines.append(queue.get_nowait())
            left -= len(lines)
            yield b"".join(lines)


async def _within(send: Send, message: dict[str, Any]) -> None:
    await asyncio.wait_for(send(message), WRITE_S)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _health(request: Request) -> Response:
    return JSONResponse({"status": "ok"})


@cache
def openapi() -> dict[str, Any]:
    """The description of the protocol."""
    return json.loads(Path(__file__).with_name("openapi.json").read_text(encoding="utf-8"))


async def _openapi(request: Request) -> Response:
    return JSONResponse(openapi())


async def _page(request: Request) -> Response:
    """The description for people; it loads nothing from elsewhere."""
    described = openapi()
    parts = [
        f"<section><h2><code>{method.upper()} {escape(path)}</code></h2>"
        f"<p>{escape(one['description'])}</p><ul>"
        + "".join(
            f"<li><code>{status}</code> {escape(answer['description'])}</li>"
            for status, answer in one["responses"].items()
        )
        + "</ul></section>"
        for path, methods in described["paths"].items()
        for method, one in methods.items()
    ]
    title, about = escape(described["info"]["title"]), escape(described["info"]["description"])
    style = "body{font:1rem/1.5 sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem}"
    return HTMLResponse(
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title>"
        f"<style>{style}</style><h1>{title}</h1><p>{about}</p>{''.join(parts)}"
        "<p>For programs: <a href=/openapi.json>openapi.json</a></p>",
        headers={"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"},
    )
