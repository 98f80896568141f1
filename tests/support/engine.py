"""The tests' Docker engine: whether one answers and has, or can get, the sandbox's image."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from cppo_env.errors import SandboxError

MAKE_BASE = Path(__file__).parents[2] / "scripts" / "base_image.sh"
NOWHERE = "unix:///nonexistent/docker.sock"
"""A DOCKER_HOST where no engine answers."""


def why_unusable() -> str | None:
    """Why Docker tests cannot run here, or None; builds the sandbox's image where it is absent."""
    from cppo_sandboxes import engine

    try:
        with contextlib.closing(engine.connect()) as client:
            if not engine.has_image(client, engine.IMAGE):
                _make_image(client)
    except SandboxError as error:
        return str(error)
    return None


def _make_image(client: Any) -> None:
    """From an available base or a registry, else from one made as by `make image`."""
    from cppo_sandboxes import engine

    print(f"building the image {engine.IMAGE} for the tests", file=sys.stderr, flush=True)
    try:
        engine.build(client, engine.default_base(client))
    except SandboxError:
        if os.geteuid() != 0 or not shutil.which("debootstrap") or not shutil.which("docker"):
            raise
        made = subprocess.run([MAKE_BASE, engine.LOCAL_BASE], capture_output=True, text=True)
        if made.returncode:
            last = made.stderr.strip().splitlines()[-1]
            raise SandboxError(f"cannot build the image {engine.IMAGE}: {last}") from None
        engine.build(client, engine.LOCAL_BASE)
