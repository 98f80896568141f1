"""A newcomer's way through docs/learn: files saved and commands given as the pages say."""

import re
from pathlib import Path

import pytest

from tests.support.cli import cppo

LEARN = Path(__file__).resolve().parents[2] / "docs" / "learn"
PAGES = (
    "first-episode",
    "bring-a-problem",
    "plug-in-an-agent",
    "train",
    "read-the-curves",
    "compare-two-algorithms",
)
BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```', re.DOTALL | re.MULTILINE)
SHORTER = {
    "warm_start_steps: 100": "warm_start_steps: 10",
    "steps: 36 ": "steps: 2 ",
    "eval_episodes: 128": "eval_episodes: 8",
    "sandbox: local\n": "sandbox: local\nallow_untrusted_sandbox: true\n",
    "problems_per_step: 10": "problems_per_step: 2",
    "tuples: 6 ": "tuples: 2 ",
    "cppo train --config small.yaml --seed 2 --run runs/cppo/2\n": "",
    "for seed in 0 1 2": "for seed in 0",
}
"""Long enough for every command, not for learning anything."""


def commands(block: str) -> list[str]:
    """The lines of a block, its loops written out."""
    found = []
    for line in block.splitlines():
        loop = re.fullmatch(r"for (\w+) in ([\w ]+); do (.*); done", line)
        turns = [loop[3].replace(f"${loop[1]}", value) for value in loop[2].split()] if loop else []
        found += turns or [line]
    return found


def test_every_step_works_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    given = 0
    for page in PAGES:
        text = (LEARN / f"{page}.md").read_text()
        for long, short in SHORTER.items():
            text = text.replace(long, short)
        for kind, title, block in BLOCK.findall(text):
            if title:
                Path(title).write_text(block)
            elif kind == "sh":
                for line in commands(block):
                    command, _, note = line.partition("  # exits with ")
                    program, *words = command.split()
                    done = cppo(*words)
                    assert program == "cppo"
                    assert done.returncode == int(note or 0), f"{line}: {done.stderr}"
                    given += 1
    assert given >= 14
    assert {path.name for path in Path("runs/cppo").iterdir()} == {"0", "1"}
    assert "cppo" in Path("compare.json").read_text()
