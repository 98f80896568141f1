"""`cppo view`."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cppo_env.errors import UsageError
from cppo_env.evaluation.folders import find_runs

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class ViewConfig:
    """Options of `cppo view`."""

    places: list[Path] = field(
        default_factory=lambda: [Path("runs")], metadata={"positional": "many"}
    )
    """Folders of runs, or folders that hold some."""
    port: int = 8750
    """Port on this machine; 0 takes a free one. The page answers on the loopback interface only:
    from elsewhere, use ssh -L."""


def view(config: ViewConfig) -> dict[str, Any]:
    """Show runs in a web browser, live while they train: curves, groups, episodes, search."""
    import uvicorn

    from cppo_viewer.library import Library
    from cppo_viewer.server import make_app

    runs = find_runs(config.places)
    listener = _listen(config.port)
    address = f"http://{LOOPBACK}:{listener.getsockname()[1]}"
    print(f"{len(runs)} runs at {address} (Ctrl-C ends it)", flush=True)
    library = Library(config.places)
    server = uvicorn.Server(
        uvicorn.Config(
            make_app(library), log_level="warning", lifespan="off", timeout_graceful_shutdown=1
        )
    )
    with listener:
        server.run(sockets=[listener])
    library.close()
    return {"address": address, "runs": [run.name for run in runs]}


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise UsageError(
            f"port: got {port}, which cannot be used here ({error}); give another, or 0 for any"
        ) from error
    return listener
