"""Infrastructure failures: every job gets its right verdict or IE, and nothing stays."""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

import cppo_env
from cppo_env.errors import SandboxError, UsageError
from cppo_env.types import Job, Limits, Problem, TestCase
from tests.support.jobs import ADD, BACK_ENDS, SLOW_ADD, batch, sums, while_running
from tests.support.processes import (
    alive,
    children,
    container_labels,
    containers_left,
    descendants,
    described,
    in_own_process,
    own_containers,
)

docker_only = pytest.mark.docker


@pytest.mark.parametrize("which", ["hub", "zygotes and programs", "everything"])
def test_killed_processes_of_local_workers(which):
    in_own_process(killed_local_workers, which)


def killed_local_workers(which):
    with cppo_env.make_sandbox("local", workers=2) as sandbox:
        sandbox.run(batch(2))

        def harm() -> None:
            hubs = children(os.getpid())
            below = [pid for hub in hubs for pid in descendants(hub)]
            for pid in {"hub": hubs, "zygotes and programs": below, "everything": hubs + below}[
                which
            ]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

        assert set(while_running(sandbox, harm, batch())) == {"AC"}
    left = {pid: described(pid) for pid in descendants(os.getpid())}
    assert not left, left


@docker_only
@pytest.mark.parametrize("harm_name", ["kill", "stop", "pause"])
def test_killed_containers(harm_name, monkeypatch):
    # A worker that is only slow to start, on a busy machine, is not silent for so long.
    monkeypatch.setattr("cppo_sandboxes.host.station.GRACE_S", 5.0)
    with cppo_env.make_sandbox("docker", workers=2) as sandbox:
        sandbox.run(batch(2))

        def harm() -> None:
            client, containers = own_containers()
            with client.api:
                if harm_name == "stop":
                    containers[0].stop(timeout=0)
                elif harm_name == "pause":
                    containers[0].pause()
                else:
                    for container in containers:
                        container.kill()

        jobs = [
            Job(sums(3, limits=Limits(wall_s=3.0)), f"{SLOW_ADD}# {number}") for number in range(60)
        ]
        assert set(while_running(sandbox, harm, jobs)) == {"AC"}
    assert not containers_left()


@docker_only
def test_dropped_connections():
    with cppo_env.make_sandbox("docker", workers=2) as sandbox:
        sandbox.run(batch(2))

        def harm() -> None:
            for link in list(sandbox._pool._stations):
                link._socket.shutdown(2)

        assert set(while_running(sandbox, harm, batch())) == {"AC"}


HOST = textwrap.dedent("""
    import sys
    import cppo_env
    from cppo_env.types import Job
    from tests.support.jobs import ADD, batch, sums
    if __name__ == "__main__":
        sandbox = cppo_env.make_sandbox(sys.argv[1], workers=1)
        sandbox.run([Job(sums(1), ADD)])
        print("ready", flush=True)
        sandbox.run(batch(1000))
""")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
@pytest.mark.parametrize("name", BACK_ENDS)
def test_a_killed_host_process_leaves_nothing(name, how, tmp_path):
    script = tmp_path / "host.py"
    script.write_text(HOST)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    host = subprocess.Popen(
        [sys.executable, str(script), name],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    assert host.stdout is not None
    assert host.stdout.readline() == b"ready\n"
    below = descendants(host.pid)
    labels = container_labels(host.pid) if name == "docker" else []
    host.send_signal(how)
    host.wait(20)
    host.stdout.close()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and (
        any(map(alive, below)) or (labels and container_labels(host.pid))
    ):
        time.sleep(0.05)
    assert not any(map(alive, below))
    if name == "docker":
        assert labels and not container_labels(host.pid)


@docker_only
def test_the_next_start_removes_the_containers_of_the_dead():
    import docker
    from cppo_sandboxes.host.owners import LABEL, owner

    client = docker.from_env()
    dead = owner().rpartition(":")[0] + ":1"  # this pid, started at another time
    box = client.containers.run(
        "cppo-sandbox", ["sleep", "600"], detach=True, labels={LABEL: dead}, network_mode="none"
    )
    with client.api:
        cppo_env.make_sandbox("docker", workers=1).close()
        assert not client.containers.list(all=True, filters={"id": box.id})


@docker_only
def test_an_absent_engine_or_image_is_one_line_that_says_what_to_do(monkeypatch):
    with pytest.raises(SandboxError, match="cppo sandbox build"):
        cppo_env.make_sandbox("docker", image="no-such-image")
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent.sock")
    with pytest.raises(SandboxError, match="DOCKER_HOST"):
        cppo_env.make_sandbox("docker")


@pytest.mark.parametrize("name", BACK_ENDS)
def test_many_jobs_leak_nothing(name):
    problem = sums(1)
    with cppo_env.make_sandbox(name, workers=2) as sandbox:
        sandbox.run([Job(problem, f"{ADD}# {number}") for number in range(200)])
        while sum(station.ready for station in list(sandbox._pool._stations.values())) < 2:
            time.sleep(0.02)  # the second one may start later than the first takes for all of them
        before = settled()
        reports = sandbox.run([Job(problem, f"{ADD}# {number}") for number in range(1000)])
        assert {report.verdict for report in reports} == {"AC"}
        assert not grown(before, settled())


def test_a_growing_footprint_is_seen():
    before = settled()
    read, write = os.pipe()
    try:
        assert grown(before, settled()) == {"descriptors": 2}
    finally:
        os.close(read)
        os.close(write)
    assert not grown(before, settled())


def settled() -> dict[str, int]:
    """What this process holds, once it has been the same for half a second (or after 10 s)."""
    seen, since = footprint(), time.monotonic()
    deadline = since + 10
    while time.monotonic() < min(since + 0.5, deadline):
        time.sleep(0.05)
        if (now := footprint()) != seen:
            seen, since = now, time.monotonic()
    return seen


def footprint() -> dict[str, int]:
    return {
        "descriptors": len(os.listdir("/proc/self/fd")),
        "threads": threading.active_count(),
        "processes": len(descendants(os.getpid())),
    }


def grown(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    """What is more than before; that a pool keeps less is no leak."""
    return {name: after[name] - before[name] for name in before if after[name] > before[name]}


def test_an_option_that_a_sandbox_does_not_have_is_one_line_that_lists_them():
    with pytest.raises(
        UsageError, match=r"sandbox 'local': .*'wrokers'; its options are: workers"
    ) as raised:
        cppo_env.make_sandbox("local", wrokers=2)
    assert "\n" not in str(raised.value)


class Torn(Sequence):
    """Tests of a truncated store."""

    def __len__(self) -> int:
        return 100

    def __getitem__(self, index: int) -> TestCase:
        if index >= 90:
            raise OSError("the shard is gone")
        return TestCase(f"{index} 2\n", f"{index + 2}\n")


def test_tests_that_cannot_be_read_void_their_job_only(sandbox):
    torn = Problem("torn", "", Torn())
    unwritable = Problem("unwritable", "", (TestCase("\ud800", ""),))
    for _ in range(2):
        reports = sandbox.run(
            [Job(sums(2), ADD), Job(torn, ADD), Job(unwritable, ADD), Job(sums(3), ADD)]
        )
        assert [report.verdict for report in reports] == ["AC", "IE", "IE", "AC"]
        assert "the shard is gone" in reports[1].message
