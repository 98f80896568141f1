"""What a program of the local sandbox can see and reach, with namespaces."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from cppo_sandboxes.local import has_namespaces

import cppo_env
from cppo_env.types import Job, Problem, TestCase
from tests.support.jobs import sums
from tests.support.unprivileged import Unprivileged

SEARCH = """
import os
a, b = map(int, input().split())
for folder, _, files in os.walk("/"):
    if "tests.json" in files and "samples" in folder or "hostile_secret" in files:
        print("BREACH", folder)
print(a + b)
"""
WRITES = """
import os
a, b = map(int, input().split())
for folder, folders, _ in os.walk("/", followlinks=False):
    if folder == "/proc":
        folders.clear()
    if os.access(folder, os.W_OK) and not folder.startswith(("/tmp", "/dev/shm", "/box", "/cppo")):
        print("BREACH", folder)
print(a + b)
"""
PROCESSES = """
import os
a, b = map(int, input().split())
assert max(int(name) for name in os.listdir("/proc") if name.isdigit()) < 100
for path in ("/proc/stat", "/proc/loadavg", "/proc/vmstat", "/proc/sys/fs/file-nr"):
    assert not (os.path.exists(path) and open(path).read()), path
try:
    os.openpty()
    print("BREACH: a terminal of the machine")
except OSError:
    pass
print(a + b)
"""
SUPERVISORS = """
import os
a, b = map(int, input().split())
for pid in {1, os.getppid()}:
    for name in ("mem", "environ", "fd/0", "oom_score_adj"):
        try:
            flags = os.O_RDWR if name != "environ" else os.O_RDONLY
            os.close(os.open(f"/proc/{pid}/{name}", flags))
            print("BREACH", pid, name)
        except OSError:
            pass
print(a + b)
"""
needs_namespaces = pytest.mark.skipif(
    not has_namespaces(), reason="the kernel lets this user have no namespaces"
)
pytestmark = needs_namespaces


@pytest.fixture(params=["as this user", "not root"])
def local(request):
    if request.param == "as this user":
        with cppo_env.make_sandbox("local", workers=1) as box:
            yield box
    else:
        if os.geteuid() != 0:
            pytest.skip("the other tests run as no root already")
        box = Unprivileged()
        yield box
        box.close()


@pytest.mark.parametrize(
    "program",
    [SEARCH, WRITES, PROCESSES, SUPERVISORS],
    ids=["search", "writes", "processes", "supervisors"],
)
def test_a_program_sees_and_reaches_nothing_of_the_machine(local, program, tmp_path):
    secret = tmp_path / "hostile_secret"
    secret.write_text("738291")
    for folder in (tmp_path, *tmp_path.parents[:-2]):
        folder.chmod(folder.stat().st_mode | 0o005)
    [report] = local.run([Job(sums(2), program)])
    assert report.verdict == "AC", report


def test_a_program_reaches_no_socket_of_the_machine(local, tmp_path):
    path = f"/tmp/cppo-test-{os.getpid()}.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        os.chmod(path, 0o777)
        server.listen()
        program = f"""
import socket
a, b = map(int, input().split())
try:
    socket.socket(socket.AF_UNIX).connect({path!r})
    print("BREACH")
except OSError:
    print(a + b)
"""
        [report] = local.run([Job(sums(1), program)])
    os.unlink(path)
    assert report.verdict == "AC", report


def test_rivals_at_the_same_time_share_no_folder():
    leaves = """
import time
open("/tmp/hostile_leak", "w").close()
time.sleep(0.5)
print(input())
"""
    looks = """
import os, time
for _ in range(30):
    assert not os.path.exists("/tmp/hostile_leak")
    time.sleep(0.01)
print(input())
"""
    problem = Problem("rivals", "", (TestCase("1\n", "1\n"),))
    with cppo_env.make_sandbox("local", workers=2) as box:
        reports = box.run([Job(problem, leaves), Job(problem, looks)])
    assert [report.verdict for report in reports] == ["AC", "AC"], reports


BELOW_TMP = (
    """
import cppo_env
from cppo_env.types import Problem, TestCase

program = """
    + repr(
        """
import fractions, os  # of the standard library, and not loaded before
for folder, _, _ in os.walk("/tmp"):
    if folder != "/tmp" and os.access(folder, os.W_OK):
        print("BREACH", folder)
open("/tmp/mine", "x").close()
print(1)
"""
    )
    + """
problem = Problem("x", "", (TestCase("", "1\\n"),) * 2)
pairs = [(problem, f"{program}# {number}") for number in range(2)]
reports = cppo_env.grade_batch(pairs, sandbox="local")
print(*(report.verdict for report in reports), *(report.message for report in reports))
"""
)


@needs_namespaces
@pytest.mark.parametrize("folder", ["/tmp", "/var/tmp"])
def test_an_interpreter_below_tmp_is_visible_and_nothing_else_is_kept_there(folder, request):
    top = Path(tempfile.mkdtemp(dir=folder))
    request.addfinalizer(lambda: shutil.rmtree(top))
    top.chmod(0o755)
    venv = top / "a venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    [packages] = venv.glob("lib/python*/site-packages")
    (packages / "these.pth").write_text("\n".join(path for path in sys.path if path))
    done = subprocess.run(
        [venv / "bin/python", "-W", "error", "-c", BELOW_TMP], capture_output=True, text=True
    )
    assert done.stdout.split() == ["AC", "AC"], done.stdout + done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs programs as another user")
def test_an_interpreter_that_programs_cannot_read_is_an_error(tmp_path, monkeypatch):
    from cppo_sandboxes.worker import ground

    monkeypatch.setattr(ground.os, "__file__", str(tmp_path / "os.py"))
    Path(ground.os.__file__).touch(mode=0o600)
    with pytest.raises(PermissionError, match="cannot read Python's"):
        ground.choose_uid(50_000)
