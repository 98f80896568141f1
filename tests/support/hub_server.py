"""The part of the Hugging Face hub's HTTP interface that downloads use, on this machine."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass
class Hub:
    """What is served and what was requested."""

    repository: str
    revision: str
    files: dict[str, bytes]
    url: str = ""
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)
    """(method, path, Range header)"""
    corrupted: set[str] = field(default_factory=set)
    """Files whose content differs from what is listed."""
    cut_at: dict[str, int] = field(default_factory=dict)
    """File → bytes after which the connection breaks, once."""


def _entry(path: str, content: bytes) -> dict:
    """A file as the hub lists it: by SHA-256 if it is large, by git's blob hash if it is small."""
    blob = hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()
    entry: dict = {
        "rfilename": path,
        "path": path,
        "type": "file",
        "size": len(content),
        "blobId": blob,
        "oid": blob,
    }
    if len(content) > 1000:
        sha256 = hashlib.sha256(content).hexdigest()
        entry["lfs"] = {"sha256": sha256, "oid": sha256, "size": len(content), "pointerSize": 130}
    return entry


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    """Serve the hub until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_HEAD(self) -> None:
            self.answer(body=False)

        def do_GET(self) -> None:
            self.answer(body=True)

        def answer(self, *, body: bool) -> None:
            hub.requests.append((self.command, self.path, self.headers.get("Range")))
            path = self.path.partition("?")[0]
            api = f"/api/datasets/{hub.repository}/"
            if path == f"{api}revision/{hub.revision}":
                entries = [_entry(name, content) for name, content in hub.files.items()]
                return self.send(
                    json.dumps(
                        {"id": hub.repository, "sha": hub.revision, "siblings": entries}
                    ).encode()
                )
            if path == f"{api}tree/{hub.revision}":
                return self.send(json.dumps([_entry(*item) for item in hub.files.items()]).encode())
            name = path.removeprefix(f"/datasets/{hub.repository}/resolve/{hub.revision}/")
            if name not in hub.files:
                return self.send(b"", status=404, headers={"X-Error-Code": "EntryNotFound"})
            return self.send_file(name, body=body)

        def send_file(self, name: str, *, body: bool) -> None:
            content, entry = hub.files[name], _entry(name, hub.files[name])
            etag = entry["lfs"]["sha256"] if "lfs" in entry else entry["blobId"]
            headers = {
                "X-Repo-Commit": hub.revision,
                "ETag": f'"{etag}"',
                "X-Linked-Size": str(len(content)),
            }
            if name in hub.corrupted:
                content = content[::-1]
            start = 0
            if match := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or ""):
                start = int(match[1])
                headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            part = content[start:]
            cut = hub.cut_at.pop(name, None) if body else None
            self.send(part, status=206 if start else 200, headers=headers, body=body, cut=cut)

        def send(
            self,
            content: bytes,
            *,
            status: int = 200,
            headers: Mapping[str, str] | None = None,
            body: bool = True,
            cut: int | None = None,
        ) -> None:
            self.send_response(status)
            for key, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
                self.send_header(key, value)
            self.end_headers()
            if body and self.command != "HEAD":
                self.wfile.write(content[:cut])
                if cut is not None:
                    self.close_connection = True
                    self.wfile.flush()
                    self.connection.shutdown(2)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    hub.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
