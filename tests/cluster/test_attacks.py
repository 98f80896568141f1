"""A judge server under clients that lie, dawdle or never read: others are served all the while."""

import json
import socket
import time
import zlib

import pytest
from cppo_cluster import wire
from cppo_cluster.wire import encode_problem, name_of

import cppo_env
from cppo_env.testing import FakeSandbox, make_problem
from cppo_env.types import Job, Report, Verdict
from tests.support.judge_server import TOKEN, served

PROBLEM = make_problem()
NAME = name_of(PROBLEM)
BEARER = f"Authorization: Bearer {TOKEN}\r\n"


class Talkative(FakeSandbox):
    """Gives each program the verdict that it names, with a long message."""

    def run_each(self, jobs, tell, wanted, /):
        for position, report in enumerate(self.run(jobs)):
            tell(position, Report(report.verdict, message="x" * 100_000))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with served(Talkative(), tmp_path_factory.mktemp("problems") / "sent") as running:
        yield running


@pytest.fixture(autouse=True)
def still_serves(server):
    yield
    with cppo_env.make_sandbox(server.address, token=TOKEN, patience_s=20.0) as box:
        assert [one.verdict for one in box.run([Job(PROBLEM, "AC")])] == [Verdict.AC]


def send(server, *parts, pause_s=0.0, read=True):
    """What the server says to raw bytes; empty if it just ends the connection."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as line:
        try:
            for part in parts:
                line.sendall(part if isinstance(part, bytes) else part.encode())
                time.sleep(pause_s)
            said = b""
            while piece := line.recv(1 << 16):
                said += piece
            return said.decode()
        except ConnectionError:
            return said.decode() if "said" in locals() else ""


def post(server, body, path="/v1/run", method="POST", token=BEARER):
    data = body if isinstance(body, bytes) else body.encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: h\r\n{token}Content-Length: {len(data)}\r\n"
    said = send(server, head + "Connection: close\r\n\r\n", data)
    status = int(said.split(maxsplit=2)[1])
    return status, json.loads(said.partition("\r\n\r\n")[2]).get("error", "")


@pytest.mark.parametrize(
    "token",
    ["", "Authorization: Bearer wrong\r\n", "Authorization: Basic eDp5\r\n", f"Token: {TOKEN}\r\n"],
)
def test_a_foreign_token_is_refused_before_the_body_is_read(server, token):
    for path, method in (("/v1/run", "POST"), (f"/v1/problems/{NAME}", "PUT")):
        head = f"{method} {path} HTTP/1.1\r\nHost: h\r\n{token}Content-Length: 99999999\r\n\r\n"
        assert send(server, head).startswith("HTTP/1.1 401 ")
    assert send(server, f"GET /v1/status HTTP/1.1\r\nHost: h\r\n{token}\r\n")[9:12] == "401"


def test_a_huge_body_is_refused_told_or_not(server):
    for length in ("Content-Length: 99999999999999", f"Content-Length: {'9' * 4000}"):
        said = send(server, f"POST /v1/run HTTP/1.1\r\nHost: h\r\n{BEARER}{length}\r\n\r\n")
        assert said[9:12] in ("413", "400")
    head = f"POST /v1/run HTTP/1.1\r\nHost: h\r\n{BEARER}Transfer-Encoding: chunked\r\n\r\n"
    piece = b"100000\r\n" + b" " * (1 << 20) + b"\r\n"
    assert send(server, head, *[piece] * 40)[:12] in ("HTTP/1.1 413", "")


JOB = {"id": "an-id-0001", "problem": NAME, "program": "AC"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"[" * 200_000, 400),
        (b'{"jobs": ' + b"9" * 5000 + b"}", 400),
        (b"[]", 422),
        (b'{"jobs": {"a": 1}}', 422),
        (b'{"jobs": [7]}', 422),
        *(
            (json.dumps({"jobs": [{**JOB, **change}]}).encode(), 422)
            for change in (
                {"id": "../../../etc/passwd"},
                {"id": "short"},
                {"id": 12345678},
                {"id": "a" * 65},
                {"id": "an-id-0001\n"},
                {"problem": "../" * 9 + "etc/passwd"},
                {"problem": NAME + "\n"},
                {"problem": None},
                {"program": ["AC"]},
                {"stop_early": 1},
                {"language": {}},
            )
        ),
        (json.dumps({"jobs": [JOB, JOB]}).encode(), 422),
        (json.dumps({"jobs": [{"id": "an-id-0001"}]}).encode(), 422),
    ],
)
def test_what_is_no_request_is_refused_in_one_line(server, body, status):
    got, error = post(server, body)
    assert got == status and error and "\n" not in error


def test_no_name_leads_out_of_the_folder(server):
    content = encode_problem(PROBLEM)
    before = sorted(server.shelf.folder.parent.rglob("*"))
    for name in ("..%2f..%2fx", "..", "%2e%2e%2fx", NAME + "%00", NAME.upper(), "a" * 32, "x"):
        said = send(
            server,
            f"PUT /v1/problems/{name} HTTP/1.1\r\nHost: h\r\n{BEARER}Connection: close\r\n"
            f"Content-Length: {len(content)}\r\n\r\n",
            content,
        )
        assert said[9:12] in ("404", "422"), name
    assert sorted(server.shelf.folder.parent.rglob("*")) == before


def test_contents_that_are_no_problem_are_refused_in_one_line(server, monkeypatch):
    good = encode_problem(PROBLEM)
    head, _, rest = good.partition(b"\n")
    values = json.loads(head)
    bomb = zlib.compress(b" " * 3_000_000)

    def variant(tail=rest, **changes):
        return json.dumps({**values, **changes}).encode() + b"\n" + tail

    monkeypatch.setattr(wire, "CHUNK_BYTES", 1 << 20)
    endless = {**values["limits"], "wall_s": 1e9}
    for content in (
        b"",
        b"\n",
        good[:-1],
        good + b"x",
        head,
        variant(tests=[[2, -5]]),
        variant(tests=[[2, len(rest)], 7]),
        variant(tests=[[1, len(bomb)]], tail=bomb),
        variant(tests=[[1, 4]], tail=b"rest"),
        variant(limits=endless),
        variant(limits={**values["limits"], "cpu_s": float("nan")}),
        variant(limits={}),
        variant(checker="no such rule"),
        variant(checker={"language": "python"}),
        variant(id=None),
        variant(statement="another"),
    ):
        status, error = post(server, content, f"/v1/problems/{NAME}", "PUT")
        assert status == 422 and error and "\n" not in error, (content[:80], status)


def test_a_head_or_a_body_that_drips_is_cut_off(server, monkeypatch):
    monkeypatch.setattr("cppo_cluster.asking.HEAD_S", 0.3)
    monkeypatch.setattr("cppo_cluster.asking.BODY_S", 0.3)
    begun = time.monotonic()
    assert send(server, "POST /v1/run HTTP/1.1\r\n", *["X: y\r\n"] * 50, pause_s=0.05) == ""
    assert send(server) == ""  # says nothing at all
    head = f"POST /v1/run HTTP/1.1\r\nHost: h\r\n{BEARER}Content-Length: 1000\r\n\r\n"
    assert send(server, head, *["x"] * 12, pause_s=0.05)[:12] in ("HTTP/1.1 408", "")
    assert time.monotonic() - begun < 14, "as long as a head alone may take else"


def test_a_client_that_never_reads_is_left(server, monkeypatch):
    monkeypatch.setattr("cppo_cluster.server.WRITE_S", 0.5)
    jobs = [{**JOB, "id": f"unread-{number:05}"} for number in range(300)]  # reports of 30 MB
    body = json.dumps({"jobs": jobs}).encode()
    post(server, encode_problem(PROBLEM), f"/v1/problems/{NAME}", "PUT")
    judged = server.ledger.judged
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as line:
        line.sendall(f"POST /v1/run HTTP/1.1\r\nHost: h\r\n{BEARER}".encode())
        line.sendall(f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        while server.ledger.judged < judged + len(jobs):
            time.sleep(0.01)
        with cppo_env.make_sandbox(server.address, token=TOKEN) as box:
            assert box.run([Job(PROBLEM, "WA")])[0].verdict is Verdict.WA
        deadline = time.monotonic() + 20
        while server.ledger.listeners:
            assert time.monotonic() < deadline, "the server still waits for a client"
            time.sleep(0.05)
