"""The README's Python example runs as shown and prints what the README says it prints."""

import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).resolve().parents[2] / "README.md"


def test_the_python_example_runs_as_shown(tmp_path):
    example = re.search(
        r"```python\n(.*?\n)```\n\n```text\n(.*?\n)```\n", README.read_text(), re.DOTALL
    )
    code, shown = example.groups()
    script = tmp_path / "example.py"
    script.write_text(code)
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == shown


def test_the_two_commands_are_targets_of_the_makefile():
    commands = re.findall(r"^make (\w+)", README.read_text(), re.MULTILINE)
    targets = set(re.findall(r"^(\w+):", (README.parent / "Makefile").read_text(), re.MULTILINE))
    assert commands[:2] == ["run", "test"]
    assert set(commands) <= targets
