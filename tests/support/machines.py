"""Machines with a network between them: namespaces whose links meet in a switch, and Ray in them.

All of it ends with the processes that hold the namespaces.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

RAY = Path("/tmp/ray")
"""Where Ray keeps its sockets and logs; each machine sees a folder of its own there."""
PORT = 6379
KINDS = ("--net", "--mount", "--pid", "--mount-proc")
"""Ray looks for its node among all processes, so each machine has its own."""


def why_not() -> str | None:
    """Why no namespaces can be made here."""
    for tool in ("ip", "unshare", "nsenter"):
        if not shutil.which(tool):
            return f"needs {tool} (iproute2, util-linux)"
    words = ["unshare", *KINDS, "--fork", "true"]
    tried = subprocess.run(words, capture_output=True, text=True, check=False)
    return f"no namespaces here: {tried.stderr.strip()}" if tried.returncode else None


class Namespace:
    """A process that holds namespaces, in which others can be started."""

    def __init__(self, kinds: Sequence[str], prepare: str = "true") -> None:
        self._started: list[subprocess.Popen[bytes]] = []
        inside = f"{prepare} && echo ready && exec sleep infinity"
        self._holder = subprocess.Popen(
            ["unshare", *kinds, "--fork", "--kill-child", "sh", "-c", inside],
            stdout=subprocess.PIPE,
        )
        assert self._holder.stdout is not None
        self._output = self._holder.stdout
        assert self._output.readline() == b"ready\n"
        number = self._holder.pid
        self.process = int(Path(f"/proc/{number}/task/{number}/children").read_text())
        entered = ("--net", "--mount", "--pid") if "--pid" in kinds else ("--net",)
        self.enter = ("nsenter", "--target", str(self.process), *entered)

    def ip(self, words: str) -> None:
        """Run `ip` here."""
        subprocess.run([*self.enter, "ip", *words.split()], check=True, capture_output=True)

    def end(self) -> None:
        """Kill the holder, and with it all processes of its namespace of processes."""
        self._holder.kill()
        self._holder.wait()
        self._output.close()
        for process in self._started:
            process.wait()


class Machine(Namespace):
    """It has an address, a link to the switch, and its own processes and /tmp/ray."""

    def __init__(self, number: int, switch: Namespace, folder: Path) -> None:
        folder.mkdir()
        super().__init__(KINDS, f"mount --bind {folder} {RAY}")
        self.address, self._link, self._switch = f"10.231.7.{number}", f"v{number}", switch
        switch.ip(f"link add {self._link} type veth peer name eth0 netns {self.process}")
        switch.ip(f"link set {self._link} up")
        self.mend()
        self.ip("link set lo up")
        self.ip(f"address add {self.address}/24 dev eth0")
        self.ip("link set eth0 up")
        self.ip(f"route add default via {self.address}")  # Ray asks which address leads elsewhere

    def cut(self) -> None:
        """From now on nothing arrives and nobody is told, as if the switch had lost its power."""
        self._switch.ip(f"link set {self._link} nomaster")

    def mend(self) -> None:
        """Connect it again."""
        self._switch.ip(f"link set {self._link} master bridge")

    def start(
        self, words: Sequence[str], output: Path, **environment: str
    ) -> subprocess.Popen[bytes]:
        """A process on this machine, whose output goes to a file."""
        with output.open("wb") as file:
            process = subprocess.Popen(
                [*self.enter, *words],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environment},
                start_new_session=True,
            )
        self._started.append(process)
        return process


@contextlib.contextmanager
def machines(count: int) -> Iterator[list[Machine]]:
    """Machines that reach each other, and nothing else."""
    RAY.mkdir(exist_ok=True)
    with contextlib.ExitStack() as made:
        folder = made.enter_context(tempfile.TemporaryDirectory(prefix="cppo-machines-"))
        switch = Namespace(["--net"])  # else a firewall such as Docker's would see the bridge
        made.callback(switch.end)
        switch.ip("link add bridge type bridge")
        switch.ip("link set bridge up")
        found: list[Machine] = []
        for number in range(1, count + 1):
            found.append(Machine(number, switch, Path(folder) / str(number)))
            made.callback(found[-1].end)
        yield found


def start_ray(
    machine: Machine, head: Machine, output: Path, *words: str, **environment: str
) -> subprocess.Popen[bytes]:
    """A node of a Ray cluster on a machine, by `ray start`; returns its process."""
    role = ["--head", f"--port={PORT}", "--include-dashboard=false"]
    role = role if machine is head else [f"--address={head.address}:{PORT}"]
    own = [f"--node-ip-address={machine.address}", "--disable-usage-stats", "--block"]
    node = ["--object-store-memory", str(100 << 20), *words]
    return machine.start(["ray", "start", *role, *own, *node], output, **environment)
