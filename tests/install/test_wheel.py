"""A built wheel is complete: installed without the project, it runs the quickstart."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.tiny_runs import SMALL, carry_out, killed_after

ROOT = Path(__file__).parents[2]
PIP = [sys.executable, "-m", "pip"]
FROM_HERE = ["--quiet", "--no-index", "--no-deps"]
PACKAGES = "cppo_env, cppo_sandboxes, cppo_agents, cppo_grpo"


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """The bin folder of an environment with the wheel and the third-party packages of this one."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [*PIP, "wheel", *FROM_HERE, "--no-build-isolation", "--wheel-dir", folder, ROOT], check=True
    )
    [wheel] = folder.glob("cppo_env-*.whl")
    environment = folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    python = environment / "bin" / "python"
    subprocess.run([*PIP, "--python", python, "install", *FROM_HERE, wheel], check=True)
    # Folders named in a .pth are searched, but their own .pth files, one of which names this
    # checkout, are not read.
    [site] = environment.glob("lib/python*/site-packages")
    others = [path for path in sys.path if path.endswith("site-packages")]
    (site / "third_party.pth").write_text("".join(f"{path}\n" for path in others))
    return environment / "bin"


def run(*command: object, folder: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        list(map(str, command)), cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_packages_are_those_of_the_wheel(installed, tmp_path):
    code = f"import {PACKAGES}; print(*(one.__file__ for one in ({PACKAGES})))"
    files = run(installed / "python", "-c", code, folder=tmp_path).split()
    assert len(files) == 4
    assert all(Path(file).is_relative_to(installed.parent) for file in files)


def test_the_quickstart_runs(installed, tmp_path):
    """From a model that is smaller than its own, and has had its warm start."""
    small = {"env": "CPPO-Strategies-v0", "eval_episodes": 4}
    killed_after(carry_out(tmp_path / "whole", **small).path, 2, tmp_path / "run")
    run(
        *(installed / "cppo", "run", "--resume", "run", "--processes", 2, "--json", "out.json"),
        *("--allow_untrusted_sandbox", "true"),
        folder=tmp_path,
    )
    result = json.loads((tmp_path / "out.json").read_text())
    assert (result["steps"], result["sandbox"]) == (SMALL["steps"], "local")
    assert (tmp_path / "run" / "report.html").exists()
