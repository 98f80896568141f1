"""`cppo sandbox serve`."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import ssl
import stat
from collections.abc import Generator
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cppo_sandboxes.host.faults import reason_of

from cppo_cluster.tokens import VARIABLE, checked_token, made_token, read_token, token_file
from cppo_env.errors import MissingExtraError, UsageError
from cppo_env.plugins import how_to_install
from cppo_env.protocols import ReportsEach
from cppo_env.provenance import described
from cppo_env.sandboxing import borrow_sandbox

USER_TIMEOUT_MS = 60_000
"""How long a client's machine may take in nothing that was sent before the kernel cuts it off."""
CONNECTIONS = 2000


@dataclass(frozen=True)
class ServeConfig:
    """Options of `cppo sandbox serve`."""

    sandbox: str = "auto"
    """Where programs run: auto, docker, local, or the name of a plug-in."""
    sandbox_options: dict[str, Any] = field(default_factory=dict[str, Any])
    """Its options, such as --sandbox_options.workers=16."""
    host: str = "127.0.0.1"
    """Address to listen on. One that other machines reach wants a certificate."""
    port: int = 8751
    """Port; 0 takes a free one."""
    socket: Path | None = None
    """Listen on this Unix socket, which only this user can open, and on no port."""
    certificate: Path | None = None
    """TLS certificate chain, as PEM."""
    key: Path | None = None
    """Its private key, as PEM."""
    plain_http: bool = False
    """Listen for other machines without TLS: whoever sees the network reads token and programs."""
    token_file: Path | None = None
    """File with the token. By default CPPO_SANDBOX_TOKEN, or a file in this user's cache folder,
    where a token is made the first time."""
    stores: list[str] = field(default_factory=list[str])
    """Problem sets (stores, paths or names) that clients need not send."""
    folder: Path | None = None
    """Where problems that clients send are kept, 8 GiB of them. By default in the cache folder."""


def serve(config: ServeConfig) -> dict[str, Any]:
    """Serve a sandbox to other processes and machines, over HTTP with a token."""
    try:
        import uvicorn

        from cppo_cluster.asking import Impatient
        from cppo_cluster.ledger import Ledger
        from cppo_cluster.server import Service, make_app
        from cppo_cluster.shelf import Shelf
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"cppo sandbox serve needs the package {error.name!r}, which is not installed; run: "
            f"{how_to_install('serve')}"
        ) from error
    _check(config)
    token, whence = _token(config)
    shelf = Shelf(config.folder or token_file().with_name("problems"), config.stores)
    with borrow_sandbox(config.sandbox, config.sandbox_options, cache=False) as sandbox:
        if not isinstance(sandbox, ReportsEach):
            raise UsageError(
                f"sandbox: got {config.sandbox!r}, which cannot be served: it has no run_each() "
                "(cppo_env.protocols.ReportsEach); expected docker, local, ray or one that has"
            )
        ledger = Ledger(sandbox)
        facts = {name: value for name, value in described(sandbox).items() if value is not None}

        class Server(uvicorn.Server):
            async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
                ledger.close()
                await super().shutdown(sockets)

        with _listening(config) as (listener, address):
            server = Server(
                uvicorn.Config(
                    make_app(Service(ledger, shelf, facts), token),
                    http=Impatient,
                    log_level="error",
                    lifespan="off",
                    limit_concurrency=CONNECTIONS,
                    timeout_graceful_shutdown=2,
                    ssl_certfile=config.certificate,
                    ssl_keyfile=config.key,
                )
            )
            stored = f", {shelf.stored} problems of its own" if config.stores else ""
            print(f"judging with {facts['name']} at {address}{stored} (Ctrl-C ends it)")
            print(f"token: {whence}", flush=True)
            signal.signal(signal.SIGTERM, signal.default_int_handler)
            with contextlib.suppress(KeyboardInterrupt):  # how it ends; the sandbox is closed
                server.run(sockets=[listener])
    return {"address": address, "judged": ledger.judged, "resent": ledger.resent}


def _check(config: ServeConfig) -> None:
    """Refuse settings that do not go together.

    Raises:
        UsageError: see there.
    """
    if (config.certificate is None) != (config.key is None):
        raise UsageError("certificate, key: got one of them, expected both or neither")
    for name in ("certificate", "key"):
        file: Path | None = getattr(config, name)
        if file is not None and not file.is_file():
            raise UsageError(f"{name}: there is no file {file}")
    if config.certificate and config.key:
        try:
            ssl.create_default_context().load_cert_chain(
                config.certificate, config.key, password=""
            )
        except OSError as error:
            raise UsageError(
                f"certificate, key: got {config.certificate} and {config.key}, expected a "
                f"certificate and its own key as PEM ({reason_of(error)})"
            ) from error
    if config.socket or config.certificate or config.plain_http or _is_loopback(config.host):
        return
    raise UsageError(
        f"host: got {config.host!r}, which other machines reach, without TLS; give --certificate "
        "and --key, or --plain_http true where the network is yours alone"
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _token(config: ServeConfig) -> tuple[str, str]:
    """The token, and where it is from, for people."""
    if config.token_file is None and (given := os.environ.get(VARIABLE)):
        return checked_token(given, VARIABLE), f"that of {VARIABLE}"
    path = config.token_file or token_file()
    token, new = (read_token(path), False) if path.exists() else made_token(path)
    return token, f"{token} (made now, kept in {path})" if new else f"that of {path}"


@contextlib.contextmanager
def _listening(config: ServeConfig) -> Generator[tuple[socket.socket, str]]:
    """The socket that is listened to, and its address."""
    if config.socket is not None:
        with _unix(config.socket) as listener:
            yield listener, f"unix://{config.socket.absolute()}"
            return
    if not 0 <= config.port < 1 << 16:
        raise UsageError(f"port: got {config.port}, expected 0 to {(1 << 16) - 1}")
    try:
        listener = socket.create_server(
            (config.host, config.port),
            family=socket.AF_INET6 if ":" in config.host else socket.AF_INET,
            backlog=1024,
        )
    except OSError as error:
        raise UsageError(
            f"host, port: got {config.host}:{config.port}, which cannot be used here ({error}); "
            "give another port, or 0 for any"
        ) from error
    with listener:
        for level, option, value in (
            (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
            (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS),
        ):
            listener.setsockopt(level, option, value)
        host = f"[{config.host}]" if ":" in config.host else config.host
        scheme = "http" if config.certificate is None else "https"
        yield listener, f"{scheme}://{host}:{listener.getsockname()[1]}"


@contextlib.contextmanager
def _unix(path: Path) -> Generator[socket.socket]:
    """A Unix socket that only this user can open; one that a killed server left is replaced."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            pass
        else:
            raise UsageError(f"socket: {path} is in use by another server; give another path")
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise UsageError(f"socket: {path} exists and is no socket; give another path")
        path.unlink()
    with socket.socket(socket.AF_UNIX) as listener:
        before = os.umask(0o177)
        try:
            listener.bind(str(path))
        except OSError as error:
            raise UsageError(f"socket: got {path}, which cannot be used ({error})") from error
        finally:
            os.umask(before)
        listener.listen(1024)
        try:
            yield listener
        finally:
            path.unlink(missing_ok=True)
