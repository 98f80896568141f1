"""The sandbox of each process of a run: a share of the cores, or one that a machine shares."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cppo_env import plugins
from cppo_env.errors import SandboxError
from cppo_grpo.config import TrainConfig
from cppo_grpo.launcher import end_with_the_launcher

if TYPE_CHECKING:
    from cppo_grpo.parallel import Processes

ENDS_S = 15.0
"""How long the shared sandbox may take to end."""


@contextmanager
def sandbox_of(
    config: TrainConfig, processes: Processes
) -> Generator[tuple[str, Mapping[str, Any]]]:
    """Name and options of this process's sandbox.

    Raises:
        SandboxError: the shared one cannot be started.
    """
    if not config.share_sandbox or processes.on_this_machine == 1:
        yield config.sandbox, _share_of_cores(config.sandbox, processes) | config.sandbox_options
    elif processes.first_here:
        with _served(config) as address:
            processes.gather(address)
            yield address, {}
    else:
        addresses = processes.gather(None)[: processes.rank]
        yield next(one for one in reversed(addresses) if one is not None), {}


@contextmanager
def _served(config: TrainConfig) -> Generator[str]:
    """The address of a judge server that ends with the block, or with this process."""
    with tempfile.TemporaryDirectory(prefix="cppo-shared-") as folder:
        options = {
            "sandbox": config.sandbox,
            "sandbox_options": config.sandbox_options,
            "socket": f"{folder}/socket",
        }
        file = Path(folder, "options.json")
        file.write_text(json.dumps(options), encoding="utf-8")
        server = subprocess.Popen(
            [sys.executable, "-m", "cppo_env", "sandbox", "serve", "--config", str(file)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=True,  # a Ctrl-C is for the run, which ends the server
            preexec_fn=end_with_the_launcher,
        )
        assert server.stdout is not None
        try:
            if not server.stdout.readline():
                raise SandboxError(
                    "share_sandbox: the judge server of this machine has not started, and has "
                    "said why above"
                )
            yield f"unix://{folder}/socket"
        finally:
            server.terminate()
            server.stdout.close()
            try:
                server.wait(ENDS_S)
            except subprocess.TimeoutExpired:
                server.kill()


def _share_of_cores(sandbox: str, processes: Processes) -> dict[str, Any]:
    """The `workers` of each process's sandbox, if it takes that option: they divide the cores."""
    from cppo_env.machine import cores

    if processes.count == 1:
        return {}
    if sandbox != "auto":
        taken = inspect.signature(plugins.load("sandboxes", sandbox)).parameters
        if "workers" not in taken:
            return {}
    return {"workers": max(1, cores() // processes.on_this_machine)}
