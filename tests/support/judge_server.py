"""A judge server in a thread of this process."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from cppo_cluster.asking import Impatient
from cppo_cluster.ledger import Ledger
from cppo_cluster.server import Service, make_app
from cppo_cluster.shelf import Shelf

from cppo_env.provenance import sandbox_facts

TOKEN = "a token that only tests know"


@dataclass
class Served:
    """A server that runs."""

    port: int
    ledger: Ledger
    shelf: Shelf

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextlib.contextmanager
def served(
    sandbox: Any, folder: Path, *, stores: tuple[str, ...] = (), port: int = 0, **options: Any
) -> Generator[Served]:
    """Serve a sandbox until the block ends."""
    ledger = Ledger(sandbox, **options)
    shelf = Shelf(folder, stores)
    app = make_app(Service(ledger, shelf, sandbox_facts(sandbox)), TOKEN)
    config = uvicorn.Config(
        app, http=Impatient, log_level="critical", lifespan="off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", port), backlog=512) as listener:
        found = listener.getsockname()[1]
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield Served(found, ledger, shelf)
        finally:
            ledger.closing = True
            server.should_exit = True
            thread.join()
