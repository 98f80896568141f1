"""The web server: read only, on this machine only, and no page loads anything from elsewhere."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from cppo_env.errors import CppoError, UsageError
from cppo_env.evaluation.folders import overview_of, title_of
from cppo_viewer import details, pages, problems, texts
from cppo_viewer.curves import curves
from cppo_viewer.library import Library, NotFound

HOSTS = ["127.0.0.1", "localhost"]
"""Names in the Host header that are answered; another one may be a web page's attempt to read."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Scripts are ours only; Plotly sets styles."""
LOOK_S = 1.0
"""How often a page that is open looks for news."""
HERE = Path(__file__).parent


def make_app(library: Library) -> Starlette:
    """The application that shows a library."""
    routes = [
        Route("/", _html(library, "runs", lambda request: pages.runs_page(library))),
        Route("/compare", _html(library, "compare", _compared(library))),
        Route("/run/{run:path}/step/{file}", _html(library, "step", _stepped(library))),
        Route("/run/{run:path}/episode/{number:int}", _html(library, "episode", _played(library))),
        Route("/run/{run:path}/record/{number:int}", _record(library)),
        Route("/run/{run:path}/tokens/{number:int}", _tokens(library)),
        Route("/run/{run:path}/case/{number:int}/{branch:int}", _case(library)),
        Route("/run/{run:path}/problems", _html(library, "problems", _of_problems(library))),
        Route("/run/{run:path}/problem", _html(library, "problem", _of_problem(library))),
        Route("/run/{run:path}/search", _html(library, "search", _searched(library))),
        Route("/run/{run:path}/curves", _curves(library)),
        Route("/run/{run:path}/live", _live(library)),
        Route("/run/{run:path}", _html(library, "run", _of_run(library))),
        Route("/live", _live(library)),
        Route("/plotly.js", _plotly),
        Route("/programs.css", _program_styles),
        Mount("/static", StaticFiles(directory=HERE / "static")),
    ]
    guards = [
        Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS, www_redirect=False),
        Middleware(BaseHTTPMiddleware, dispatch=_guard),
        Middleware(GZipMiddleware),
    ]
    return Starlette(
        routes=routes,
        middleware=guards,
        exception_handlers={
            NotFound: _said(404),
            UsageError: _said(400),
            sqlite3.Error: _said(500),
        },
    )


Values = Callable[[Request], dict[str, Any]]


def _html(library: Library, template: str, values: Values) -> Callable[[Request], Response]:
    """A page; its values are made in a thread, so that a large index holds nobody up."""

    def page(request: Request) -> Response:
        return _templates().TemplateResponse(request, f"{template}.html", values(request))

    return page


def _of_run(library: Library) -> Values:
    return lambda request: pages.run_page(library, library.run(request.path_params["run"]))


def _compared(library: Library) -> Values:
    def values(request: Request) -> dict[str, Any]:
        names = list(dict.fromkeys(request.query_params.getlist("run")))
        if not 2 <= len(names) <= 6:
            raise UsageError(
                f"compare: got {len(names)} runs, expected 2 to 6; tick them in the list"
            )
        return pages.compare_page(library, names, request.query_params.get("best", ""))

    return values


def _stepped(library: Library) -> Values:
    def values(request: Request) -> dict[str, Any]:
        run = library.run(request.path_params["run"])
        return pages.step_page(library, run, request.path_params["file"])

    return values


def _played(library: Library) -> Values:
    def values(request: Request) -> dict[str, Any]:
        run = library.run(request.path_params["run"])
        return pages.episode_page(library, run, request.path_params["number"])

    return values


def _of_problem(library: Library) -> Values:
    def values(request: Request) -> dict[str, Any]:
        run = library.run(request.path_params["run"])
        return problems.problem_page(library, run, request.query_params.get("id", ""))

    return values


def _of_problems(library: Library) -> Values:
    def values(request: Request) -> dict[str, Any]:
        run = library.run(request.path_params["run"])
        return problems.problems_page(library, run, dict(request.query_params))

    return values


def _searched(library: Library) -> Values:
    def values(request: Request) -> dict[str, Any]:
        run = library.run(request.path_params["run"])
        return pages.search_page(library, run, dict(request.query_params))

    return values


def _curves(library: Library) -> Callable[[Request], Response]:
    return lambda request: JSONResponse(curves(library.run(request.path_params["run"])))


def _record(library: Library) -> Callable[[Request], Response]:
    """The record of an episode as JSON, as it stands in the run."""

    def record(request: Request) -> Response:
        run = library.run(request.path_params["run"])
        content = json.loads(pages.record_of(library, run, request.path_params["number"]).to_json())
        return Response(json.dumps(content, indent=2), media_type="application/json")

    return record


def _tokens(library: Library) -> Callable[[Request], Response]:
    """The values of an episode's tokens."""

    def values(request: Request) -> Response:
        run = library.run(request.path_params["run"])
        return JSONResponse(details.token_values(library, run, request.path_params["number"]))

    return values


def _case(library: Library) -> Callable[[Request], Response]:
    """A program and the first test that it failed, as Python that judges it again."""

    def source(request: Request) -> Response:
        run = library.run(request.path_params["run"])
        number, branch = request.path_params["number"], request.path_params["branch"]
        return Response(details.case_of(library, run, number, branch), media_type="text/plain")

    return source


def _live(library: Library) -> Callable[[Request], Awaitable[Response]]:
    """Server-sent events: one whenever a run, or any run, has written something."""

    async def live(request: Request) -> Response:
        name = request.path_params.get("run")
        shown = None if name is None else await asyncio.to_thread(library.run, name)

        def written() -> object:
            try:
                runs = library.runs() if shown is None else [overview_of(shown.path, shown.name)]
            except (CppoError, OSError):
                return None  # it has been deleted
            return [(run.name, run.written, run.status, _rollouts(run.path)) for run in runs]

        async def events() -> AsyncIterator[str]:
            known = await asyncio.to_thread(written)
            yield "retry: 2000\n\n"
            while not await request.is_disconnected():
                await asyncio.sleep(LOOK_S)
                now = await asyncio.to_thread(written)
                if now != known:
                    known = now
                    yield "data: changed\n\n"

        return StreamingResponse(events(), media_type="text/event-stream")

    return live


def _rollouts(run: Path) -> float:
    try:
        return os.stat(run / "rollouts").st_mtime
    except FileNotFoundError:
        return 0.0


def _plotly(request: Request) -> Response:
    from plotly.offline import get_plotlyjs

    return Response(
        get_plotlyjs(),
        media_type="text/javascript",
        headers={"Cache-Control": "max-age=86400"},
    )


def _program_styles(request: Request) -> Response:
    return Response(texts.program_styles(), media_type="text/css")


async def _guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    if request.method not in ("GET", "HEAD"):
        return Response("the viewer only reads\n", 405, {"Allow": "GET, HEAD"})
    response = await call_next(request)
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def _said(status: int) -> Callable[[Request, Exception], Response]:
    def page(request: Request, error: Exception) -> Response:
        return _templates().TemplateResponse(
            request, "error.html", {"message": str(error)}, status_code=status
        )

    return page


@cache
def _templates() -> Jinja2Templates:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["plain"] = texts.plain
    environment.filters["when"] = lambda file: texts.plain(title_of(file))
    environment.filters["figure"] = lambda value: "" if value is None else f"{value:.3f}"
    return Jinja2Templates(env=environment)
