"""The engine, and the image in which judged programs run."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError, BuildError, DockerException, ImageNotFound

from cppo_env.errors import SandboxError

IMAGE = "cppo-sandbox"
PYTHON = "3.11"
"""The Python that judges, if no other one is asked for."""
LOCAL_BASE = "cppo-base"
"""What `make image` builds if no registry can be reached."""
EVENTS_S = 3
"""How long to wait for the engine's reason why a container ended."""
NATIVE = "/usr/local/lib/cppo"
"""Where the shipped image has a module for cheaper forks; other images work without it."""


def connect() -> Any:
    """A client of the engine named by DOCKER_HOST, or of the local one.

    Raises:
        SandboxError: no engine answers.
    """
    _probe(os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock")
    try:
        return docker.from_env(timeout=60)  # it asks for the engine's version
    except (DockerException, OSError) as error:
        raise SandboxError(
            f"no Docker engine answers ({_first_line(error)}); start one or set DOCKER_HOST, "
            "or use the local sandbox"
        ) from error


def _probe(host: str) -> None:
    """Try a local engine's socket; the docker package would leave it open if nobody listens."""
    scheme, _, path = host.partition("://")
    if scheme != "unix":
        return
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except OSError as error:
            raise SandboxError(
                f"no Docker engine answers at {host} ({error.strerror}); "
                "start one or set DOCKER_HOST, or use the local sandbox"
            ) from error


def memory_bytes(client: Any) -> int:
    """Memory of the engine's machine; 0 if unknown."""
    return int(client.info().get("MemTotal") or 0)


def ran_out_of_memory(client: Any, container: str) -> bool:
    """Whether the kernel killed a container's first process for lack of memory.

    The engine keeps its last events, including those of removed containers. A kill long before the
    container ended hit another process.
    """
    filters = {"container": container, "event": ["oom", "die"]}
    until = int(time.time()) + EVENTS_S
    starved_at = 0
    with contextlib.closing(
        client.api.events(since=1, until=until, filters=filters, decode=True)
    ) as events:
        for event in events:
            if event["Action"] == "oom":
                starved_at = event["timeNano"]
            elif event["Action"] == "die":
                killed = event["Actor"]["Attributes"].get("exitCode") == "137"
                return killed and event["timeNano"] - starved_at < EVENTS_S * 10**9
    return False


def is_podman(client: Any) -> bool:
    """Whether the engine is Podman's Docker API."""
    return any(part["Name"] == "Podman Engine" for part in client.version().get("Components") or ())


def has_image(client: Any, name: str) -> bool:
    """Whether the engine has an image of that name."""
    try:
        client.images.get(name)
    except ImageNotFound:
        return False
    return True


def default_base(client: Any, python: str | None = None) -> str:
    """The base image to build from: that of `make image` if it is there, else the official one.

    Args:
        client: the engine's.
        python: version of Python, such as 3.13; None for the usual one.
    """
    local = LOCAL_BASE if python is None else f"{LOCAL_BASE}-{python}"
    return local if has_image(client, local) else f"python:{python or PYTHON}-slim-bookworm"


def build(client: Any, base: str, tag: str = IMAGE, languages: Sequence[str] = ()) -> str:
    """Build the image from the shipped Dockerfile; returns its id.

    Args:
        client: the engine's.
        base: the image to build from.
        tag: the name of the new one.
        languages: some of `languages.OPTIONAL`, whose compilers to install.

    Raises:
        SandboxError: the engine cannot build it (no registry, no such base or package).
    """
    folder = Path(__file__).parent / "image"
    try:
        image, _ = client.images.build(
            path=str(folder),
            tag=tag,
            buildargs={"BASE": base, "LANGUAGES": " ".join(languages)},
            network_mode="host",
            rm=True,
            forcerm=True,
        )
    except (BuildError, APIError) as error:
        raise SandboxError(
            f"cannot build the image {tag!r} from {base!r}: {_first_line(error)}; "
            "give an image that the engine has (cppo sandbox build --base IMAGE), "
            "or run make image, which needs no registry"
        ) from error
    return image.id


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)[:300]
