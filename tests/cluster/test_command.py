"""`cppo sandbox serve` as a process: what it refuses, its token, its end, and its sudden end."""

import re
import signal
import socket
import stat
import subprocess
import threading
import time
from pathlib import Path

import pytest
from cppo_cluster.commands import ServeConfig, serve

import cppo_env
from cppo_env.errors import ProblemDataError, UsageError
from cppo_env.types import Job, Verdict
from tests.support.cli import CPPO, cppo, fault, without_package
from tests.support.jobs import ADD, sums
from tests.support.processes import alive, children

SERVE = "sandbox", "serve", "--sandbox", "local", "--sandbox_options.workers", "2"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A cache folder of its own, for server and client, and no token in the environment."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("CPPO_SANDBOX_TOKEN", raising=False)
    return tmp_path


class Server:
    """The command, until it is ended."""

    def __init__(self, *options):
        self.process = subprocess.Popen(
            [CPPO, *SERVE, *map(str, options)], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.output = self.process.stdout
        self.said = [self.output.readline() for _ in range(2)]
        found = re.search(r"at (\S+)", self.said[0])
        assert found, self.said
        self.address = found[1]

    def end(self, number):
        self.process.send_signal(number)
        self.output.close()
        return self.process.wait(30)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"host": "0.0.0.0"}, UsageError, "reach, without TLS; give --certificate and --key"),
        ({"host": "judge.example"}, UsageError, "other machines reach"),
        ({"certificate": Path("x.pem")}, UsageError, "got one of them, expected both or neither"),
        ({"certificate": Path("x"), "key": Path("y")}, UsageError, "there is no file x"),
        (
            {"certificate": Path(__file__), "key": Path(__file__)},
            UsageError,
            "expected a certificate and its own key as PEM",
        ),
        ({"port": 99999}, UsageError, "expected 0 to 65535"),
        ({"stores": ["/nonexistent"]}, ProblemDataError, "/nonexistent: no such file"),
        ({"sandbox_options": {"workrs": 2}}, UsageError, "its options are: workers"),
        ({"token_file": Path(__file__)}, UsageError, f"run: chmod 600 {__file__}"),
        ({"sandbox": "cppo_env.testing:FakeSandbox"}, UsageError, "it has no run_each()"),
    ],
)
def test_what_cannot_work_is_refused_in_one_line(home, options, error, message):
    with pytest.raises(error) as raised:
        serve(ServeConfig(**{"sandbox": "local", **options}))
    assert message in str(raised.value) and "\n" not in str(raised.value)


def test_the_extra_is_named(home):
    done = cppo(*SERVE, env=without_package(home, "uvicorn"))
    assert "needs the package 'uvicorn'" in fault(done, 1) and "[serve]" in done.stderr


def test_processes_of_a_user_share_one_server_by_a_socket_and_need_no_token(home):
    path = home / "judge.sock"
    server = Server("--socket", path)
    made = home / "cache" / "cppo" / "judge" / "token"
    assert stat.S_IMODE(made.stat().st_mode) == stat.S_IMODE(path.stat().st_mode) == 0o600
    assert server.said[1] == f"token: {made.read_text().strip()} (made now, kept in {made})\n"
    with cppo_env.make_sandbox(server.address) as box:
        assert [one.verdict for one in box.run([Job(sums(2), ADD)])] == [Verdict.AC]
    with pytest.raises(UsageError, match="is in use by another server"):
        serve(ServeConfig(sandbox="local", socket=path))
    assert server.end(signal.SIGTERM) == 0
    assert not path.exists()


def test_a_server_with_a_certificate_takes_clients_that_trust_it(home, monkeypatch):
    certificate, key = home / "certificate.pem", home / "key.pem"
    made = subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", key, "-out", certificate),
        ],
        capture_output=True,
    )
    assert not made.returncode, made.stderr
    monkeypatch.setenv("CPPO_SANDBOX_TOKEN", "a token of the environment")
    server = Server("--certificate", certificate, "--key", key, "--port", 0, "--host", "0.0.0.0")
    try:
        address = server.address.replace("0.0.0.0", "127.0.0.1")
        assert address.startswith("https://") and "that of CPPO_SANDBOX_TOKEN" in server.said[1]
        with pytest.raises(cppo_env.SandboxError, match="CERTIFICATE_VERIFY_FAILED"):
            cppo_env.make_sandbox(address)
        with cppo_env.make_sandbox(address, certificate_authority=str(certificate)) as box:
            assert [one.verdict for one in box.run([Job(sums(2), ADD)])] == [Verdict.AC]
    finally:
        server.end(signal.SIGKILL)


def test_a_server_that_is_killed_and_started_again_loses_and_doubles_nothing(home, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    monkeypatch.setattr("cppo_cluster.client.SLICE_JOBS", 60)
    tick = "import time; time.sleep(0.02)\n"
    programs = [tick + (ADD if number % 3 else "print(1)") + f"#{number}" for number in range(120)]
    server = Server("--port", port)
    with cppo_env.make_sandbox(server.address) as box:
        reports = []
        jobs = [Job(sums(2), program) for program in programs]
        thread = threading.Thread(target=lambda: reports.extend(box.run(jobs)))
        thread.start()
        time.sleep(1.0)
        assert thread.is_alive() and server.end(signal.SIGKILL) == -signal.SIGKILL
        server = Server("--port", port)
        thread.join(120)
        assert not thread.is_alive(), "the batch hangs"
    expected = [Verdict.AC if number % 3 else Verdict.WA for number in range(120)]
    assert [report.verdict for report in reports] == expected
    workers = children(server.process.pid)
    assert len(workers) >= 2
    assert server.end(signal.SIGINT) == 0
    assert not [pid for pid in workers if alive(pid)]
