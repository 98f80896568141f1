"""Running the real `cppo` executable as a user would."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.engine import NOWHERE

CPPO = Path(sys.executable).with_name("cppo")
NO_ENGINE = {"DOCKER_HOST": NOWHERE}
"""An environment in which no Docker engine answers."""


def cppo(
    *arguments: object, env: Mapping[str, str] | None = None, timeout: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `cppo` to its end; a traceback is never acceptable."""
    done = subprocess.run(
        [CPPO, *map(str, arguments)],
        env={**os.environ, "COLUMNS": "160", **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    return done


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
