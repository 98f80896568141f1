"""The Docker daemon is killed in mid-batch and restarted.

The test starts its daemon in separate namespaces: in the machine's network a second daemon without
a bridge would delete the first one's, and the mounts of a killed one stay.
"""

import gc
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

import cppo_env
from cppo_env.types import Job
from tests.support.jobs import ADD, batch, sums, while_running
from tests.support.processes import containers_left

IMAGE = "cppo-base"
START_S = 60.0
pytestmark = [
    pytest.mark.docker,
    # The docker package leaves the sockets of broken connections to the collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.skipif(
        os.geteuid() != 0 or not (shutil.which("dockerd") and shutil.which("unshare")),
        reason="a second daemon needs root, dockerd and unshare",
    ),
]


class Engine:
    """A Docker daemon that may be killed."""

    def __init__(self, folder: Path) -> None:
        self.host = f"unix://{folder}/docker.sock"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, wait until it answers."""
        for stale in (
            "pid",
            "exec/containerd/containerd.pid",
        ):  # of the killed one, which nobody may have reaped yet
            (self._folder / stale).unlink(missing_ok=True)
        command = [
            "unshare",
            "--net",
            "--mount",
            "dockerd",
            "--host",
            self.host,
            "--bridge",
            "none",
            "--iptables=false",
        ]
        for name, place in (("data-root", "data"), ("exec-root", "exec"), ("pidfile", "pid")):
            command += [f"--{name}", f"{self._folder}/{place}"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + START_S
        while not self._answers():
            assert time.monotonic() < deadline and self._process.poll() is None, (
                self._folder / "log"
            ).read_text()
            time.sleep(0.1)

    def _answers(self) -> bool:
        return (
            subprocess.run(
                ["docker", "--host", self.host, "version"], capture_output=True
            ).returncode
            == 0
        )

    def end(self, how: signal.Signals) -> None:
        """Send it a signal, wait until it has gone."""
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait(30)


@pytest.fixture(scope="module")
def engine():
    """A second daemon that has the image."""
    if subprocess.run(["docker", "image", "inspect", IMAGE], capture_output=True).returncode:
        pytest.skip(f"no image {IMAGE}; make one with: make image")
    folder = Path(tempfile.mkdtemp(prefix="cppo-engine-"))
    engine = Engine(folder)
    engine.start()
    try:
        saved = subprocess.Popen(["docker", "save", IMAGE], stdout=subprocess.PIPE)
        subprocess.run(
            ["docker", "--host", engine.host, "load", "--quiet"], stdin=saved.stdout, check=True
        )
        saved.stdout.close()
        assert saved.wait() == 0
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DOCKER_HOST", engine.host)
            yield engine
    finally:
        engine.end(signal.SIGTERM)
        shutil.rmtree(folder)
        gc.collect()


def test_jobs_outlive_a_killed_and_restarted_daemon(engine):
    with cppo_env.make_sandbox("docker", workers=2, image=IMAGE) as sandbox:
        sandbox.run(batch(2))

        def harm() -> None:
            engine.end(signal.SIGKILL)
            engine.start()

        assert set(while_running(sandbox, harm, batch())) == {"AC"}
        assert {report.verdict for report in sandbox.run(batch(4))} == {"AC"}
    assert not containers_left()


def test_without_its_daemon_every_job_is_void_and_nothing_hangs(engine, monkeypatch):
    monkeypatch.setattr("cppo_sandboxes.host.pool.PATIENCE_S", 1.0)
    with cppo_env.make_sandbox("docker", workers=2, image=IMAGE) as sandbox:
        sandbox.run(batch(2))
        verdicts = while_running(sandbox, lambda: engine.end(signal.SIGKILL), batch())
        assert set(verdicts) <= {"AC", "IE"} and "IE" in verdicts
        [report] = sandbox.run([Job(sums(1), ADD)])
        assert report.verdict == "IE" and "no Docker engine answers" in report.message
    engine.start()
    with cppo_env.make_sandbox("docker", workers=1, image=IMAGE) as sandbox:
        assert [report.verdict for report in sandbox.run([Job(sums(1), ADD)])] == ["AC"]
