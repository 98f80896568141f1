"""A judge server whose disk is full, whose clients leave, or which is none: the rest goes on."""

import http.client
import json
import random
import threading
import time
from collections import Counter
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cppo_cluster.wire import name_of

import cppo_env
from cppo_env.errors import SandboxError, UsageError
from cppo_env.testing import FakeSandbox, make_problem
from cppo_env.types import Job, Verdict
from tests.support.disks import small_disk
from tests.support.judge_server import TOKEN, served

PROBLEM = make_problem()


class Judge(FakeSandbox):
    """Gives each program the verdict that it names."""

    def run_each(self, jobs, tell, wanted, /):
        for position, report in enumerate(self.run(jobs)):
            tell(position, report)
        self.batches.clear()


class Slow(Judge):
    def run(self, jobs):
        time.sleep(0.01 * len(jobs))
        return super().run(jobs)


@pytest.fixture
def server(tmp_path):
    with served(Judge(), tmp_path / "problems") as running:
        yield running


def large(size):
    """A problem of that many bytes, which nothing compresses."""
    return replace(PROBLEM, id=f"large-{size}", statement=random.Random(size).randbytes(size).hex())


def test_a_huge_batch_huge_programs_and_none_are_judged(server):
    with cppo_env.make_sandbox(server.address, token=TOKEN, patience_s=60.0) as box:
        assert box.run([]) == []
        assert Counter(one.verdict for one in box.run([Job(PROBLEM, "AC")] * 100_000)) == {
            Verdict.AC: 100_000
        }
        ten_megabytes, forty = (Job(PROBLEM, "AC" + " " * (size << 20)) for size in (10, 40))
        reports = box.run([ten_megabytes, ten_megabytes, forty, Job(PROBLEM, "AC")])
    assert [one.verdict for one in reports] == ["AC", "AC", "IE", "AC"]
    assert "the server refuses: the body has" in reports[2].message, "at once, not after patience"
    assert "expected at most 33554432" in reports[2].message


def test_a_full_disk_costs_the_oldest_problems_or_patience_and_never_the_server(tmp_path):
    with (
        small_disk(tmp_path / "disk", "1m") as resize,
        served(Judge(), tmp_path / "disk" / "problems") as server,
    ):
        with cppo_env.make_sandbox(server.address, token=TOKEN, patience_s=30.0) as box:
            small = [large(size) for size in (200_000, 210_000, 220_000)]
            for problem in [*small, *small]:  # two of them fit, so each pushes another one out
                assert box.run([Job(problem, "AC")])[0].verdict is Verdict.AC
        with cppo_env.make_sandbox(server.address, token=TOKEN, patience_s=5.0) as box:
            [report] = box.run([Job(large(800_000), "AC")])
            assert report.verdict is Verdict.IE
            assert "cannot be kept in" in report.message and "No space left" in report.message
            assert box.run([Job(PROBLEM, "AC")])[0].verdict is Verdict.AC
        with cppo_env.make_sandbox(server.address, token=TOKEN, patience_s=60.0) as box:
            found = []
            thread = threading.Thread(
                target=lambda: found.extend(box.run([Job(large(800_000), "AC")]))
            )
            thread.start()
            time.sleep(0.5)
            resize("8m")
            thread.join(60)
            assert [one.verdict for one in found] == [Verdict.AC]


def test_clients_that_leave_in_mid_stream_200_times_leave_nothing_behind(tmp_path):
    with (
        served(Slow(), tmp_path) as server,
        cppo_env.make_sandbox(server.address, token=TOKEN) as box,
    ):
        box.run([Job(PROBLEM, "AC")])
        before = server.ledger.judged
        for client in range(200):
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
            body = json.dumps(
                {
                    "jobs": [
                        {"id": f"client-{client}-{n}", "problem": name_of(PROBLEM)}
                        | {"program": "AC"}
                        for n in range(5)
                    ]
                }
            )
            connection.request("POST", "/v1/run", body, {"Authorization": f"Bearer {TOKEN}"})
            connection.getresponse().readline()
            connection.close()
        deadline = time.monotonic() + 60
        while server.ledger.open or server.ledger.listeners:
            assert time.monotonic() < deadline, "clients that left are still served"
            time.sleep(0.05)
        assert server.ledger.judged == before + 1000
        assert box.run([Job(PROBLEM, "WA")])[0].verdict is Verdict.WA


def test_two_clients_share_a_server_and_neither_waits_for_the_other(tmp_path):
    with cppo_env.make_sandbox("local", workers=2) as here, served(here, tmp_path) as server:
        ends = {}

        def judge(name, count):
            with cppo_env.make_sandbox(server.address, token=TOKEN) as box:
                doze = "import time; time.sleep(0.05)\nprint(1)#"
                reports = box.run([Job(PROBLEM, f"{doze}{name}{n}") for n in range(count)])
            ends[name] = time.monotonic(), Counter(one.verdict for one in reports)

        threads = [threading.Thread(target=judge, args=one) for one in (("long", 200), ("b", 10))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
    assert ends["b"][0] < ends["long"][0]
    assert ends["long"][1].total() == 200 and Verdict.IE not in ends["long"][1]


class Elsewhere(BaseHTTPRequestHandler):
    """Sends everyone to another address."""

    def do_GET(self):
        self.send_response(302)
        self.send_header("Location", "http://127.0.0.1:9/v1/status")
        self.end_headers()

    def log_message(self, format, *args):
        """Nothing is logged."""


class Page(BaseHTTPRequestHandler):
    """Somebody else's server."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<!doctype html><p>It works!")

    def log_message(self, format, *args):
        """Nothing is logged."""


@pytest.fixture(params=[Elsewhere, Page])
def stranger(request):
    with ThreadingHTTPServer(("127.0.0.1", 0), request.param) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}", request.param
        running.shutdown()


def test_an_address_that_is_no_judge_server_is_told_and_no_redirect_followed(stranger):
    address, kind = stranger
    said = {Elsewhere: "refuses: 302 Found http://127.0.0.1", Page: "is no judge server"}[kind]
    with pytest.raises(SandboxError, match=said) as raised:
        cppo_env.make_sandbox(address, token=TOKEN)
    assert "\n" not in str(raised.value)


def test_a_wrong_path_another_scheme_and_a_proxy_of_the_environment(server, monkeypatch):
    for address, message in (
        (f"{server.address}/wrong/path", "refuses: 404 Not Found"),
        (server.address.replace("http", "https"), "SSL"),
    ):
        with pytest.raises(SandboxError, match=message) as raised:
            cppo_env.make_sandbox(address, token=TOKEN)
        assert "\n" not in str(raised.value)
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with cppo_env.make_sandbox(server.address, token=TOKEN) as box:
        assert box.run([Job(PROBLEM, "AC")])[0].verdict is Verdict.AC


def test_a_token_over_plain_http_to_another_machine_is_warned_of():
    with (
        pytest.warns(UserWarning, match="travel without TLS; whoever is on the network"),
        pytest.raises(SandboxError, match="no judge server answers"),
    ):
        cppo_env.make_sandbox("http://judge.invalid:1", token=TOKEN)


@pytest.mark.parametrize("content", [b"", b"\xff" * 40, "ü".encode() * 20, b"x" * 5_000_000])
def test_a_file_that_holds_no_token_is_told_in_one_line(server, tmp_path, monkeypatch, content):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("CPPO_SANDBOX_TOKEN", raising=False)
    file = tmp_path / "cppo" / "judge" / "token"
    file.parent.mkdir(parents=True)
    file.touch(0o600)
    file.write_bytes(content)
    with pytest.raises(UsageError, match="expected 16 to 1024 printable ASCII") as raised:
        cppo_env.make_sandbox(server.address)
    assert "\n" not in str(raised.value) and len(str(raised.value)) < 400


@pytest.mark.parametrize("token", ["", " " * 20, "ü" * 20, f" {TOKEN}", "x" * 20 + "\n"])
def test_a_token_of_the_environment_that_is_none_is_told_in_one_line(
    server, tmp_path, monkeypatch, token
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("CPPO_SANDBOX_TOKEN", token)
    with pytest.raises(UsageError, match=r"there is no token|expected 16 to 1024") as raised:
        cppo_env.make_sandbox(server.address)
    assert "\n" not in str(raised.value)
