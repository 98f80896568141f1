"""A real HTTP server of the OpenAI chat-completions schema; a function decides the replies."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Reply:
    """What the server sends: a completion, or an HTTP error where `status` is not 200."""

    text: str | None = ""
    finish_reason: str = "stop"
    status: int = 200
    body: str | None = None
    """Sent instead of a completion."""


@dataclass
class ChatServer:
    """Its address, and every request that it got."""

    url: str
    requests: list[dict[str, Any]] = field(default_factory=list)
    most_at_once: int = 0


@contextmanager
def chat_server(reply: Callable[[dict[str, Any]], Reply]) -> Iterator[ChatServer]:
    """Serve on a free port of the loopback interface until the block ends."""
    lock = threading.Lock()
    open_now = 0

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            nonlocal open_now
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            request["path"], request["authorization"] = self.path, self.headers["Authorization"]
            with lock:
                server.requests.append(request)
                open_now += 1
                server.most_at_once = max(server.most_at_once, open_now)
            answer = reply(request)
            with lock:
                open_now -= 1
            streamed = bool(request.get("stream")) and answer.status == 200
            whole = completion(request, answer)
            written = events(whole) if streamed else json.dumps(whole)
            body = (answer.body if answer.body is not None else written).encode()
            self.send_response(answer.status)
            kind = "text/event-stream" if streamed else "application/json"
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("retry-after-ms", "1")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        server = ChatServer(f"http://127.0.0.1:{http.server_port}/v1")
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()


def completion(request: dict[str, Any], answer: Reply) -> dict[str, Any]:
    if answer.status != 200:
        return {"error": {"message": "the server has a fault", "type": "server_error"}}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": request["model"],
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": answer.text},
                "finish_reason": answer.finish_reason,
            }
        ],
        "usage": {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12},
    }


def events(whole: dict[str, Any]) -> str:
    """The completion as a stream of one chunk."""
    [choice] = whole["choices"]
    chunk = whole | {
        "object": "chat.completion.chunk",
        "choices": [
            {"index": 0, "delta": choice["message"], "finish_reason": choice["finish_reason"]}
        ],
    }
    return f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n"


def prompt_of(request: dict[str, Any]) -> str:
    """All text of the prompt."""
    return "\n".join(message["content"] for message in request["messages"])
