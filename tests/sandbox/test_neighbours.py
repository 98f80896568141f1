"""Trainers on one machine do not disturb each other; the next cleans up after a dead one."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

import cppo_env
from cppo_env.types import Job, Limits
from tests.support.jobs import BACK_ENDS, sums
from tests.support.processes import alive, children, container_labels, descendants

HOST = """
import sys
import cppo_env
from tests.support.jobs import batch
with cppo_env.make_sandbox(sys.argv[1], workers=1) as sandbox:
    sandbox.run(batch(2))
    print("ready", flush=True)
    sys.stdin.readline()
    print({str(report.verdict) for report in sandbox.run(batch(40))}, flush=True)
    sys.stdin.readline()
"""


@contextlib.contextmanager
def host(name):
    """A trainer with its own pool, idle until told to continue, and again before it ends."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", HOST, name]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout.readline() == b"ready\n"
        try:
            yield process
        finally:
            process.kill()


def go_on(process):
    process.stdin.write(b"\n")
    process.stdin.flush()


def folders(pid):
    """Folders of the local workers of a process."""
    found = set()
    for path in Path(tempfile.gettempdir()).glob("cppo-sandbox-*/owner"):
        with contextlib.suppress(FileNotFoundError):  # another test's, which has just ended
            if f":{pid}:" in path.read_text():
                found.add(path.parent)
    return found


def kept(name, pid):
    return container_labels(pid) if name == "docker" else folders(pid)


def kill_with_its_workers(name, process):
    """Kill a trainer such that its workers cannot clean up."""
    if name == "docker":
        import docker
        from cppo_sandboxes.host.owners import LABEL

        with contextlib.closing(docker.from_env()) as client:
            for box in client.containers.list(filters={"label": LABEL}, ignore_removed=True):
                if f":{process.pid}:" in box.labels[LABEL]:
                    box.pause()
            process.kill()
    else:
        for pid in [process.pid, *descendants(process.pid)]:
            with contextlib.suppress(ProcessLookupError):  # it has ended with its parent
                os.kill(pid, signal.SIGKILL)
    process.wait()


@pytest.mark.parametrize("name", BACK_ENDS)
def test_trainers_do_not_disturb_each_other(name):
    with host(name) as first, host(name) as second:
        go_on(first)
        go_on(second)
        time.sleep(0.2)
        assert kept(name, first.pid)
        kill_with_its_workers(name, first)
        with cppo_env.make_sandbox(name, workers=1) as third:
            assert [report.verdict for report in third.run([Job(sums(1), "print(2)")])] == ["AC"]
            deadline = time.monotonic() + 20  # the engine may be at it, as another test asked
            while kept(name, first.pid) and time.monotonic() < deadline:
                time.sleep(0.05)
            assert not kept(name, first.pid)
            assert kept(name, second.pid)
        assert second.stdout.readline() == b"{'AC'}\n"
        go_on(second)
        assert second.wait(30) == 0
    assert not kept(name, second.pid)


@pytest.mark.skipif(os.geteuid() != 0, reason="programs are told from others by their user")
def test_a_program_does_not_outlive_its_killed_worker():
    others, earlier = set(children(os.getpid())), folders(os.getpid())
    with cppo_env.make_sandbox("local", workers=1) as sandbox:
        job = Job(sums(1, limits=Limits(wall_s=300.0)), "import time\ntime.sleep(300)")
        thread = threading.Thread(target=sandbox.run, args=([job],))
        thread.start()
        [worker] = set(children(os.getpid())) - others
        before = folders(os.getpid())
        while not (sleeping := [pid for pid in descendants(worker) if runs_as_another_user(pid)]):
            time.sleep(0.02)
        for pid in {worker, *descendants(worker)} - set(sleeping):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 20
        while any(map(alive, sleeping)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not any(map(alive, sleeping))
    thread.join()
    assert before - earlier and not folders(os.getpid()) - earlier


def runs_as_another_user(pid):
    with contextlib.suppress(OSError):
        return os.stat(f"/proc/{pid}").st_uid != 0
    return False
