"""The commands of docs/problems.md run as written, in a folder with the files they name."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models

from cppo_env.problems.files.hub import SETS
from tests.support.cli import CPPO
from tests.support.hub_server import Hub, serving
from tests.support.records import apps, livecodebench, write_lines

PAGE = Path(__file__).parents[2] / "docs" / "problems.md"
COMMANDS = [
    line.partition("  #")[0].split()[1:]
    for block in re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    for line in block.splitlines()
]


@pytest.fixture
def hub() -> Iterator[Hub]:
    line = json.dumps(livecodebench()).encode()
    published = SETS["livecodebench"]
    with serving(
        Hub(published.repository, published.revision, {"test.jsonl": line + b"\n"})
    ) as running:
        yield running


def test_every_command_runs_as_written(tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch):
    question = (
        "Read a number and print three times what it is, in English words of your own choice."
    )
    write_lines(
        tmp_path / "train.jsonl", [apps(problem_id=11), apps(problem_id=12, question=question)]
    )
    known = {"key": 11, "language": "python3", "expected": "incorrect", "code": "print(0)"}
    write_lines(tmp_path / "known.jsonl", [known])
    Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]")).save(
        str(tmp_path / "tokenizer.json")
    )
    monkeypatch.setenv("CPPO_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    assert len(COMMANDS) >= 9
    for words in COMMANDS:
        arguments = ["local" if word == "docker" else word for word in words]
        done = subprocess.run(
            [CPPO, *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, f"{' '.join(words)}: {done.stderr}"
    assert json.loads((tmp_path / "keep.json").read_text())["keep"] == ["11", "12"]
    assert (tmp_path / "lengths.png").stat().st_size > 0
