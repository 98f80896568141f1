"""Requests to a judge server, with the standard library alone."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cppo_env.errors import UsageError

CONNECT_S = 10.0
MOST_ERROR_BYTES = 1 << 20
"""Size of an answer that is an error; it names the problems that a server lacks."""


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


@dataclass(frozen=True)
class Address:
    """Where a server listens: `http://HOST:PORT`, `https://HOST:PORT` or `unix:///PATH`."""

    text: str
    scheme: str
    host: str
    port: int | None
    path: str

    @classmethod
    def of(cls, text: str) -> Address:
        """The address that a text stands for. Raises UsageError if it is none."""
        try:
            parts = urlsplit(text)
            host, port = parts.hostname or "", parts.port
        except ValueError as error:
            raise UsageError(f"sandbox: got {text!r}, which is no address ({error})") from None
        unix = parts.scheme == "unix"
        if parts.username is not None or parts.query or not (parts.path if unix else host):
            raise UsageError(
                f"sandbox: got {text!r}, expected http://HOST:PORT, https://HOST:PORT or "
                "unix:///PATH"
            )
        return cls(text, parts.scheme, host, port, parts.path.rstrip("/"))

    @property
    def local(self) -> bool:
        """Whether nothing that is sent there leaves this machine."""
        if self.scheme == "unix" or self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    def connect(self, certificates: ssl.SSLContext | None) -> http.client.HTTPConnection:
        """A new connection, not open yet."""
        if self.scheme == "unix":
            return _UnixConnection(self.path, CONNECT_S)
        if self.scheme == "https":
            return http.client.HTTPSConnection(
                self.host, self.port, timeout=CONNECT_S, context=certificates
            )
        return http.client.HTTPConnection(self.host, self.port, timeout=CONNECT_S)


class Answered(Exception):
    """The server answered with an error, or sends us elsewhere, which would show others the token.

    Args:
        response: the answer, whose body is read.
    """

    def __init__(self, response: http.client.HTTPResponse) -> None:
        body = response.read(MOST_ERROR_BYTES)
        try:
            content: Any = json.loads(body)
            message = str(content["error"])
        except (ValueError, KeyError, TypeError):  # somebody else's page
            said = body[:200].decode("utf-8", "replace")
            place = response.headers.get("Location")
            content, message = {}, f"{response.status} {response.reason} {place or said}"
        super().__init__(" ".join(message.split()))
        retry = response.headers.get("Retry-After", "0")
        self.status, self.content = response.status, content
        self.retry_s = float(retry) if retry.isdecimal() else 0.0


class Caller:
    """Makes requests with a token; each has a connection of its own.

    Args:
        address: the server's.
        token: what it asks for.
        certificate_authority: PEM file of those who may sign its certificate, for a private one.
    """

    def __init__(self, address: Address, token: str, certificate_authority: Path | None) -> None:
        self._address, self._token = address, token
        self._certificates = (
            ssl.create_default_context(cafile=certificate_authority)
            if address.scheme == "https"
            else None
        )

    @contextmanager
    def ask(
        self, method: str, path: str, body: bytes = b"", *, silence_s: float = 30.0
    ) -> Generator[http.client.HTTPResponse]:
        """The answer to a request, to be read.

        Raises:
            Answered: it is an error.
            OSError: the server cannot be reached, or is silent for `silence_s`.
            http.client.HTTPException: what comes is no HTTP.
        """
        connection = self._address.connect(self._certificates)
        prefix = "" if self._address.scheme == "unix" else self._address.path
        try:
            connection.connect()
            connection.sock.settimeout(silence_s)
            headers = {"Authorization": f"Bearer {self._token}", "Connection": "close"}
            with suppress(ConnectionError):  # whoever refuses a request need not read all of it
                connection.request(method, prefix + path, body, headers)
            with connection.getresponse() as response:
                if response.status != http.client.OK:
                    raise Answered(response)
                yield response
        finally:
            connection.close()
