"""What CONTRIBUTING.md names exists, and its example runs."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from cppo_env import testing

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()


def test_links_lead_somewhere():
    links = re.findall(r"\]\(([^)]+)\)", TEXT)
    assert len(links) > 15
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_groups_and_contracts_exist():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert set(re.findall(r"`(cppo_env\.\w+s)` \|", TEXT)) <= set(project["entry-points"])
    contracts = set(re.findall(r"`(\w+Contract)`", TEXT))
    assert contracts == {name for name in testing.__all__ if name.endswith("Contract")}


def test_the_entry_point_shown_is_that_of_the_package_to_copy():
    (shown,) = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    package = tomllib.loads((ROOT / "tests/plugin_package/pyproject.toml").read_text())
    for group, entries in tomllib.loads(shown)["project"]["entry-points"].items():
        assert entries.items() <= package["project"]["entry-points"][group].items()


def test_the_contract_shown_passes(tmp_path):
    (shown,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    (tmp_path / "test_shown.py").write_text(shown)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        tmp_path,
        "test_shown.py",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout
    assert "passed" in done.stdout


def test_commands_shown_are_targets_of_the_makefile():
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"^make (\w+)", TEXT, re.MULTILINE)) <= targets
