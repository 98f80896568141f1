"""The house stays as it was drawn: who may import whom, what the core pulls in, how long a file may get."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from cppo_env import plugins

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("cppo_env", "sandboxes", "agents", "benchmarks", "examples")


def test_importing_the_core_pulls_no_heavy_package():
    heavy = {
        "torch",
        "transformers",
        "docker",
        "openai",
        "vllm",
        "pyarrow",
        "rich",
        "jsonargparse",
        "scipy",
    }
    code = f"import cppo_env, sys; print(*sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_imports_run_downwards():
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("folder", ["agents", "sandboxes"])
def test_folders_of_packages_are_no_package(folder):
    assert not (ROOT / folder / "__init__.py").exists()


def test_no_file_passes_400_lines():
    files = [path for folder in PACKAGES for path in (ROOT / folder).rglob("*.py")]
    assert len(files) > 20
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in files}
    assert {name: lines for name, lines in lengths.items() if lines > 400} == {}


def test_every_plug_in_of_the_package_loads():
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    assert {"cppo_env.problems", "cppo_env.judges", "cppo_env.sandboxes", "cppo_env.agents"} <= set(
        groups
    )
    for group, entries in groups.items():
        for name in entries:
            plugins.load(group.removeprefix("cppo_env."), name)
