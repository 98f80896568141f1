"""The Docker sandbox: long-lived containers, each with one worker, driven over the engine's API.

Nothing is mounted and no port is opened: the worker's code and all frames travel over the
container's standard input and output, so the engine may be on another machine (DOCKER_HOST). A
container has no network, a read-only root, only the three capabilities with which its supervisor
changes users and kills programs, and no System V or POSIX message queues. It runs one program at a
time.
"""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import sys
from typing import Any

from docker.errors import APIError, DockerException
from docker.types import LogConfig, Ulimit

from cppo_env.errors import SandboxError
from cppo_sandboxes import engine
from cppo_sandboxes.base import MIB, WorkerSandbox, check_workers, worker_options, workers_for
from cppo_sandboxes.host.link import Link
from cppo_sandboxes.host.owners import LABEL, is_dead, owner
from cppo_sandboxes.host.worker_code import opening
from cppo_sandboxes.worker import syscalls, view
from cppo_sandboxes.worker.bundle import LOADER

STORE_BYTES = 320 * MIB
SCRATCH_BYTES = 192 * MIB
SCRATCH_INODES = 16384
SHARED_BYTES = 64 * MIB
CONTAINER_PROCESSES = 256
TMPFS = (
    "rw,exec,nosuid,nodev,noatime"  # when something was read would tell one program about another
)
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/tmp",
    "LANG": "C.UTF-8",
    "LD_BIND_NOW": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}
# Objects of these kinds outlive their process, so a container has none.
SYSCTLS = {
    "kernel.shmmni": "0",
    "kernel.msgmni": "0",
    "kernel.sem": "250 32000 32 0",
    "fs.mqueue.queues_max": "0",
}


class DockerSandbox(WorkerSandbox):
    """Runs programs in containers; see the module's docstring.

    Args:
        workers: number of containers and of concurrent programs; if None, one per core, or fewer if
            the engine's machine lacks memory_bytes for each.
        image: name of an image with python3; the default one is built from the shipped Dockerfile
            if absent.
        runtime: OCI runtime, such as "runsc"; the engine's default if None.
        memory_bytes: memory of a container, including swap; bounds all processes of a program
            together, with what they write to scratch.
        isolation: "strict" gives no container two programs of one problem, so kernel counters
            (process ids, inodes, packets) cannot carry an answer to a rival program. Each container
            replaced for this costs about a second.

    Raises:
        SandboxError: no engine answers, the image is absent and cannot be built, or the engine's
            machine lacks memory_bytes for each worker.
    """

    def __init__(
        self,
        workers: int | None = None,
        *,
        image: str = engine.IMAGE,
        runtime: str | None = None,
        memory_bytes: int = 3 << 30,
        isolation: str = "shared",
    ) -> None:
        check_workers(workers)
        self._image, self._runtime, self._memory_bytes = image, runtime, memory_bytes
        with contextlib.closing(engine.connect()) as client:
            self._reap(client)
            if not engine.has_image(client, image):
                self._build(client)
            address, image_id = client.api.base_url, client.images.get(image).id
            size, most = workers_for(workers, engine.memory_bytes(client), memory_bytes)
        super().__init__(
            (address, image, runtime, memory_bytes),
            self._launch,
            size,
            most,
            isolation,
            {
                "workers": workers,
                "image": image,
                "runtime": runtime,
                "memory_bytes": memory_bytes,
                "isolation": isolation,
            },
        )
        self.facts |= {"image": image, "image_id": image_id, "runtime": runtime or "default"}

    def _build(self, client: Any) -> None:
        if self._image != engine.IMAGE:
            raise SandboxError(
                f"the engine has no image {self._image!r}; pull it, or run: cppo sandbox build "
                "(where no registry is in reach: make image)"
            )
        base = engine.default_base(client)
        print(
            f"building the sandbox image {self._image} from {base} (once)",
            file=sys.stderr,
            flush=True,
        )
        engine.build(client, base)

    @staticmethod
    def _reap(client: Any) -> None:
        """Remove the containers of killed processes."""
        for container in client.containers.list(
            all=True, filters={"label": LABEL}, ignore_removed=True
        ):
            if is_dead(container.labels.get(LABEL, "")):
                _remove(client, container.id)

    def _launch(self) -> Link:
        client = engine.connect()
        with contextlib.ExitStack() as undo:
            undo.callback(client.close)
            try:
                podman = engine.is_podman(client)
                container = self._create(client, podman)
                undo.callback(_remove, client, container)
                stream = client.api.attach_socket(
                    container, params={"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1, "logs": 0}
                )
                undo.callback(stream.close)
                client.api.start(container)
            except (
                DockerException,
                OSError,
            ) as error:  # OSError: the engine took too long, or went away
                raise SandboxError(
                    f"cannot start a container of {self._image!r}: {error}"
                ) from error
            end = undo.pop_all().close
        connection: socket.socket = getattr(stream, "_sock", stream)

        stream_of = _Demultiplexer()
        link = Link(
            connection,
            end,
            stream_of,
            stream_of.complaint,
            lambda: _ran_out_of_memory(container),
        )
        link.send(opening(self._options(podman)))
        return link

    def _options(self, podman: bool) -> dict[str, Any]:
        return worker_options(
            store="/cppo/store",
            sources="/cppo/sources",
            scratch=["/box/work", "/tmp", "/dev/shm"],
            memory_bytes=self._memory_bytes,
            native=engine.NATIVE,
            # Podman takes a profile only as a path on the engine's machine.
            confine="filter" if podman else "",
        )

    def _create(self, client: Any, podman: bool) -> str:
        # Podman has no such option: there only the container's memory bounds a program's files.
        inodes = "" if podman else f",nr_inodes={SCRATCH_INODES}"
        profile = [] if podman else [f"seccomp={json.dumps(syscalls.profile())}"]
        host = client.api.create_host_config(
            network_mode="none",
            read_only=True,
            cap_drop=["ALL"],
            cap_add=["SETUID", "SETGID", "KILL"],
            security_opt=["no-new-privileges", *profile],
            pids_limit=CONTAINER_PROCESSES,
            mem_limit=self._memory_bytes,
            memswap_limit=self._memory_bytes,
            ipc_mode="private",
            sysctls=SYSCTLS,
            tmpfs={
                "/tmp": f"{TMPFS},mode=1777,size={SCRATCH_BYTES}{inodes}",
                "/box": f"{TMPFS},mode=0755,size={SCRATCH_BYTES}{inodes}",
                "/dev/shm": f"{TMPFS},mode=1777,size={SHARED_BYTES}{inodes}",
                "/cppo": f"{TMPFS},mode=0711,size={STORE_BYTES}",
            },
            ulimits=[
                Ulimit(name="core", soft=0, hard=0),
                Ulimit(name="stack", soft=8 * MIB, hard=-1),
                # Podman's defaults for these exceed what some machines allow.
                Ulimit(name="nofile", soft=1024, hard=1024),
                Ulimit(name="nproc", soft=1 << 15, hard=1 << 15),
            ],
            log_config=LogConfig(type="none"),
            auto_remove=True,
            runtime=self._runtime,
        )
        host["MaskedPaths"] = list(view.MASKED)
        config = client.api.create_container_config(
            self._image,
            None,
            entrypoint=["python3", "-I", "-S", "-c", LOADER],
            user="0:0",
            working_dir="/",
            hostname="sandbox",
            environment=ENVIRONMENT,
            stdin_open=True,
            stop_signal="SIGKILL",  # the first process of a container ignores the others
            labels={LABEL: owner()},
            host_config=host,
        )
        config["StdinOnce"] = (
            True  # the worker ends with the connection, also when this process is killed
        )
        config["AttachStdin"] = config["AttachStdout"] = config["AttachStderr"] = True
        return client.api.create_container_from_config(config)["Id"]


class _Demultiplexer:
    """Extracts standard output from the attach stream; keeps standard error for messages."""

    HEADER = struct.Struct(">BxxxI")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.errors = b""

    def __call__(self, data: bytes) -> bytes:
        self._buffer += data
        output: list[bytes] = []
        position = 0
        while len(self._buffer) - position >= self.HEADER.size:
            stream, length = self.HEADER.unpack_from(self._buffer, position)
            end = position + self.HEADER.size + length
            if len(self._buffer) < end:
                break
            payload = bytes(self._buffer[position + self.HEADER.size : end])
            if stream == 1:
                output.append(payload)
            else:
                self.errors = (self.errors + payload)[-2000:]
            position = end
        del self._buffer[:position]
        return b"".join(output)

    def complaint(self) -> str:
        """The last line of standard error."""
        return self.errors.decode("utf-8", "replace").strip().rpartition("\n")[2]


def _ran_out_of_memory(container: str) -> bool:
    with contextlib.closing(engine.connect()) as client:
        return engine.ran_out_of_memory(client, container)


def _remove(client: Any, container: str) -> None:
    """Remove a container that may already be going away."""
    with contextlib.suppress(APIError, OSError):
        client.api.remove_container(container, force=True)
