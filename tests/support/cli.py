"""Running `cppo` as a user would."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support.engine import NOWHERE
from tests.support.forked import Forked

CPPO = Path(sys.executable).with_name("cppo")
NO_ENGINE = {"DOCKER_HOST": NOWHERE}
"""An environment in which no Docker engine answers."""


def cppo(
    *arguments: object,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
    anew: bool = False,
    imports: tuple[str, ...] = (),
) -> subprocess.CompletedProcess[str]:
    """Run `cppo` to its end; a traceback is never acceptable.

    The executable itself runs where that is asked for, or where the environment is one that
    Python or a library reads as it starts; elsewhere a process that has imported everything,
    and `imports` too.
    """
    environment = {**os.environ, "COLUMNS": "160", **(env or {})}
    if anew or any(name.startswith(("PYTHON", "HF_")) for name in env or ()):
        done = subprocess.run(
            [CPPO, *map(str, arguments)],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
    else:
        forked = Forked(arguments, env=environment, imports=imports)
        stdout, stderr = forked.communicate(timeout)
        done = subprocess.CompletedProcess(forked.args, forked.wait(), stdout, stderr)
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    return done


def flags(**settings: Any) -> list[str]:
    """Settings as words of a command line."""
    return [word for name, value in settings.items() for word in (f"--{name}", str(value))]


def fault(done: subprocess.CompletedProcess[str], code: int) -> str:
    """The error line; apart from warnings it is all that the command wrote to stderr."""
    assert done.returncode == code, f"exit code {done.returncode}, expected {code}: {done.stderr}"
    lines = [line for line in done.stderr.splitlines() if ": warning: " not in line]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("cppo")
    return lines[0]


def without_package(folder: Path, *packages: str) -> dict[str, str]:
    """An environment in which packages cannot be imported, as if not installed."""
    (folder / "sitecustomize.py").write_text(
        "import sys\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.partition('.')[0] in {packages!r}:\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Absent())\n"
    )
    return {"PYTHONPATH": str(folder)}
