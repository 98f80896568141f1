"""The local sandbox: the same worker as an ordinary process, for machines without an engine.

Every test has its own process, limits and scratch folder, and, as root, its own user. If the kernel
lets the worker make namespaces, as root or as a user, programs see the system's files, nothing of
the user's or of this package's, no other process and no network (see `cppo_sandboxes.worker.view`).
Otherwise Landlock, if the kernel has it, hides the user's files and protects other processes (see
`cppo_sandboxes.worker.landlock`). Without either, programs can read what all users may read and,
without root, do whatever the user may do. `uncontained` names the programs of the hostile corpus
that do harm.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import site
import socket
import subprocess
import sys
import sysconfig
import tempfile
from functools import cache
from pathlib import Path

from cppo_env.errors import SandboxError
from cppo_env.machine import cores
from cppo_env.types import Limits
from cppo_sandboxes.base import (
    MEMORY_SHARE,
    WorkerSandbox,
    check_workers,
    worker_options,
)
from cppo_sandboxes.host.link import Link
from cppo_sandboxes.host.owners import is_dead, owner
from cppo_sandboxes.host.worker_code import opening
from cppo_sandboxes.worker.bundle import LOADER
from cppo_sandboxes.worker.landlock import SCOPES_SINCE, version

PREFIX = "cppo-sandbox-"
"""Prefix of workers' folders."""
KILL_USER = "import os, sys; uid = int(sys.argv[1]); os.setresuid(uid, uid, uid); os.kill(-1, 9)"
"""For `python -c`: kill all processes of a user."""
NAMESPACES = 0x20000 | 0x8000000 | 0x20000000 | 0x40000000
NEWUSER = 0x10000000
TRY_NAMESPACES = "import ctypes, sys; sys.exit(ctypes.CDLL(None).unshare(int(sys.argv[1])) != 0)"
"""For `python -c`: whether a process of this user may make namespaces."""


def uncontained(*, namespaces: bool, landlock: bool) -> dict[str, bool]:
    """Hostile programs that it does not contain without root, and whether that varies.

    Args:
        namespaces: whether the kernel lets this user make namespaces.
        landlock: whether it lets a process give up files and signals.
    """
    text = Path(__file__).with_name("local_cannot_contain.txt").read_text(encoding="utf-8")
    lines = [line.split() for line in text.splitlines() if line[0] != "#"]
    return {
        name: "?" in marks
        for name, *marks in lines
        if not (namespaces and "namespaces" in marks) and not (landlock and "landlock" in marks)
    }


def has_landlock() -> bool:
    """Whether the kernel keeps programs from files and other processes without namespaces."""
    return version() >= SCOPES_SINCE


@cache
def has_namespaces() -> bool:
    """Whether workers started here get their own namespaces."""
    flags = NAMESPACES | (NEWUSER if os.geteuid() else 0)
    command = [sys.executable, "-I", "-S", "-c", TRY_NAMESPACES, str(flags)]
    return subprocess.run(command, check=False).returncode == 0


class LocalSandbox(WorkerSandbox):
    """Runs programs in local processes; weaker isolation than Docker (see the module's docstring).

    Args:
        workers: number of concurrent programs; the number of cores if None.
        python: interpreter that runs the judged programs; this one if None.
        isolation: "strict" gives no worker two programs of one problem; see `DockerSandbox`.
    """

    @property
    def caveat(self) -> str:
        """What it cannot contain, for the warning of `make_sandbox`."""
        faults: list[str] = []
        namespaces, landlock = has_namespaces(), has_landlock()
        if not namespaces and not landlock:
            faults.append("it cannot hide files that are open to all")
        elif not namespaces:
            faults.append("it cannot hide Unix sockets that are open to all")
        names = ", ".join(uncontained(namespaces=namespaces, landlock=landlock))
        if os.geteuid() != 0 and names:
            faults.append(f"programs run as this user, whose sandbox can be harmed by {names}")
        return "; ".join(faults) or "it contains its corpus of hostile programs by namespaces"

    def __init__(
        self,
        workers: int | None = None,
        *,
        python: str | None = None,
        isolation: str = "shared",
    ) -> None:
        check_workers(workers)
        # In its own namespaces a worker can show others what only its user may read.
        self._python = python or (sys.executable if has_namespaces() else _default_python())
        _reap()
        total_bytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        size = workers or cores()
        most = int(MEMORY_SHARE * total_bytes) // Limits().memory_bytes
        settings = {"workers": workers, "python": python, "isolation": isolation}
        super().__init__((self._python,), self._launch, size, most, isolation, settings)

    def _launch(self) -> Link:
        base = tempfile.mkdtemp(prefix=PREFIX)
        os.chmod(base, 0o755)
        Path(base, "owner").write_text(owner())
        scratch = os.path.join(base, "scratch")
        os.mkdir(scratch)
        os.chmod(scratch, 0o1777)
        options = worker_options(
            store=os.path.join(base, "store"),
            sources=os.path.join(base, "sources"),
            scratch=[os.path.join(base, "work"), scratch],
            shared=["/tmp", "/var/tmp", "/dev/shm", "/run/lock", "/dev/mqueue"],
            remove=base,
            confine="all",
            paths=_library_paths(),
            hidden=_own_packages(),
        )
        environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": scratch,
            "TMPDIR": scratch,
            "LANG": "C.UTF-8",
            "LD_BIND_NOW": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
        }
        ours, theirs = socket.socketpair()
        try:
            process = subprocess.Popen(
                [self._python, "-I", "-S", "-c", LOADER],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=subprocess.DEVNULL,
                env=environment,
                cwd=base,
                start_new_session=True,
            )
        except OSError as error:
            ours.close()
            raise SandboxError(
                f"cannot start {self._python!r}: {error}; give the path of a python3"
            ) from error
        finally:
            theirs.close()
        link = Link(ours, lambda: _end(process, base, options["uid"]))
        link.send(opening(options))
        return link


def _end(process: subprocess.Popen[bytes], base: str, uid: int) -> None:
    """The worker ends when its stream does; a killed one could not clean up."""
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.returncode and os.geteuid() == 0:
        subprocess.run(
            [sys.executable, "-I", "-S", "-c", KILL_USER, str(uid)],
            stderr=subprocess.DEVNULL,
            check=False,
        )
    shutil.rmtree(base, ignore_errors=True)


def _reap() -> None:
    """Remove the folders of processes that were killed together with their workers."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):  # another user's, or gone by now
            # Anybody may put a pipe there, and reading it would block forever.
            if (
                folder.lstat().st_uid == os.geteuid()
                and (folder / "owner").is_file()
                and is_dead((folder / "owner").read_text())
            ):
                shutil.rmtree(folder, ignore_errors=True)


def _default_python() -> str:
    """This interpreter, or the system's of the same version if other users may not read this one.

    Raises:
        SandboxError: there is none that other users may read.
    """
    if os.geteuid() != 0 or _readable_by_all(sysconfig.get_path("stdlib")):
        return sys.executable
    name = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    for folder in ("/usr/bin", "/usr/local/bin"):
        path = os.path.join(folder, name)
        if os.path.exists(path) and _readable_by_all(os.path.realpath(path)):
            return path
    raise SandboxError(
        f"programs run as another user than root, who may not read {sysconfig.get_path('stdlib')}; "
        f"install {name} for all users, or do not run this as root"
    )


def _own_packages() -> list[str]:
    """This distribution's folders, whose data include the tests of bundled problems."""
    names = ("cppo_env", "cppo_sandboxes", "cppo_agents", "cppo_grpo")
    return [os.path.join(folder, name) for folder in _library_paths() for name in names]


def _readable_by_all(path: str) -> bool:
    while path != "/":
        if os.stat(path).st_mode & 0o005 != 0o005:
            return False
        path = os.path.dirname(path)
    return True


def _library_paths() -> tuple[str, ...]:
    """Installed packages of this interpreter that programs may read."""
    paths = dict.fromkeys(
        [sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *site.getsitepackages()]
    )
    return tuple(
        path
        for path in paths
        if os.path.isdir(path) and (os.geteuid() != 0 or has_namespaces() or _readable_by_all(path))
    )
